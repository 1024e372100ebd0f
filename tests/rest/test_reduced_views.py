"""Everybody reads what is theirs, whatever road they take: workflow.md 4.7, scenario 6 of 12; SR-27, SR-28."""

import time

import httpx
import pytest

from profiles.resource import Resource
from tests.rest.circles import SECRET, Circle, circle, sector, seen
from tests.rest.conftest import Rest, code, matches


@pytest.fixture(scope="module")
def family(rest: Rest) -> Circle:
    """One that no test changes."""
    return circle(rest, "family")


def is_redacted(resource: Resource) -> bool:
    return any(c["code"] == "REDACTED" for c in resource.get("meta", {}).get("security", ()))


def version(answer: httpx.Response) -> int:
    return int(answer.headers["etag"][3:-1])


def test_school_reads_its_part_of_the_plan(family: Circle) -> None:
    answer = family.reads(family.plan, family.school)
    plan = answer.json()
    assert (answer.status_code, seen(plan), is_redacted(plan)) == (200, ["read"], True)
    assert [goal["reference"] for goal in plan["goal"]] == [family.ref("Goal", "reading")]
    assert SECRET not in answer.text
    assert version(answer) == 2  # the version is that of the whole


@pytest.mark.parametrize("who", ["coordinator", "ke"])
def test_who_is_responsible_reads_all_of_it(family: Circle, who: str) -> None:
    answer = family.reads(family.plan, getattr(family, who))
    assert answer.content == family.rest.get(family.plan).content


def test_the_person_reads_all_of_it(family: Circle) -> None:
    person = family.who("person", person=family.ref("Patient", "person"))
    assert family.reads(family.plan, person).content == family.rest.get(family.plan).content


ROADS = [
    "{plan}", "{plan}/_history/1", "{plan}/_history/2", "{plan}/_history", "CarePlan/_history?_count=500",
    "_history?_count=1000", "CarePlan?_id={id}", "CarePlan?patient={person}", "CarePlan?_id={id}&_include=*",
    "Goal?_id={goal}&_revinclude=CarePlan:goal", "CareTeam?_id={team}&_revinclude=CarePlan:care-team",
    "CarePlan?_id={id}&_include=CarePlan:care-team&_include=CarePlan:goal", "?_type=CarePlan,CareTeam&_id={id},{team}",
    "Patient/{person}/CarePlan", "Patient/{person}/*", "Patient/{person}/$everything?_count=500", "{plan}/$everything",
    "Patient/$everything?_count=500", "{plan}?_elements=description,activity", "{plan}?_summary=data",
]  # fmt: skip


@pytest.mark.parametrize("road", ROADS)
def test_what_is_hidden_leaves_by_no_road(family: Circle, road: str) -> None:
    ids = {"id": family.id("plan"), "person": family.id("person"), "team": family.id("team")}
    path = road.format(plan=family.plan, goal=family.id("reading"), **ids)
    answer = family.reads(path, family.school)
    assert answer.status_code == 200, answer.text
    assert SECRET not in answer.text
    assert family.id("walking") not in answer.text
    assert SECRET in family.rest.get(path).text  # there is something to hide


def test_what_is_hidden_leaves_in_no_bundle(family: Circle) -> None:
    reads = [{"request": {"method": "GET", "url": url}} for url in (family.plan, f"CarePlan?_id={family.id('plan')}")]
    for kind in ("batch", "transaction"):
        bundle = {"resourceType": "Bundle", "type": kind, "entry": reads}
        answer = family.asks("POST", "", family.school, bundle)
        assert (answer.status_code, SECRET in answer.text) == (200, False), answer.text
        assert family.plan in answer.text


def test_what_is_hidden_leaves_in_no_export(family: Circle) -> None:
    begun = family.asks("GET", "$export?_type=CarePlan,CareTeam", family.school, prefer="respond-async")
    assert begun.status_code == 202, begun.text
    answer = family.reads(begun.headers["content-location"], family.school)
    while answer.status_code == 202:
        time.sleep(0.02)
        answer = family.reads(begun.headers["content-location"], family.school)
    told = "".join(family.reads(one["url"], family.school).text for one in answer.json()["output"])
    assert family.id("plan") in told
    assert SECRET not in told


def test_meta_of_a_part_says_that_it_is_one(family: Circle) -> None:
    meta = family.reads(f"{family.plan}/$meta", family.school).json()["parameter"][0]["valueMeta"]
    assert [c["code"] for c in meta["security"]] == ["REDACTED"]


def test_stranger_finds_nothing(family: Circle) -> None:
    nowhere = family.reads("CarePlan/nowhere", family.stranger)
    for path in (family.plan, f"{family.plan}/_history", f"{family.plan}/_history/1", f"{family.plan}/$everything"):
        answer = family.reads(path, family.stranger)
        assert (answer.status_code, answer.text) == (404, nowhere.text), path
    assert matches(family.reads(f"CarePlan?_id={family.id('plan')}", family.stranger)) == []


def test_known_version_is_shown_again_to_whoever_sees_it_in_part(family: Circle) -> None:
    """The version is that of the whole: a consent that was changed since does not show in it (scenario 6)."""
    for who, status in ((family.school, 200), (family.ke, 200), (family.who("ke"), 304)):
        assert family.asks("GET", family.plan, who, if_none_match='W/"2"').status_code == status
    goal = family.asks("GET", family.ref("Goal", "reading"), family.school, if_none_match='W/"1"')
    assert (goal.status_code, goal.content) == (304, b"")


def test_consent_that_is_withdrawn_hides_at_the_next_request(rest: Rest) -> None:
    """Scenario 6."""
    one = circle(rest, "withdrawn")
    view = one.reads(one.plan, one.school).json()
    one.keeps({**one.consent("plan-sharing", ("school", "school")), "status": "inactive"}, 1)
    after = one.reads(one.plan, one.school)
    assert (after.status_code, seen(after.json())) == (200, [])
    assert "Leseopplæring" not in after.text + one.reads(f"{one.plan}/_history", one.school).text
    assert one.reads(one.ref("Goal", "reading"), one.school).status_code == 404
    view["activity"][0]["detail"]["status"] = "in-progress"
    stale = one.asks("PUT", one.plan, one.school, view, if_match='W/"2"')
    assert (stale.status_code, code(stale)) == (412, "stale-version")  # workflow.md 7.5: consent changed meanwhile


def test_consent_that_is_widened_erases_nothing(rest: Rest) -> None:
    """What was hidden when the school read it is not what the school took out."""
    one = circle(rest, "widened")
    view = one.reads(one.plan, one.school).json()
    more = (("school", "school"), ("school", "municipal-health"))
    one.keeps(one.consent("plan-sharing", *more), 1)
    view["activity"][0]["detail"]["status"] = "in-progress"
    stale = one.asks("PUT", one.plan, one.school, view, if_match='W/"2"')
    assert (stale.status_code, code(stale)) == (412, "stale-version")
    again = one.reads(one.plan, one.school).json()
    assert seen(again) == ["walk", "read"]
    again["activity"][1]["detail"]["status"] = "in-progress"
    assert one.asks("PUT", one.plan, one.school, again, if_match='W/"2"').status_code == 200
    assert seen(rest.get(one.plan).json()) == ["walk", "read", "open"]


def test_participation_that_ended_ends_access_at_the_next_request(rest: Rest) -> None:
    """SR-27"""
    one = circle(rest, "ended")
    team = one.reads(one.ref("CareTeam", "team"), one.ke).json()
    team["participant"][3]["period"]["end"] = "2026-02-01"
    answer = one.asks("PUT", one.ref("CareTeam", "team"), one.ke, team, if_match='W/"2"')
    assert answer.status_code == 200, answer.text
    for path in (one.plan, one.ref("CareTeam", "team"), one.ref("Goal", "reading")):
        assert one.reads(path, one.school).status_code == 404


def test_member_sees_the_team_without_its_notes(family: Circle) -> None:
    team = family.reads(family.ref("CareTeam", "team"), family.school).json()
    assert len(team["participant"]) == 5
    assert "note" not in team


def test_what_is_closed_later_is_closed_in_its_history(rest: Rest) -> None:
    one = circle(rest, "closed")
    plan = one.reads(one.plan, one.coordinator).json()
    plan["activity"][1]["extension"] = [sector("municipal-health")]
    assert one.asks("PUT", one.plan, one.coordinator, plan, if_match='W/"2"').status_code == 200
    for path in (one.plan, f"{one.plan}/_history/2", f"{one.plan}/_history", "CarePlan/_history?_count=100"):
        answer = one.reads(path, one.school)
        assert answer.status_code == 200
        assert f'"{one.id("plan")}"' in answer.text
        told = [entry["resource"] for entry in answer.json().get("entry", ())] or [answer.json()]
        assert all(seen(plan) == [] for plan in told if plan["id"] == one.id("plan"))


def test_large_plan_is_shown_in_part_too(rest: Rest) -> None:
    one = circle(rest, "large")
    plan = one.reads(one.plan, one.coordinator).json()
    plan["description"] = f"{SECRET} " * 10_000
    assert one.asks("PUT", one.plan, one.coordinator, plan, if_match='W/"2"').status_code == 200
    answer = one.reads(one.plan, one.school)
    assert (answer.status_code, seen(answer.json()), SECRET in answer.text) == (200, ["read"], False)
