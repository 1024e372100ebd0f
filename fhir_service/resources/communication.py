"""Communication: feedback, amendments and messages to the coordinator."""

from fhir_service.resources._model import ResourceType

RESOURCE = ResourceType(name="Communication", typed=("patient", "subject", "status", "sent"))
