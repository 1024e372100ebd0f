"""AuditEvent: a client records its own accesses (IHE ITI-20); nothing in the log is changed (decision 25)."""

from fhir_service.resources._model import ResourceType

RESOURCE = ResourceType(
    name="AuditEvent",
    typed=("date", "action", "outcome"),
    interactions=frozenset({"create", "read", "vread", "search-type"}),
)
