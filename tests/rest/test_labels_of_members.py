"""A member of the team labels for its own sector, and opens or closes nothing beyond it (workflow.md 4.7)."""

from typing import Any

import httpx
import pytest

from profiles import names
from profiles.resource import Resource
from tests.rest.circles import Circle, circle, sector
from tests.rest.conftest import Rest, code

NAV, SCHOOL = ({"system": names.SECTOR, "code": one} for one in ("nav", "school"))


@pytest.fixture(scope="module", name="one")
def one_circle(rest: Rest) -> Circle:
    return circle(rest, "labels")


def _operation(one: Circle, what: str, operation: str, coding: Resource) -> httpx.Response:
    asked = {"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": {"security": [coding]}}]}
    etag = one.reads(what, one.school).headers["etag"]
    return one.asks("POST", f"{what}/{operation}", one.school, asked, if_match=etag)


@pytest.mark.parametrize(("operation", "coding"), [("$meta-add", NAV), ("$meta-delete", SCHOOL)])
def test_goals_are_not_opened_or_closed_to_others(one: Circle, operation: str, coding: Resource) -> None:
    goal = one.goal("", "school", "Lese selv")
    del goal["id"]
    own = one.asks("POST", "Goal", one.school, goal).json()
    for what in (one.ref("Goal", "reading"), f"Goal/{own['id']}"):
        before = one.rest.get(what).json()["meta"]["security"]
        answer = _operation(one, what, operation, coding)
        if (operation, what) == ("$meta-delete", f"Goal/{own['id']}"):  # of no plan yet: it closes what is its own
            assert answer.status_code == 200, answer.text
            continue
        assert (answer.status_code, code(answer)) == (403, "no-consent")
        assert one.rest.get(what).json()["meta"]["security"] == before


@pytest.mark.parametrize("label", ["nav", "municipal-health"])
def test_goals_and_measures_are_not_made_for_others(one: Circle, label: str) -> None:
    goal = one.goal("", label, "Noe annet")
    del goal["id"]
    assert code(one.asks("POST", "Goal", one.school, goal)) == "no-consent"
    read = one.reads(one.plan, one.school)
    for extension in ([sector("school"), sector(label)], [sector(label)]):
        plan: dict[str, Any] = read.json()
        plan["activity"][0]["extension"] = extension
        answer = one.asks("PUT", one.plan, one.school, plan, if_match=read.headers["etag"])
        assert (answer.status_code, code(answer)) == (403, "no-consent")


def test_other_resources_are_labelled_by_who_handles_the_case(one: Circle) -> None:
    finding = {
        "resourceType": "Condition", "subject": {"reference": one.ref("Patient", "person")},
        "meta": {"security": [SCHOOL]},
    }  # fmt: skip
    made = one.asks("POST", "Condition", one.school, finding)
    assert made.status_code == 201, made.text
    what = f"Condition/{made.json()['id']}"
    refused = _operation(one, what, "$meta-add", NAV)
    assert (refused.status_code, code(refused)) == (403, "forbidden")
    whole = one.rest.get(what).json()
    assert one.asks("PUT", what, one.school, whole | {"language": "nb"}).status_code == 200
    opened = whole | {"meta": {"security": [SCHOOL, NAV]}}
    assert one.asks("PUT", what, one.coordinator, opened).status_code == 200
