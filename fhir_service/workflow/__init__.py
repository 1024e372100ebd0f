"""Use cases: every change, by REST or by message, goes through `settle` into the database."""

from fhir_service.workflow.ingest import Ingest
from fhir_service.workflow.office import Office
from fhir_service.workflow.settle import Ground
from fhir_service.workflow.transaction import Answers, Entry, placed
from fhir_service.workflow.write import ANY_VERSION, Refused, WriteRequest, Written

__all__ = [
    "ANY_VERSION",
    "Answers",
    "Entry",
    "Ground",
    "Ingest",
    "Office",
    "Refused",
    "WriteRequest",
    "Written",
    "placed",
]
