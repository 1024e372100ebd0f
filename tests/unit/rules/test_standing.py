"""What must be loaded before the rules can judge."""

import pytest

from fhir_service.rules import STANDING_TYPES, concerns, derived_id, named_in, rules
from fhir_service.rules._standing import LOOKED_AT_ALONE
from profiles import names
from profiles.code_systems import concept
from profiles.resource import Resource
from tests.unit.rules.world import consent, goal, need, patient, plan, stay, team, world_at


@pytest.mark.parametrize(
    "resource", [need(), plan(), team(), consent(), goal(), stay()], ids=lambda r: r["resourceType"]
)
def test_resources_of_the_plan_concern_the_rules(resource: Resource) -> None:
    assert concerns(resource["resourceType"], resource)


@pytest.mark.parametrize(
    "resource",
    [
        patient(),
        {k: v for k, v in need().items() if k != "category"},
        plan(category=[{"coding": [{"system": "urn:zone-plan", "code": "individuell-plan"}]}]),
        {k: v for k, v in team().items() if k != "category"},
        stay() | {"class": {"system": names.V3_ACT_CODE, "code": "AMB"}},
        {"resourceType": "Task", "id": "lab", "code": {"text": "blood"}},
        {"resourceType": "Communication", "id": "c"},
        {"resourceType": "Observation", "id": "o"},
    ],
    ids=lambda r: r["resourceType"],
)
def test_other_resources_do_not(resource: Resource) -> None:
    """Decision 10."""
    assert not concerns(resource["resourceType"], resource)


def test_everything_a_rule_looks_at_and_keeps_is_part_of_the_standing() -> None:
    assert {r for rule in rules() for r in rule.on} <= {*STANDING_TYPES, *LOOKED_AT_ALONE}


def test_people_to_be_told_about_are_named() -> None:
    assert named_in([team(), need(), patient()]) == {
        "PractitionerRole/kari",
        "Organization/ke-5001",
        "Organization/stolav",
    }
    role = {
        "resourceType": "PractitionerRole",
        "id": "kari",
        "practitioner": {"reference": "Practitioner/kari"},
        "organization": {"reference": "Organization/unit"},
    }
    assert named_in([role]) == {"Practitioner/kari", "Organization/unit"}


def test_feedback_names_the_coordinator_with_phone_and_unit() -> None:
    world = world_at("proposed")
    world.resources |= {
        "PractitionerRole/kari": {
            "resourceType": "PractitionerRole",
            "id": "kari",
            "practitioner": {"reference": "Practitioner/kari"},
            "organization": {"reference": "Organization/unit"},
            "telecom": [{"system": "email", "value": "k@example.org"}, {"system": "phone", "value": "99000000"}],
        },
        "Practitioner/kari": {
            "resourceType": "Practitioner",
            "id": "kari",
            "name": [{"family": "N", "given": ["Kari"]}],
        },
        "Organization/unit": {"resourceType": "Organization", "id": "unit", "name": "Rehabilitering"},
    }
    world.change(team(), status="active")
    (told,) = [
        c for c in world.of("Communication") if c["category"] == [concept(names.FEEDBACK_CATEGORY, "coordinator")]
    ]
    assert [said["contentString"] for said in told["payload"]] == [
        "Koordinator: Kari N, Rehabilitering, 99000000.",
        "Sak 20261122-371653E2: Koordinator oppnevnt.",
        "Kontakt: Trondheim kommune, koordinerende enhet.",
    ]


def test_feedback_names_the_unit_on_whose_behalf_a_practitioner_coordinates() -> None:
    """ctm-1: a Practitioner's unit stands in onBehalfOf (workflow.md 5)."""
    world = world_at("decided")
    proposed = team()
    member = {"member": {"reference": "Practitioner/kari"}, "onBehalfOf": {"reference": "Organization/unit"}}
    proposed["participant"][0] |= member
    assert named_in([proposed]) == {"Practitioner/kari", "Organization/unit", "Organization/ke-5001"}
    world.resources |= {
        "Practitioner/kari": {
            "resourceType": "Practitioner",
            "id": "kari",
            "name": [{"text": "Kari N"}],
            "telecom": [{"system": "phone", "value": "99000000"}],
        },
        "Organization/unit": {"resourceType": "Organization", "id": "unit", "name": "Skolen"},
    }
    world.write(proposed)
    world.change(proposed, status="active")
    told = [c["payload"][0]["contentString"] for c in world.of("Communication")]
    assert "Koordinator: Kari N, Skolen, 99000000." in told


def test_derived_ids_are_the_same_for_the_same_cause_only() -> None:
    assert derived_id("a", "b") == derived_id("a", "b")
    assert len({derived_id("a", "b"), derived_id("a", "c"), derived_id("ab")}) == 3
