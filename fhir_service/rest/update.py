"""PUT [base]/[type]/[id] and PUT [base]/[type]?[criteria].  https://hl7.org/fhir/R4/http.html#update"""

from fhir_service.rest.asking import to_update
from fhir_service.rest.exchange import Face, Reply, Request
from fhir_service.rest.render import refusal
from fhir_service.rest.writing import resource_of, written


async def update(face: Face, request: Request) -> Reply:
    """The next version; of what was never there, the first one."""
    resource = await resource_of(face, request)
    if isinstance(resource, tuple):
        return refusal(resource)
    return await written(face, request, await to_update(face, request, resource))
