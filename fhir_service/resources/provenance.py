"""Provenance: those of changes are merged by time with what is stored (ADR 0026), so that by time is the one order."""

from fhir_service.resources._model import ResourceType

RESOURCE = ResourceType(name="Provenance", sorts=frozenset({"recorded", "_lastUpdated"}))
