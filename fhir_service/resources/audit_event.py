"""AuditEvent: a client records its own accesses (IHE ITI-20); nothing in the log is changed (decision 25).

Events are merged by time from where they lie (ADR 0026), so that by time is the one order there is.
"""

from fhir_service.resources._model import OwnParameter, ResourceType

RESOURCE = ResourceType(
    name="AuditEvent",
    typed=("date", "action", "outcome"),
    parameters=(
        OwnParameter(
            "purpose",
            "token",
            "AuditEvent.purposeOfEvent | AuditEvent.agent.purposeOfUse",
            "Events by what the caller came for",
        ),
    ),
    sorts=frozenset({"date", "_lastUpdated"}),
    interactions=frozenset({"create", "read", "vread", "search-type"}),
)
