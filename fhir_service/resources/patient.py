"""Patient: the person table, not the Patient id, carries the rules (decision 27)."""

from fhir_service.resources._model import ResourceType

RESOURCE = ResourceType(name="Patient", typed=("birthdate", "gender", "active"))
