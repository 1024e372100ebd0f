"""Segments to resources: a module per group of segments (hl7v2-mapping.md 7 and 9)."""
