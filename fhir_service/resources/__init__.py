"""The resource types that are served, and what some of them have of their own (decision 33).

What is served is what the FHIR endpoint offers. What is stored does not hang on it: every R4 type can be.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from functools import cache

from fhir_service.resources._model import OwnParameter, ResourceType
from mappings.registry import discover
from profiles.definitions import resource_types

__all__ = ["SERVED", "OwnParameter", "ResourceType", "declared_types", "resource_type", "served_types"]

SERVED = (
    "Account",
    "ActivityDefinition",
    "AllergyIntolerance",
    "Appointment",
    "AppointmentResponse",
    "AuditEvent",
    "Binary",
    "Bundle",
    "CapabilityStatement",
    "CarePlan",
    "CareTeam",
    "CodeSystem",
    "Communication",
    "CommunicationRequest",
    "Composition",
    "ConceptMap",
    "Condition",
    "Consent",
    "Device",
    "DiagnosticReport",
    "DocumentReference",
    "Encounter",
    "Endpoint",
    "EpisodeOfCare",
    "Flag",
    "Goal",
    "Group",
    "HealthcareService",
    "ImplementationGuide",
    "List",
    "Location",
    "Measure",
    "MeasureReport",
    "MedicationRequest",
    "MedicationStatement",
    "MessageHeader",
    "NamingSystem",
    "Observation",
    "OperationDefinition",
    "Organization",
    "OrganizationAffiliation",
    "Patient",
    "Person",
    "PlanDefinition",
    "Practitioner",
    "PractitionerRole",
    "Procedure",
    "Provenance",
    "Questionnaire",
    "QuestionnaireResponse",
    "RelatedPerson",
    "RiskAssessment",
    "Schedule",
    "SearchParameter",
    "ServiceRequest",
    "Slot",
    "StructureDefinition",
    "Subscription",
    "Task",
    "ValueSet",
)
"""What is served unless a setting says otherwise."""


def served_types(named: Iterable[str] = SERVED) -> tuple[str, ...]:
    """The resource types of the FHIR endpoint, each once, in alphabetical order.

    Raises ValueError, saying what is wrong, for a name that is no R4 type, and when there is none.
    """
    chosen = sorted(set(named))
    for name in chosen:
        if name not in resource_types():
            near = get_close_matches(name, resource_types(), n=1)
            hint = f"; do you mean {near[0]}?" if near else ""
            raise ValueError(f"{name!r} is not a resource type of FHIR R4{hint}")
    if not chosen:
        raise ValueError("it names no resource type: nothing would be served")
    return tuple(chosen)


@cache
def resource_type(name: str) -> ResourceType:
    """What is declared about a type; a type without a module of its own has the defaults."""
    return _declared().get(name) or ResourceType(name)


def declared_types() -> tuple[str, ...]:
    """The types that have a module of their own, in alphabetical order, whether they are served or not."""
    return tuple(sorted(_declared()))


@cache
def _declared() -> dict[str, ResourceType]:
    found = discover(__name__, "RESOURCE", ResourceType, key=lambda entry: entry.name)
    return {str(name): entry for name, entry in found.items()}
