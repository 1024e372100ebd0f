"""Everybody reads and writes what is theirs: scenarios 4 to 6 of workflow.md 12, 4.7, 7.1, 7.2, 7.5; SR-27 to SR-29."""

import json
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from profiles import names
from profiles.resource import Resource
from tests.rest.circles import Circle, activity, circle
from tests.rest.conftest import NATIONAL, Rest, code, matches

SECRET = "hemmelig"


@pytest.fixture(scope="module")
def family(rest: Rest) -> Circle:
    """One that no test changes."""
    return circle(rest, "family")


def seen(plan: Resource) -> list[str]:
    return [one["id"] for one in plan.get("activity", ())]


def is_redacted(resource: Resource) -> bool:
    return any(c["code"] == "REDACTED" for c in resource.get("meta", {}).get("security", ()))


def version(answer: httpx.Response) -> int:
    return int(answer.headers["etag"][3:-1])


# Reading


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


def test_unchanged_answer_is_told_by_the_version(family: Circle) -> None:
    answer = family.asks("GET", family.plan, family.school, if_none_match='W/"2"')
    assert (answer.status_code, answer.content) == (304, b"")


# Writing through a view


def test_school_changes_its_own_and_nothing_else(rest: Rest) -> None:
    """Scenario 5."""
    one = circle(rest, "fifth")
    plan = one.reads(one.plan, one.school).json()
    plan["activity"][0]["detail"]["status"] = "in-progress"
    answer = one.asks("PUT", one.plan, one.school, plan, if_match='W/"2"', prefer="return=representation")
    assert answer.status_code == 200, answer.text
    assert (seen(answer.json()), SECRET in answer.text) == (["read"], False)
    assert answer.headers["content-location"].endswith("/_history/3")
    whole = rest.get(one.plan).json()
    assert seen(whole) == ["walk", "read", "open"]
    assert [a["detail"]["status"] for a in whole["activity"]] == ["scheduled", "in-progress", "scheduled"]
    assert whole["description"] == "hemmelig behov"
    assert len(whole["goal"]) == 2
    assert not is_redacted(whole)


FHIRPATH = {
    "resourceType": "Parameters",
    "parameter": [
        {
            "name": "operation",
            "part": [
                {"name": "type", "valueCode": "replace"},
                {"name": "path", "valueString": "CarePlan.activity.where(id='read').detail.status"},
                {"name": "value", "valueCode": "in-progress"},
            ],
        }
    ],
}
PATCHES: list[tuple[str, Any]] = [
    ("application/json-patch+json", [{"op": "replace", "path": "/activity/0/detail/status", "value": "in-progress"}]),
    ("application/fhir+json", FHIRPATH),
    ("application/merge-patch+json", {"activity": [activity("read", "school", "Leseopplæring i gruppe")]}),
]


@pytest.mark.parametrize(("kind", "patch"), PATCHES)
def test_patch_is_applied_to_what_is_seen(rest: Rest, kind: str, patch: Any) -> None:
    one = circle(rest, f"patched-{kind[12:15]}")
    answer = one.asks(
        "PATCH", one.plan, one.school, patch, if_match='W/"2"', content_type=kind, prefer="return=representation"
    )
    assert answer.status_code == 200, answer.text
    assert SECRET not in answer.text
    whole = rest.get(one.plan).json()
    assert seen(whole) == ["walk", "read", "open"]
    before = one.care_plan()["activity"]
    assert [a == b for a, b in zip(whole["activity"], before, strict=True)] == [True, False, True]


def test_coordinator_and_school_write_in_turn(rest: Rest) -> None:
    one = circle(rest, "turns")
    plan = one.reads(one.plan, one.coordinator).json()
    plan["activity"] = [*plan["activity"], activity("new", "school", "Lekselesing")]
    assert one.asks("PUT", one.plan, one.coordinator, plan, if_match='W/"2"').status_code == 200
    view = one.reads(one.plan, one.school).json()
    assert seen(view) == ["read", "new"]
    view["activity"] = view["activity"][1:]
    assert one.asks("PUT", one.plan, one.school, view, if_match='W/"3"').status_code == 200
    assert seen(rest.get(one.plan).json()) == ["walk", "open", "new"]


def _title(plan: Resource) -> Resource:
    return {**plan, "title": "En annen tittel"}


def _other_sector(plan: Resource) -> Resource:
    return {**plan, "activity": [*plan["activity"], activity("mine", "municipal-health", "Ikke skolens")]}


def _hidden_place(plan: Resource) -> Resource:
    return {**plan, "description": "Skolens beskrivelse"}


def _hidden_entry(plan: Resource) -> Resource:
    return {**plan, "activity": [*plan["activity"], activity("walk", "school", "Tatt")]}


@pytest.mark.parametrize("change", [_title, _other_sector, _hidden_place, _hidden_entry])
def test_member_writes_only_within_its_sector(family: Circle, change: Callable[[Resource], Resource]) -> None:
    """Workflow.md 8: `no-consent` is a team member's write outside of its sector."""
    before = family.rest.get(family.plan).content
    plan = change(family.reads(family.plan, family.school).json())
    answer = family.asks("PUT", family.plan, family.school, plan, if_match='W/"2"')
    assert (answer.status_code, code(answer)) == (403, "no-consent")
    assert SECRET not in answer.text
    assert family.rest.get(family.plan).content == before


def test_entry_of_a_transaction_writes_through_the_view_too(rest: Rest) -> None:
    one = circle(rest, "bundled")
    plan = one.reads(one.plan, one.school).json()
    plan["activity"][0]["detail"]["status"] = "in-progress"
    put = {"request": {"method": "PUT", "url": one.plan, "ifMatch": 'W/"2"'}, "resource": plan}
    read = {"request": {"method": "GET", "url": one.plan}}
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [put, read]}
    answer = one.asks("POST", "", one.school, bundle, prefer="return=representation")
    assert answer.status_code == 200, answer.text
    assert [seen(entry["resource"]) for entry in answer.json()["entry"]] == [["read"], ["read"]]
    assert SECRET not in answer.text
    assert seen(rest.get(one.plan).json()) == ["walk", "read", "open"]


def test_conditional_create_tells_what_is_seen_of_what_is_there(rest: Rest) -> None:
    one = circle(rest, "existing")
    answer = one.asks(
        "POST",
        "CarePlan",
        one.coordinator
        | {"x-knutepunkt-role": "service", "x-knutepunkt-organization": one.ref("Organization", "school")},
        {k: v for k, v in one.care_plan().items() if k not in ("id", "meta")},
        if_none_exist=f"_id={one.id('plan')}",
        prefer="return=representation",
    )
    assert (answer.status_code, SECRET in answer.text) == (200, False), answer.text
    assert seen(answer.json()) == ["read"]


# Consent


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


# Versions


def changed(one: Circle, what: str, description: str, at: int) -> httpx.Response:
    """The coordinator's change of one activity, made to a version."""
    plan = one.reads(f"{one.plan}/_history/{at}", one.coordinator).json()
    for entry in plan["activity"]:
        if entry["id"] == what:
            entry["detail"]["description"] = description
    return one.asks("PUT", one.plan, one.coordinator, plan, if_match=f'W/"{at}"')


def diagnostics(answer: httpx.Response) -> list[str]:
    return [issue["diagnostics"] for issue in answer.json()["issue"]]


def expressions(answer: httpx.Response) -> list[str]:
    return [issue["expression"][0] for issue in answer.json()["issue"]]


def test_change_to_other_elements_can_be_merged(rest: Rest) -> None:
    """Scenario 4."""
    one = circle(rest, "fourth")
    assert changed(one, "walk", "hemmelig tur", 2).status_code == 200
    second = changed(one, "read", "Høytlesing", 2)
    assert (second.status_code, code(second)) == (412, "stale-version")
    assert "the current version is 3; mergeable=true" in diagnostics(second)[0]
    assert expressions(second) == ["CarePlan"]


def test_change_to_the_same_element_conflicts(rest: Rest) -> None:
    one = circle(rest, "conflict")
    assert changed(one, "read", "Stavelser", 2).status_code == 200
    second = changed(one, "read", "Høytlesing", 2)
    assert (second.status_code, code(second)) == (412, "stale-version")
    assert "mergeable=false" in diagnostics(second)[0]
    assert expressions(second) == ["CarePlan", "CarePlan.activity.where(id='read').detail.description"]
    patch = [{"op": "replace", "path": "/activity/1/detail/description", "value": "Høytlesing"}]
    patched = one.asks("PATCH", one.plan, one.coordinator, patch, if_match='W/"2"', content_type=PATCHES[0][0])
    assert (patched.status_code, expressions(patched)) == (412, expressions(second))


def test_conflict_tells_nothing_hidden(rest: Rest) -> None:
    """SR-28: neither by the text of a 412, nor by whether changes can be merged."""
    one = circle(rest, "quiet")
    view = one.reads(one.plan, one.school).json()
    assert changed(one, "walk", "hemmelig tur", 2).status_code == 200
    view["activity"][0]["detail"]["status"] = "in-progress"
    answer = one.asks("PUT", one.plan, one.school, view, if_match='W/"2"')
    assert answer.status_code == 412
    assert "mergeable=true" in diagnostics(answer)[0]
    assert "walk" not in answer.text


def test_version_that_never_was_has_no_conflicts(family: Circle) -> None:
    plan = family.reads(family.plan, family.coordinator).json()
    for named in (1000, 7):
        answer = family.asks("PUT", family.plan, family.coordinator, plan, if_match=f'W/"{named}"')
        assert (answer.status_code, "mergeable" in answer.text) == (412, False)


# What is told to whom


def _new_plan(one: Circle, patient: str) -> Resource:
    return {
        "resourceType": "CarePlan", "status": "draft", "intent": "plan", "subject": {"reference": patient},
        "category": [{"coding": [{"system": names.PLAN_CATEGORY, "code": "individuell-plan"}]}],
        "title": "Plan", "period": {"start": "2026-01-01"},
    }  # fmt: skip


def _reviews(rest: Rest, patient: str) -> list[Resource]:
    tasks = matches(rest.get(f"Task?patient={patient}&code=manual-review"))
    return [task for task in tasks if "koordineringsteam" in task.get("description", "")]


def test_stranger_learns_of_no_plan_and_ke_hears_once(rest: Rest) -> None:
    """SR-29: the same answer with and without a plan; the koordinerende enhet gets one Task."""
    one = circle(rest, "sr29")
    one.keeps(one.patient("01911560042"), 1)
    answers = []
    for number in ("01911560042", "15821470134"):
        identifier = [{"system": NATIONAL, "value": number}]
        own = one.asks("POST", "Patient", one.stranger, {"resourceType": "Patient", "identifier": identifier})
        assert own.status_code == 201, own.text
        patient = f"Patient/{own.json()['id']}"
        for _ in range(2):
            answer = one.asks("POST", "CarePlan", one.stranger, _new_plan(one, patient))
            assert (answer.status_code, code(answer)) == (403, "no-consent")
            answers.append(answer.text)
        other = one.asks("POST", "CarePlan", one.who("ke", "stranger"), _new_plan(one, patient))
        assert other.text == answers[0]
        about = one.ref("Patient", "person") if number == "01911560042" else patient
        assert len(_reviews(rest, about)) == 1
    assert len(set(answers)) == 1
    (task,) = _reviews(rest, one.ref("Patient", "person"))
    assert task["owner"] == {"reference": one.ref("Organization", "ke")}
    assert task["status"] == "requested"
    assert one.reads(f"Task/{task['id']}", one.stranger).status_code == 404
    assert one.reads(f"Task/{task['id']}", one.ke).status_code == 200


def test_coordinator_is_told_which_plan_there_is(family: Circle) -> None:
    answer = family.asks("POST", "CarePlan", family.coordinator, _new_plan(family, family.ref("Patient", "person")))
    assert (answer.status_code, code(answer)) == (409, "duplicate-plan")
    assert family.plan in answer.text


# Emergency access


def test_emergency_opens_one_person_and_is_told(rest: Rest) -> None:
    one = circle(rest, "emergency")
    glass = one.who("service", "stranger", purpose="BTG", reason="Ingen annen kilde, haster")
    answer = one.reads(one.plan, glass)
    assert answer.status_code == 200
    assert answer.content == rest.get(one.plan).content
    found = matches(one.reads(f"Goal?patient={one.id('person')}", glass))
    assert len(found) == 2
    person = one.ref("Patient", "person")
    said = matches(rest.get(f"Communication?subject={person}&category=notification"))
    emergency = [one for one in said if "Nødtilgang" in one["payload"][0]["contentString"]]
    recipients = {message["recipient"][0]["reference"] for message in emergency}
    assert recipients == {person, one.ref("Organization", "ke")}
    assert len(emergency) == 2  # once a day, however many requests
    audits = matches(rest.get(f"AuditEvent?patient={person}&_count=100"))
    marked = [a for a in audits if a.get("purposeOfEvent", [{}])[0].get("text") == "Ingen annen kilde, haster"]
    assert len(marked) == 2
    assert marked[0]["purposeOfEvent"][0]["coding"][0]["code"] == "BTG"
    assert one.reads(one.plan, one.who("service", "stranger")).status_code == 404
    assert len(matches(one.reads(f"Communication?subject={person}", one.who("person", person=person)))) >= 1


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "CarePlan"), ("GET", "CarePlan?patient=a,b"), ("GET", "CarePlan?patient=Group/1"), ("POST", "CarePlan"),
     ("DELETE", "{plan}"), ("GET", "_history"), ("POST", "")],
)  # fmt: skip
def test_emergency_is_about_one_person(family: Circle, method: str, path: str) -> None:
    glass = family.who("service", "stranger", purpose="BTG", reason="Hast")
    body = None if method == "GET" else {"resourceType": "CarePlan"}
    answer = family.asks(method, path.format(plan=family.plan), glass, body)
    assert (answer.status_code, code(answer)) == (400, "bad-request")
    assert "one person" in answer.text


def test_emergency_about_nobody_is_told_as_always(family: Circle) -> None:
    glass = family.who("service", "stranger", purpose="BTG", reason="Hast")
    assert family.reads("CarePlan/nowhere", glass).status_code == 404
    assert family.reads(family.ref("Organization", "ke"), glass).status_code == 200
    assert json.loads(family.reads("Patient/nowhere/CarePlan", glass).text).get("entry") is None
