"""Encounter: hospital stays and meetings."""

from fhir_service.resources._model import ResourceType

RESOURCE = ResourceType(name="Encounter", typed=("patient", "subject", "status", "date", "class"))
