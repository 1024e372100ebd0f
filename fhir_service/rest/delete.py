"""DELETE [base]/[type]/[id].  https://hl7.org/fhir/R4/http.html#delete"""

from fhir_service.rest.exchange import Face, Reply, Request
from fhir_service.rest.preconditions import expected_version
from fhir_service.rest.render import refusal
from fhir_service.rest.writing import written
from fhir_service.workflow import WriteRequest
from profiles.issues import Issue


async def delete(face: Face, request: Request) -> Reply:
    """Logical: gone from read and search, kept in the history (decision 8). Once more: 204 again."""
    version = expected_version(request.headers)
    if isinstance(version, Issue):
        return refusal(version)
    return await written(face, request, WriteRequest("delete", request.rtype, request.rid, if_match=version))
