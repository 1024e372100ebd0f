"""POST [base]/[type].  https://hl7.org/fhir/R4/http.html#create"""

from fhir_service.rest.exchange import Face, Reply, Request
from fhir_service.rest.preconditions import existing
from fhir_service.rest.render import refusal
from fhir_service.rest.writing import resource_of, written
from fhir_service.workflow import WriteRequest


async def create(face: Face, request: Request) -> Reply:
    """A new resource under an id of ours; with If-None-Exist only where nothing matches."""
    condition = existing(request.headers, request.rtype, face.base)
    if isinstance(condition, tuple):
        return refusal(condition)
    resource = await resource_of(face, request)
    if isinstance(resource, tuple):
        return refusal(resource)
    wanted = WriteRequest("create", request.rtype, resource=resource, if_none_exist=condition)
    return await written(face, request, wanted)
