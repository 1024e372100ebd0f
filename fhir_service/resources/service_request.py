"""ServiceRequest: the need notification and other requests."""

from fhir_service.resources._model import ResourceType

RESOURCE = ResourceType(
    name="ServiceRequest",
    typed=("patient", "subject", "status", "intent", "requester", "encounter", "authored"),
)
