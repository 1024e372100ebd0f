"""The resource types that are served, and what some of them have of their own (decision 33)."""

from functools import cache

from fhir_service.resources._model import OwnParameter, ResourceType
from mappings.registry import discover

__all__ = ["SERVED", "OwnParameter", "ResourceType", "resource_type", "served_types"]

SERVED = (
    "AllergyIntolerance",
    "AuditEvent",
    "Binary",
    "CarePlan",
    "CareTeam",
    "Communication",
    "Condition",
    "Consent",
    "DocumentReference",
    "Encounter",
    "Flag",
    "Goal",
    "HealthcareService",
    "Location",
    "Organization",
    "Patient",
    "Practitioner",
    "PractitionerRole",
    "Provenance",
    "RelatedPerson",
    "ServiceRequest",
    "Task",
)
"""What is served unless a setting says otherwise."""


def served_types() -> tuple[str, ...]:
    """The resource types of the FHIR endpoint, in alphabetical order."""
    return SERVED


@cache
def resource_type(name: str) -> ResourceType:
    """What is declared about a type; a type without a module of its own has the defaults."""
    return _declared().get(name) or ResourceType(name)


@cache
def _declared() -> dict[str, ResourceType]:
    found = discover(__name__, "RESOURCE", ResourceType, key=lambda entry: entry.name)
    return {str(name): entry for name, entry in found.items()}
