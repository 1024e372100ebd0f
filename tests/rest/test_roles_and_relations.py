"""A role holds towards those persons only with whom there is a relation (SR-27)."""

from typing import Any

import httpx
import pytest

from profiles import names
from profiles.resource import Resource
from tests.rest.circles import Circle, circle, concept, sector, to
from tests.rest.conftest import Rest

CLAIMED = ("ke", "coordinator", "person", "administrator", "service", None)


@pytest.fixture(scope="module", name="one")
def one_circle(rest: Rest) -> Circle:
    return circle(rest, "claimed")


def _team_as_school(one: Circle, claimed: str | None, **changed: Any) -> httpx.Response:
    """The answer to a change that a school wants to its own place in the team."""
    who = one.who(claimed, "school")
    read = one.reads(one.ref("CareTeam", "team"), who)
    team = read.json()
    mine = one.ref("PractitionerRole", "teacher")
    team["participant"] = [p | changed if p["member"]["reference"] == mine else p for p in team["participant"]]
    return one.asks("PUT", one.ref("CareTeam", "team"), who, team, if_match=read.headers["etag"])


def _sharing(one: Circle) -> Resource:
    wide = one.consent("plan-sharing", ("school", "municipal-health"))
    return {name: value for name, value in wide.items() if name != "id"}


@pytest.mark.parametrize("role", CLAIMED)
def test_members_do_not_make_themselves_deputies(one: Circle, role: str | None) -> None:
    answer = _team_as_school(one, role, role=[concept(names.TEAM_ROLE, "deputy")])
    assert answer.status_code == 403, answer.text


@pytest.mark.parametrize("role", CLAIMED)
def test_members_do_not_give_themselves_sectors(one: Circle, role: str | None) -> None:
    answer = _team_as_school(one, role, extension=[sector("school"), sector("municipal-health")])
    assert answer.status_code == 403, answer.text


@pytest.mark.parametrize("role", CLAIMED)
@pytest.mark.parametrize("organization", ["school", "stranger"])
def test_consents_are_not_written_by_whom_they_are_for(one: Circle, organization: str, role: str | None) -> None:
    answer = one.asks("POST", "Consent", one.who(role, organization), _sharing(one))
    assert answer.status_code in (403, 422), answer.text
    assert one.reads(one.plan, one.school).json()["activity"][0]["id"] == "read"


@pytest.mark.parametrize("role", CLAIMED)
def test_members_do_not_change_the_plan_in_another_role(one: Circle, role: str | None) -> None:
    who = one.who(role, "school")
    headers = {"content-type": "application/json-patch+json", "if-match": one.reads(one.plan, who).headers["etag"]}
    patch = [{"op": "replace", "path": "/title", "value": "Vår plan"}]
    assert one.rest("PATCH", one.plan, json=patch, headers=headers | who).status_code == 403


@pytest.mark.parametrize(("organization", "status"), [("ke", 201), ("school", 403), ("stranger", 422)])
def test_sub_steps_are_made_by_the_office_that_is_responsible(one: Circle, organization: str, status: int) -> None:
    """Who calls itself `ke` of a person it is a member of the team of, or knows nothing of, makes no Tasks for them."""
    task = {
        "resourceType": "Task", "status": "requested", "intent": "order", "code": {"coding": [
            {"system": names.KE_TASK_CODE, "code": "home-visit"}, {"system": names.TASK_CODE, "code": "fulfill"}]},
        "for": to(one.ref("Patient", "person")), "basedOn": [to(one.plan)],
        "owner": to(one.ref("Organization", organization)), "requester": to(one.ref("Organization", organization)),
        "restriction": {"period": {"end": "2099-01-01T00:00:00+01:00"}},
    }  # fmt: skip
    answer = one.asks("POST", "Task", one.who("ke", organization), task)
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize(("role", "organization"), [("coordinator", "unit"), ("ke", "ke")])
def test_who_handles_the_case_writes_what_the_person_agrees_to(one: Circle, role: str, organization: str) -> None:
    answer = one.asks("POST", "Consent", one.who(role, organization), one.consent("transfer") | {"status": "proposed"})
    assert answer.status_code == 201, answer.text


def test_the_person_agrees_without_naming_a_role(one: Circle) -> None:
    who = one.who(None, person=one.ref("Patient", "person"))
    assert one.asks("POST", "Consent", who, one.consent("transfer") | {"status": "proposed"}).status_code == 201


def test_a_consent_may_come_before_the_case(rest: Rest) -> None:
    early = Circle(rest, "claimed-early")
    early.keeps({"resourceType": "Organization", "id": early.id("ke"), "name": "KE"})
    # Patients show to those who bring them.
    ke = early.who("ke", "ke")
    assert early.put(early.patient(), who=ke).status_code == 201
    answer = early.asks("POST", "Consent", ke, early.consent("plan-creation"))
    assert answer.status_code == 201, answer.text
