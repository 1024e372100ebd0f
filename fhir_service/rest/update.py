"""PUT [base]/[type]/[id].  https://hl7.org/fhir/R4/http.html#update"""

from fhir_service.rest.exchange import Face, Reply, Request
from fhir_service.rest.preconditions import expected_version
from fhir_service.rest.render import refusal
from fhir_service.rest.writing import resource_of, written
from fhir_service.workflow import WriteRequest
from profiles.issues import Issue, error


async def update(face: Face, request: Request) -> Reply:
    """The next version; under an id that was never used, the first one."""
    version = expected_version(request.headers)
    if isinstance(version, Issue):
        return refusal(version)
    resource = await resource_of(face, request)
    if isinstance(resource, tuple):
        return refusal(resource)
    if resource.get("id") != request.rid:
        text = "The resource must have the id that the address names"
        return refusal(error("id-mismatch", f"{request.rtype}.id", text))
    wanted = WriteRequest("update", request.rtype, request.rid, resource=resource, if_match=version)
    return await written(face, request, wanted)
