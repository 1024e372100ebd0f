"""What is current about a person, what a plan lacks, and how a change to it is carried over (workflow.md 6, 7.2)."""

import json
from typing import Any

import httpx
import pytest

from profiles import names
from profiles.resource import Resource
from tests.rest.cases import UNITS, Case
from tests.rest.circles import circle, concept, to
from tests.rest.conftest import FHIR_JSON, Rest, code, matches
from tests.rest.operating import called, outputs, parameter, parts

ZONE: Resource = {"resourceType": "CarePlan", "status": "draft", "intent": "plan", "subject": {"display": "x"}}
"""A plan that is no individual one (decision 10)."""


def included(answer: httpx.Response) -> list[str]:
    found = answer.json().get("entry", ())
    return sorted({e["resource"]["resourceType"] for e in found if e["search"]["mode"] == "include"})


def test_current_plan_comes_with_what_belongs_to_it(rest: Rest) -> None:
    case = Case(rest, "current").planned()
    plan = to(case.ref("CarePlan", "plan"))
    meeting: Resource = {
        "status": "finished", "class": {"system": names.V3_ACT_CODE, "code": "AMB"}, "subject": case.person,
        "period": {"start": "2026-11-22T10:00:00+01:00", "end": "2026-11-22T11:00:00+01:00"},
        "type": [concept(names.MEETING_KIND, "samarbeidsmote")],
        "participant": [{"individual": to(case.ref("PractitionerRole", "kari"))}],
    }  # fmt: skip
    about = {"extension": [{"url": names.IP_PLAN, "valueReference": plan}]}
    for what, more in (("meeting", about), ("other", {})):
        case.keeps("Encounter", what, **meeting, **more)
    answer = rest.get(f"{case.ref('Patient', 'person')}/$current-plan")
    assert [one["id"] for one in matches(answer)] == ["current-plan"]
    assert answer.json()["total"] == 1
    assert included(answer) == ["CareTeam", "Consent", "Encounter", "Goal"]


def test_current_plan_is_that_of_the_person_whichever_record_is_asked_for(rest: Rest) -> None:
    number = {"identifier": [{"system": names.FNR, "value": "15918512397"}]}
    case = Case(rest, "records").planned()
    case.put(case.reads(case.ref("Patient", "person")), **number)
    second = rest.stored({"resourceType": "Patient", **number})
    assert [one["id"] for one in matches(rest.get(f"Patient/{second['id']}/$current-plan"))] == ["records-plan"]


def test_current_plan_of_nobody_is_none(rest: Rest) -> None:
    assert rest.get("Patient/nobody/$current-plan").status_code == 404
    patient = rest.stored({"resourceType": "Patient"})
    empty = rest.get(f"Patient/{patient['id']}/$current-plan")
    assert (matches(empty), empty.json()["total"]) == ([], 0)
    rest("DELETE", f"Patient/{patient['id']}")
    assert rest.get(f"Patient/{patient['id']}/$coordinator").status_code == 404


def test_current_plan_is_shown_as_the_caller_sees_it(rest: Rest) -> None:
    made = circle(rest, "cur")
    answer = made.reads(f"{made.ref('Patient', 'person')}/$current-plan", made.school)
    [plan] = matches(answer)
    assert [one["id"] for one in plan["activity"]] == ["read"]
    assert "hemmelig" not in answer.text
    assert made.reads(f"{made.ref('Patient', 'person')}/$current-plan", made.stranger).status_code == 404


def test_coordinator_is_told_with_phone_and_unit(rest: Rest) -> None:
    case = Case(rest, "phone").planned()
    role = case.reads(case.ref("PractitionerRole", "kari"))
    case.keeps("Practitioner", "kari", name=[{"given": ["Kari"], "family": "Berg"}])
    phone = [{"system": "phone", "value": "72 00 00 01"}]
    case.put(role, practitioner=to(case.ref("Practitioner", "kari")), telecom=phone)
    answer = rest.get(f"{case.ref('Patient', 'person')}/$coordinator")
    told = {"name": "Kari Berg", "role": "Koordinator", "phone": "72 00 00 01", "unit": "unit"}
    assert parts(answer, "coordinator") == [told]
    assert outputs(answer) == {"plan-exists": True}


def test_hospital_learns_who_coordinates_and_not_whether_there_is_a_plan(rest: Rest) -> None:
    made = circle(rest, "stay")
    asked = f"{made.ref('Patient', 'person')}/$coordinator"
    hospital = made.who("notifier", "hospital")
    made.keeps({"resourceType": "Organization", "id": made.id("hospital"), "name": "hospital"})
    assert made.reads(asked, hospital).status_code == 404
    made.keeps({
        "resourceType": "Encounter", "id": made.id("stay"), "status": "in-progress",
        "class": {"system": names.V3_ACT_CODE, "code": "IMP"}, "subject": to(made.ref("Patient", "person")),
        "serviceProvider": to(made.ref("Organization", "hospital")), "period": {"start": "2026-11-01"},
    })  # fmt: skip
    answer = made.reads(asked, hospital)
    assert [one["unit"] for one in parts(answer, "coordinator")] == ["unit"]
    assert outputs(answer) == {}
    assert outputs(made.reads(asked, made.school)) == {"plan-exists": True}
    assert made.reads(asked, made.stranger).status_code == 404


def test_plan_is_known_not_to_exist(rest: Rest) -> None:
    patient = rest.stored({"resourceType": "Patient"})
    answer = rest.get(f"Patient/{patient['id']}/$coordinator")
    assert (parts(answer, "coordinator"), outputs(answer)) == ([], {"plan-exists": False})


def test_completeness_tells_each_slot(rest: Rest) -> None:
    case = Case(rest, "complete").planned()
    answer = rest.get(f"{case.ref('CarePlan', 'plan')}/$completeness")
    slots = {one["id"]: one for one in parts(answer, "slot")}
    assert len(slots) == 13
    assert outputs(answer)["score"] == 1
    assert {one for one, slot in slots.items() if slot["mandatory"]} == {
        "goals", "measures", "measure-responsible", "coordinator", "review", "consent"
    }  # fmt: skip
    assert slots["goals"] == {
        "id": "goals", "fulfilled": True, "mandatory": True, "path": "CarePlan.goal", "text": slots["goals"]["text"]
    }  # fmt: skip
    assert not slots["plan-period"]["fulfilled"]


def test_completeness_of_a_plan_without_a_responsible_names_the_activity(rest: Rest) -> None:
    case = Case(rest, "lacks").planned(active=False)
    plan = case.reads(case.ref("CarePlan", "plan"))
    activity = {"id": "a3", "detail": {"status": "scheduled", "description": "x"}}
    case.put(plan, activity=[*plan["activity"], activity])
    answer = rest.get(f"{case.ref('CarePlan', 'plan')}/$completeness")
    [empty] = [one for one in parts(answer, "slot") if one["mandatory"] and not one["fulfilled"]]
    assert (empty["id"], empty["path"]) == ("measure-responsible", "CarePlan.activity[2].detail.performer")
    assert outputs(answer)["score"] == 0.83


@pytest.mark.parametrize(("name", "query"), [("$completeness", ""), ("$diff", "?from=1&to=2")])
def test_plan_that_is_not_there_is_not_found(rest: Rest, name: str, query: str) -> None:
    assert rest.get(f"CarePlan/none/{name}{query}").status_code == 404


def test_completeness_is_of_an_individual_plan_that_is_there(rest: Rest) -> None:
    zone = rest.stored(ZONE)
    assert code(rest.get(f"CarePlan/{zone['id']}/$completeness")) == "rule"
    rest("DELETE", f"CarePlan/{zone['id']}")
    assert rest.get(f"CarePlan/{zone['id']}/$completeness").status_code == 410


# $diff


def test_diff_tells_what_changed_who_did_it_and_when(rest: Rest) -> None:
    case = Case(rest, "diff").planned()
    case.headers = {"x-knutepunkt-role": "ke", "x-knutepunkt-organization": UNITS["ke"]}
    case.headers["x-knutepunkt-reason"] = "Eget navn"
    plan = case.put(case.reads(case.ref("CarePlan", "plan")), title="Min plan")
    del case.headers["x-knutepunkt-reason"]
    activity = [{**one, "detail": {**one["detail"], "status": "in-progress"}} for one in plan["activity"][:1]]
    last = case.put(plan, activity=[*activity, *plan["activity"][1:]])
    answer = rest.get(f"CarePlan/diff-plan/$diff?from=2&to={last['meta']['versionId']}")
    title, status = parts(answer, "change")
    assert (title["path"], title["old"], title["new"]) == ("CarePlan.title", "Individuell plan", "Min plan")
    assert (title["who"], title["when"]) == (to(UNITS["ke"]), plan["meta"]["lastUpdated"])
    assert (title["why"], status.get("why")) == ("Eget navn", None)
    assert status["path"] == "CarePlan.activity.where(id='a1').detail.status"
    assert status["when"] == last["meta"]["lastUpdated"]


def test_diff_names_the_last_that_changed_a_path_and_why(rest: Rest) -> None:
    case = Case(rest, "why").planned()
    plan = case.reads(case.ref("CarePlan", "plan"))
    one = case.put(plan, note=[{"text": "a"}], period={"start": "2026-11-22", "end": "2027-01-01"})
    two = case.put({k: v for k, v in one.items() if k not in ("note", "period")}, period={"start": "2026-11-20"})
    version = two["meta"]["versionId"]
    rest.stored({
        "resourceType": "Provenance", "recorded": two["meta"]["lastUpdated"],
        "target": [to(f"CarePlan/why-plan/_history/{version}")], "reason": [{"text": "Etter møtet"}],
        "agent": [{"who": {"display": "x"}}],
    })  # fmt: skip
    rest.stored({
        "resourceType": "Provenance", "recorded": two["meta"]["lastUpdated"],
        "target": [to("CarePlan/why-plan/_history/3")], "agent": [{"who": {"display": "x"}}],
    })  # fmt: skip
    [period] = parts(rest.get(f"CarePlan/why-plan/$diff?from=2&to={version}"), "change")
    assert (period["path"], period["old"], period["new"]) == ("CarePlan.period.start", "2026-11-22", "2026-11-20")
    assert (period["why"], period["when"]) == ("Etter møtet", two["meta"]["lastUpdated"])
    assert period["who"] == {"display": "Client"}
    noted = parts(rest.get("CarePlan/why-plan/$diff?from=2&to=3"), "change")
    assert not any("Etter møtet" in one.get("why", "") for one in noted)
    assert [(c["path"], "old" in c) for c in noted] == [("CarePlan.period.end", False), ("CarePlan.note", False)]
    assert json.loads(noted[1]["new"]) == [{"text": "a"}]


@pytest.mark.parametrize(
    ("query", "status", "expected"),
    [
        ("from=2&to=2", 400, "bad-parameter-value"),
        ("from=3&to=1", 400, "bad-parameter-value"),
        ("from=x&to=2", 400, "bad-parameter-value"),
        ("to=2", 400, "required"),
        ("from=1&to=9999", 422, "too-costly"),
        ("from=1&to=7", 404, "not-found"),
    ],
)
def test_diff_is_between_versions_that_there_are(rest: Rest, query: str, status: int, expected: str) -> None:
    rest.put(
        {"resourceType": "CarePlan", "id": "two", "status": "draft", "intent": "plan", "subject": {"display": "x"}}
    )
    answer = rest.get(f"CarePlan/two/$diff?{query}")
    assert (answer.status_code, code(answer)) == (status, expected)


def test_diff_of_what_is_seen_says_nothing_of_the_rest(rest: Rest) -> None:
    made = circle(rest, "dif")
    plan = rest.get(made.plan).json()
    hidden = [{**one, "detail": {**one["detail"], "status": "completed"}} for one in plan["activity"]]
    made.keeps({**made.care_plan(), "status": "active", "activity": hidden}, int(plan["meta"]["versionId"]))
    asked = f"{made.plan}/$diff?from={plan['meta']['versionId']}&to={int(plan['meta']['versionId']) + 1}"
    seen = made.reads(asked, made.school)
    assert [one["path"] for one in parts(seen, "change")] == ["CarePlan.activity.where(id='read').detail.status"]
    assert "hemmelig" not in seen.text


# $rebase


def rebased(rest: Rest, mine: Resource, base: str, **headers: str) -> httpx.Response:
    given = [parameter("base", valueString=base), {"name": "resource", "resource": mine}]
    return called(rest, f"CarePlan/{mine['id']}/$rebase", *given, **headers)


def merged(answer: httpx.Response) -> Resource:
    assert answer.status_code == 200, answer.text
    return next(one["resource"] for one in answer.json()["parameter"] if one["name"] == "merged")


def with_status(plan: Resource, rid: str, status: str) -> list[Resource]:
    changed: list[Resource] = [
        {**one, "detail": {**one["detail"], "status": status}} if one["id"] == rid else one for one in plan["activity"]
    ]
    return changed


def test_two_who_edit_different_things_lose_nothing(rest: Rest) -> None:
    """Scenario 4 of workflow.md 12."""
    case = Case(rest, "scenario4").planned()
    plan = case.reads(case.ref("CarePlan", "plan"))
    case.put(plan, activity=with_status(plan, "a1", "in-progress"), goal=[*plan["goal"], to("Goal/scenario4-goal")][:2])
    mine = {**plan, "activity": with_status(plan, "a2", "completed"), "description": "Det viktigste for meg"}
    late = case.puts(mine)
    assert (late.status_code, code(late)) == (412, "stale-version")
    assert "mergeable=true" in late.text
    before = case.reads(case.ref("CarePlan", "plan"))

    answer = rebased(rest, mine, plan["meta"]["versionId"])
    candidate = merged(answer)
    assert parts(answer, "conflict") == []
    assert case.reads(case.ref("CarePlan", "plan")) == before
    assert candidate["meta"]["versionId"] == before["meta"]["versionId"]

    done = case.put(candidate)
    assert [one["detail"]["status"] for one in done["activity"]] == ["in-progress", "completed"]
    assert done["description"] == "Det viktigste for meg"


def test_both_who_edit_the_same_are_told_where(rest: Rest) -> None:
    case = Case(rest, "same").planned()
    plan = case.reads(case.ref("CarePlan", "plan"))
    case.put(plan, title="Deres", activity=with_status(plan, "a1", "in-progress"))
    mine: dict[str, Any] = {**plan, "title": "Min", "activity": with_status(plan, "a1", "completed")}
    late = case.puts(mine)
    assert "mergeable=false" in late.text
    answer = rebased(rest, mine, f'W/"{plan["meta"]["versionId"]}"')
    title, status = parts(answer, "conflict")
    assert title == {"path": "CarePlan.title", "base": "Individuell plan", "mine": "Min", "theirs": "Deres"}
    assert status["path"] == "CarePlan.activity.where(id='a1').detail.status"
    assert merged(answer)["title"] == "Deres"
    paths = [one["expression"][0] for one in late.json()["issue"][1:]]
    assert paths == ["CarePlan.title", "CarePlan.activity.where(id='a1').detail.status"]


def test_school_rebases_what_it_sees(rest: Rest) -> None:
    made = circle(rest, "reb")
    seen = made.reads(made.plan, made.school).json()
    whole = rest.get(made.plan).json()
    walked = with_status(whole, "walk", "in-progress")
    made.keeps({**made.care_plan(), "status": "active", "activity": walked}, int(whole["meta"]["versionId"]))
    mine = {**seen, "activity": with_status(seen, "read", "in-progress")}
    answer = rebased(rest, mine, seen["meta"]["versionId"], **made.school)
    candidate = merged(answer)
    assert "hemmelig" not in answer.text
    put = made.put(candidate, int(candidate["meta"]["versionId"]), made.school)
    assert put.status_code == 200, put.text
    told = {one["id"]: one["detail"]["status"] for one in rest.get(made.plan).json()["activity"]}
    assert told == {"walk": "in-progress", "read": "in-progress", "open": "scheduled"}
    other = {**mine, "meta": {**mine["meta"], "security": [{**mine["meta"]["security"][-1], "id": "view-other"}]}}
    stale = rebased(rest, other, seen["meta"]["versionId"], **made.school)
    assert (stale.status_code, code(stale)) == (412, "stale-version")


@pytest.mark.parametrize(
    ("base", "more", "status", "expected"),
    [
        ("x", {}, 400, "bad-parameter-value"),
        ("7", {}, 400, "bad-parameter-value"),
        ("1", {"id": "other"}, 400, "id-mismatch"),
    ],
)
def test_rebase_needs_a_version_that_there_is(
    rest: Rest, base: str, more: Resource, status: int, expected: str
) -> None:
    plan = {
        "resourceType": "CarePlan",
        "id": "rebased",
        "status": "draft",
        "intent": "plan",
        "subject": {"display": "x"},
    }
    rest.put(plan)
    body = {"resourceType": "Parameters", "parameter": [
        parameter("base", valueString=base), {"name": "resource", "resource": plan | more}]}  # fmt: skip
    answer = rest("POST", "CarePlan/rebased/$rebase", json=body, headers=FHIR_JSON)
    assert (answer.status_code, code(answer)) == (status, expected)
    assert rest("POST", "CarePlan/none/$rebase", json={**body, "parameter": [
        parameter("base", valueString="1"), {"name": "resource", "resource": {**plan, "id": "none"}}]},
        headers=FHIR_JSON).status_code == 404  # fmt: skip
