"""Meaning: message bytes in, proposals for FHIR resources out. Pure: no I/O, no clock, no logging."""
