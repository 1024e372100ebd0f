"""What stays as it was made: the number of a plan (4.6 P1), the number and the subject of a Task (workflow.md 5)."""

from typing import Any

import pytest

from profiles import names
from tests.rest.cases import Case
from tests.rest.circles import concept, to
from tests.rest.conftest import Rest, code, issue


@pytest.fixture(scope="module")
def case(rest: Rest) -> Case:
    return Case(rest, "fixed").planned()


def test_number_of_a_plan_is_never_another_one(case: Case) -> None:
    plan = case.reads(case.ref("CarePlan", "plan"))
    number = next(one for one in plan["identifier"] if one["system"] == names.PLAN_NUMBER)
    refused = case.puts(plan, identifier=[number | {"value": "IP-1"}])
    assert (refused.status_code, code(refused)) == (422, "rule")
    assert issue(refused)["expression"] == ["CarePlan.identifier"]
    other = {"system": "https://example.org/plans", "value": "7"}
    kept = case.put(plan, identifier=[other])
    assert kept["identifier"] == [other, number]
    assert case.put(kept, identifier=[{"system": number["system"], "value": number["value"]}, other])["identifier"][1:]


@pytest.mark.parametrize(
    ("element", "value"),
    [
        ("groupIdentifier", {"value": "another"}),
        ("authoredOn", "2026-01-01T00:00:00Z"),
        ("requester", {"reference": "Organization/ke-4601"}),
        ("for", {"display": "Somebody"}),
    ],
)
def test_what_a_sub_step_is_about_never_changes(case: Case, element: str, value: Any) -> None:
    refused = case.puts(case.child("first-meeting"), **{element: value})
    assert (refused.status_code, code(refused)) == (422, "rule")
    assert issue(refused)["expression"] == [f"Task.{element}"]


def test_every_task_has_the_number_of_what_it_belongs_to(case: Case) -> None:
    plan = case.reads(case.ref("CarePlan", "plan"))
    alone = case.keeps(
        "Task", "alone", status="requested", intent="order", code=concept(names.KE_TASK_CODE, "manual-review"),
        owner=to(case.ref("Organization", "ke")), restriction={"period": {"end": "2030-01-01T00:00:00Z"}},
    )  # fmt: skip
    assert alone["groupIdentifier"]["system"] == names.CASE_NUMBER
    assert alone["groupIdentifier"] != case.task["groupIdentifier"]
    number = {key: plan["identifier"][0][key] for key in ("system", "value")}
    assert case.child("review-plan")["groupIdentifier"] == number
    of_case = case.finds("Task", **{"group-identifier": f"{names.CASE_NUMBER}|{case.task['groupIdentifier']['value']}"})
    assert {case.task["id"], case.child("draft-plan")["id"]} <= {one["id"] for one in of_case}
