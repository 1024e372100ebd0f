"""A Goal is one of an individual plan where the plan refers to it, whether or not it says so (decisions 8 and 9)."""

import pytest

from tests.rest.cases import Case
from tests.rest.conftest import Rest, code

WALK = [{"op": "replace", "path": "/description/text", "value": "Gå lengre"}]


@pytest.fixture(scope="module")
def case(rest: Rest) -> Case:
    return Case(rest, "goal-of-plan").planned()


def test_goal_of_a_plan_is_changed_with_if_match_only(case: Case) -> None:
    goal = case.reads(case.ref("Goal", "goal"))
    path = f"Goal/{goal['id']}"
    for answer in (case.rest.put(goal), case.rest.patch(path, WALK), case.rest.put(goal, if_match="*")):
        assert (answer.status_code, code(answer)) == (428, "version-required")
    assert case.puts(goal, description={"text": "Bo hjemme lenge"}).status_code == 200


def test_goal_of_a_plan_is_not_deleted(case: Case) -> None:
    answer = case.rest("DELETE", case.ref("Goal", "walk"))
    assert (answer.status_code, code(answer)) == (409, "not-deletable")


def test_goal_of_no_individual_plan_is_an_ordinary_resource(case: Case) -> None:
    goal = case.keeps("Goal", "other", lifecycleStatus="active", description={"text": "Sove"}, subject=case.person)
    zone = {"status": "active", "intent": "plan", "subject": case.person, "goal": [{"reference": f"Goal/{goal['id']}"}]}
    case.keeps("CarePlan", "zone", **zone)
    assert case.rest.put(goal).status_code == 200
