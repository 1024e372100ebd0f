"""What a caller does not see is answered as what is not there, wherever they name it (SR-28, SR-29)."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from profiles import names
from profiles.resource import Resource
from tests.rest.circles import Circle, activity, circle, to
from tests.rest.conftest import Rest, code

HIDDEN, NOWHERE = "walking", "nowhere"
"""A goal of the plan that the school does not see, and one that there is not; names of the same length."""


@pytest.fixture(scope="module", name="one")
def one_circle(rest: Rest) -> Circle:
    made = circle(rest, "naming")
    made.keeps(made.goal("unplanned", "municipal-health", "hemmelig mål utenfor planen"))
    return made


def _planned(plan: Resource, goal: Resource) -> None:
    plan["goal"] = [*plan.get("goal", ()), goal]


def _in_own_activity(plan: Resource, goal: Resource) -> None:
    plan["activity"][0]["detail"]["goal"] = [goal]


def _in_new_activity(plan: Resource, goal: Resource) -> None:
    made = activity("more", "school", "Lekselesing")
    made["detail"]["goal"] = [goal]
    plan["activity"].append(made)


def _told(answer: httpx.Response, one: Circle, what: str) -> tuple[int, str]:
    return answer.status_code, answer.text.replace(one.id(what), "it")


def _puts(one: Circle, change: Callable[[Resource], None]) -> httpx.Response:
    plan = one.reads(one.plan, one.school).json()
    change(plan)
    return one.asks("PUT", one.plan, one.school, plan, if_match='W/"2"')


@pytest.mark.parametrize("change", [_planned, _in_own_activity, _in_new_activity])
@pytest.mark.parametrize("hidden", [HIDDEN, "unplanned"])
def test_hidden_goals_are_answered_as_none(one: Circle, change: Callable[..., None], hidden: str) -> None:
    def put(what: str) -> tuple[int, str]:
        return _told(_puts(one, lambda plan: change(plan, to(one.ref("Goal", what)))), one, what)

    assert put(hidden) == put(NOWHERE)
    assert put(hidden)[0] == 422


@pytest.mark.parametrize("hidden", [HIDDEN, "unplanned"])
def test_patches_do_not_ask_for_hidden_goals(one: Circle, hidden: str) -> None:
    def patched(what: str) -> tuple[int, str]:
        patch = [{"op": "add", "path": "/goal/-", "value": to(one.ref("Goal", what))}]
        kind = {"content_type": "application/json-patch+json", "if_match": 'W/"2"'}
        return _told(one.asks("PATCH", one.plan, one.school, patch, **kind), one, what)

    assert patched(hidden) == patched(NOWHERE)


@pytest.mark.parametrize("hidden", [HIDDEN, "unplanned"])
def test_transactions_do_not_ask_for_hidden_goals(one: Circle, hidden: str) -> None:
    def sent(what: str) -> tuple[int, str]:
        plan = one.reads(one.plan, one.school).json()
        _in_own_activity(plan, to(one.ref("Goal", what)))
        request = {"method": "PUT", "url": one.plan, "ifMatch": 'W/"2"'}
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [{"resource": plan, "request": request}]}
        return _told(one.asks("POST", "", one.school, bundle), one, what)

    assert sent(hidden) == sent(NOWHERE)


@pytest.mark.parametrize("hidden", [HIDDEN, "unplanned"])
def test_new_resources_do_not_ask_for_hidden_ones(one: Circle, hidden: str) -> None:
    def made(what: str) -> tuple[int, str]:
        goal = one.goal("", "school", "Delmål") | {
            "extension": [{"url": names.IP_PART_OF, "valueReference": to(one.ref("Goal", what))}]
        }
        del goal["id"]
        return _told(one.asks("POST", "Goal", one.school, goal), one, what)

    assert made(hidden) == made(NOWHERE)


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("description", "hemmelig behov", "noe annet"),
        ("extension", "its own", "another"),
    ],
)
def test_guesses_at_what_is_hidden_are_not_confirmed(rest: Rest, name: str, right: str, wrong: str) -> None:
    """The answer is the same for what is there, for something else, and where there is nothing."""

    def contribution(what: str) -> Resource:
        parts = [
            {"url": "who", "valueReference": to(one.ref("Organization", "health"))},
            {"url": "what", "valueString": what},
        ]
        return {"url": names.IP_CONTRIBUTION, "extension": parts}

    def value(plan: Resource, guess: str) -> Any:
        return guess if name == "description" else [*plan.get("extension", ()), contribution(guess)]

    told: set[tuple[int, str]] = set()
    for there in (True, False):
        one = circle(rest, f"guessed-{name}-{there}")
        whole = rest.get(one.plan).json()
        del whole["description"]
        if there:
            whole[name] = value(whole, right)
        assert one.put(whole, 2).status_code == 200
        for guess in (right, wrong):
            plan = one.reads(one.plan, one.school).json()
            plan[name] = value(plan, guess)
            answer = one.asks("PUT", one.plan, one.school, plan, if_match='W/"3"')
            assert code(answer) == "no-consent"
            told.add((answer.status_code, answer.text.replace(one.name, "it")))
    assert len(told) == 1, told


def test_who_names_a_hidden_person_is_told_how_else_to_name_them(rest: Rest, one: Circle) -> None:
    """The same, whether there is such a person or not."""
    request = {"status": "active", "intent": "order", "code": {"text": "Tilsyn"}}

    def asked(who: str, **headers: str) -> httpx.Response:
        return rest.post({"resourceType": "ServiceRequest", **request, "subject": to(f"Patient/{who}")}, **headers)

    hidden, nobody = one.id("person"), "x" * len(one.id("person"))
    stranger = {"x_knutepunkt_organization": "Organization/ke-4601"}
    told = [asked(who, **stranger).text.replace(who, "it") for who in (hidden, nobody)]
    assert told[0] == told[1]
    assert "identifier with system and value" in told[0]
    assert asked(hidden).status_code == 201
    assert "identifier with system and value" not in asked(nobody).text
