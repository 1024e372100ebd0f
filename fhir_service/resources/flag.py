"""Flag: R4 has no search parameter for its status; workflow.md 9 asks for one."""

from fhir_service.resources._model import OwnParameter, ResourceType

RESOURCE = ResourceType(
    name="Flag",
    typed=("patient", "subject", "status"),
    parameters=(OwnParameter("status", "token", "Flag.status", "Whether the flag still stands"),),
)
