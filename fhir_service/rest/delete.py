"""DELETE [base]/[type]/[id] and DELETE [base]/[type]?[criteria].  https://hl7.org/fhir/R4/http.html#delete"""

from fhir_service.rest.asking import to_delete
from fhir_service.rest.exchange import Face, Reply, Request
from fhir_service.rest.writing import written


async def delete(face: Face, request: Request) -> Reply:
    """Logical: gone from read and search, kept in the history (decision 8). Once more: 204 again."""
    return await written(face, request, await to_delete(face, request))
