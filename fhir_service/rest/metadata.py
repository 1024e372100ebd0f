"""GET [base]/metadata.  https://hl7.org/fhir/R4/http.html#capabilities"""

from fhir_service.rest.exchange import Face, Reply, Request
from fhir_service.rest.render import ALWAYS


async def capabilities(face: Face, request: Request) -> Reply:
    """The CapabilityStatement, made at start."""
    return Reply(200, ALWAYS, face.capability)
