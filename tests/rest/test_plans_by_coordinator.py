"""`CarePlan?coordinator=` (workflow.md 9): the coordinator of a plan stands on its team, and is asked for there."""

import pytest

from tests.rest.cases import Case
from tests.rest.conftest import Rest, code, issue, matches


@pytest.fixture(scope="module")
def case(rest: Rest) -> Case:
    return Case(rest, "by-coordinator").planned()


def plans(case: Case, asked: str) -> list[str]:
    return [
        found["id"] for found in matches(case.rest.get(f"CarePlan?patient={case.ref('Patient', 'person')}&{asked}"))
    ]


def test_plan_is_found_by_whoever_coordinates_now(case: Case) -> None:
    kari, per = (case.ref("PractitionerRole", who) for who in ("kari", "per"))
    unit = case.ref("Organization", "unit").partition("/")[2]
    plan = ["by-coordinator-plan"]
    assert plans(case, f"coordinator={kari}") == plan
    assert plans(case, f"coordinator:PractitionerRole={kari.partition('/')[2]}&status=active") == plan
    assert plans(case, f"coordinator:PractitionerRole.organization={unit}") == plan
    assert plans(case, f"coordinator={per}") == []
    answer = case.called(
        case.reads(case.ref("CareTeam", "team")),
        "$change-coordinator",
        {"name": "coordinator", "valueReference": {"reference": per}},
        {"name": "reason", "valueCodeableConcept": {"text": "Slutter"}},
    )
    assert answer.status_code == 200, answer.text
    assert plans(case, f"coordinator={per}") == plan
    assert plans(case, f"coordinator={kari}") == []


def test_plan_is_led_to_over_its_coordinator_from_elsewhere(case: Case) -> None:
    leader = case.ref("PractitionerRole", "leader")
    found = case.rest.get(f"Patient?_has:CarePlan:patient:coordinator={leader}")
    assert matches(found) == []


@pytest.mark.parametrize("asked", ["coordinator:missing=true", "_sort=coordinator", "_include=CarePlan:coordinator"])
def test_what_is_not_kept_with_the_plan_is_not_sorted_or_included_by(case: Case, asked: str) -> None:
    answer = case.rest.get(f"CarePlan?{asked}")
    assert answer.status_code == 400
    assert code(answer) in ("unknown-modifier", "bad-parameter-value"), issue(answer)


def test_plan_whose_team_is_hidden_is_not_found_by_its_coordinator(case: Case) -> None:
    stranger = {"x_knutepunkt_role": "service", "x_knutepunkt_organization": "Organization/ke-4601"}
    found = case.rest.get(f"CarePlan?coordinator={case.ref('PractitionerRole', 'per')}", **stranger)
    assert matches(found) == []
