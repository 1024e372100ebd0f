"""The FHIR REST face: one pure-ASGI endpoint (stack.md 3).  https://hl7.org/fhir/R4/http.html"""

from fhir_service.rest.capability import capability_statement
from fhir_service.rest.exchange import Face
from fhir_service.rest.paging import PageTokens
from fhir_service.rest.render import outcome
from fhir_service.rest.router import PATH, FhirRouter

__all__ = ["PATH", "Face", "FhirRouter", "PageTokens", "capability_statement", "outcome"]
