"""Every invariant that R4 gives the served types is judged, or is here with its reason."""

import pytest

from profiles.checking.rules import RULES
from profiles.definitions import invariants, kinds

# fmt: off
SERVED = [
    "Patient", "RelatedPerson", "Practitioner", "PractitionerRole", "Organization", "HealthcareService", "Location",
    "Encounter", "Condition", "AllergyIntolerance", "ServiceRequest", "Task", "CareTeam", "CarePlan", "Goal", "Consent",
    "Communication", "DocumentReference", "Binary", "Provenance", "AuditEvent", "Flag", "Bundle", "Parameters",
    "OperationOutcome", "Observation",
]
# fmt: on
ELSEWHERE = {
    "dom-2": "checking.resources",
    "dom-3": "checking.resources",
    "dom-4": "checking.resources",
    "dom-5": "checking.resources",
    "dom-6": "advice: a narrative is not demanded",
    "ele-1": "checking.objects",
    "ext-1": "on Element it is the rule of Extension",
    "ref-1": "checking.resources",
    "txt-1": "checking.xhtml",
    "txt-2": "checking.xhtml",
}
OF_CONFORMANCE = "ElementDefinition"
"""Part of StructureDefinition only, which is not served."""


def data_types() -> list[str]:
    return [name for name, kind in kinds().items() if kind == "complex-type" and name != OF_CONFORMANCE]


@pytest.mark.parametrize("type_name", SERVED + data_types())
def test_invariant_is_judged_or_has_a_reason(type_name: str) -> None:
    by_hand = {(path, key) for path, rules in RULES.items() for key in rules}
    missing = [r for r in invariants(type_name) if r.key not in ELSEWHERE and (r.path, r.key) not in by_hand]

    assert missing == []


def test_rule_by_hand_is_one_of_the_specification() -> None:
    known = {(rule.path, rule.key) for name in kinds() for rule in invariants(name)}
    known.add(("SimpleQuantity", "sqty-1"))  # of a profile of Quantity

    assert {(path, key) for path, rules in RULES.items() for key in rules} - known == set()
