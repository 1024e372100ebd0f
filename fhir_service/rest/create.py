"""POST [base]/[type].  https://hl7.org/fhir/R4/http.html#create"""

from fhir_service.rest.asking import to_create
from fhir_service.rest.exchange import Face, Reply, Request
from fhir_service.rest.render import refusal
from fhir_service.rest.writing import resource_of, written


async def create(face: Face, request: Request) -> Reply:
    """A new resource under an id of ours; with If-None-Exist only where nothing matches."""
    resource = await resource_of(face, request)
    if isinstance(resource, tuple):
        return refusal(resource)
    return await written(face, request, await to_create(face, request, resource))
