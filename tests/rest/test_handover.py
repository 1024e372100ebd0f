"""A plan goes to another municipality, by $handover and by plain REST (workflow.md 4.10; scenario 12)."""

from typing import Any

import httpx
import pytest

from profiles import names
from profiles.resource import Resource
from tests.rest.cases import UNITS, Case, version
from tests.rest.circles import concept, to
from tests.rest.conftest import FHIR_JSON, Rest, code, issue, matches
from tests.rest.operating import parameter

CODE = {
    "coding": [{"system": names.KE_TASK_CODE, "code": "handover-plan"}, {"system": names.TASK_CODE, "code": "fulfill"}]
}
DUE = {"period": {"end": "2099-01-01T00:00:00+01:00"}}


def ke(unit: str) -> dict[str, str]:
    return {"x-knutepunkt-role": "ke", "x-knutepunkt-organization": UNITS[unit]}


def asks(case: Case, **elements: Any) -> httpx.Response:
    """A plain Task handover-plan."""
    task = {
        "resourceType": "Task", "status": "requested", "intent": "order",
        "code": CODE, "for": case.person, "restriction": DUE, **elements,
    }  # fmt: skip
    return case.rest("POST", "Task", json=task, headers={"content-type": "application/fhir+json"} | case.headers)


def offers(case: Case, **elements: Any) -> httpx.Response:
    """The municipality that has the plan offers it."""
    own: dict[str, Any] = {
        "focus": to(case.ref("CarePlan", "plan")),
        "requester": to(UNITS["ke"]),
        "owner": to(UNITS["other-ke"]),
    }
    return asks(case, **(own | elements))


def wants(case: Case, **elements: Any) -> httpx.Response:
    """The municipality that the person moves to asks for the plan."""
    own = {"requester": to(UNITS["other-ke"]), "owner": to(UNITS["ke"])}
    return asks(case, **(own | elements))


def handover(case: Case) -> Resource:
    return case.child("handover-plan")


def handed_over(case: Case, **headers: str) -> httpx.Response:
    given = [
        parameter("to", valueReference=to(UNITS["other-ke"])),
        parameter("consent", valueReference=to(case.ref("Consent", "transfer"))),
        parameter("note", valueString="Flytter i januar"),
    ]
    return case.called(case.reads(case.ref("CarePlan", "plan")), "$handover", *given, **headers)


def managed_by(plan: Resource) -> str:
    [told] = [e for e in plan["extension"] if e["url"] == names.IP_MANAGING_MUNICIPALITY]
    return str(told["valueReference"]["reference"])


@pytest.mark.parametrize("road", ["operation", "rest", "asked"])
def test_accepted_handover_keeps_the_one_plan(rest: Rest, road: str) -> None:
    case = Case(rest, f"moves-{road}").planned()
    case.consent("transfer", actor="other-ke")
    before = case.reads(case.ref("CarePlan", "plan"))
    road_taken = {"operation": handed_over, "rest": offers, "asked": wants}[road](case)
    assert road_taken.status_code in (200, 201), road_taken.text
    assert [managed_by(plan) for plan in case.current] == [UNITS["ke"]]

    case.headers = ke("ke" if road == "asked" else "other-ke")
    done = case.put(handover(case), status="accepted")
    case.headers = {}

    assert done["status"] == "completed"
    assert done["output"][0]["valueReference"] == to(case.ref("CarePlan", "plan"))
    [plan] = case.current
    assert (plan["id"], plan["status"], managed_by(plan)) == (before["id"], "active", UNITS["other-ke"])
    assert plan["identifier"] == before["identifier"]
    history = rest.get(f"{case.ref('CarePlan', 'plan')}/_history").json()["entry"]
    assert [one["resource"]["status"] for one in history] == ["active", "active", "draft"]
    team = case.reads(case.ref("CareTeam", "team"))
    assert (team["status"], team["managingOrganization"]) == ("suspended", [to(UNITS["other-ke"])])
    assert [p["member"]["reference"] for p in team["participant"] if "end" not in p["period"]] == [
        case.ref("Patient", "person"), UNITS["other-ke"]
    ]  # fmt: skip
    search = case.child("appoint-coordinator")
    assert (search["status"], search["owner"]) == ("requested", to(UNITS["other-ke"]))
    assert not case.finds("Task", code=f"{names.KE_TASK_CODE}|change-coordinator", status="requested")


def test_new_municipality_sees_the_plan_when_it_is_theirs_and_appoints(rest: Rest) -> None:
    case = Case(rest, "then").planned()
    case.consent("transfer")
    case.headers = ke("ke")
    assert handed_over(case).status_code == 200
    case.headers = ke("other-ke")
    assert case.rest("GET", case.ref("CarePlan", "plan"), headers=case.headers).status_code == 404
    case.put(handover(case), status="accepted")
    case.keeps("PractitionerRole", "new", organization=to(case.ref("Organization", "unit")))
    appointed = case.called(
        case.child("appoint-coordinator"), "$appoint-coordinator",
        parameter("coordinator", valueReference=to(case.ref("PractitionerRole", "new"))),
        *(parameter(name, valueBoolean=True) for name in ("person-accepts", "unit-confirms")),
    )  # fmt: skip
    assert appointed.status_code == 200, appointed.text
    seen = case.rest("GET", case.ref("CarePlan", "plan"), headers=case.headers).json()
    assert (seen["author"], managed_by(seen)) == (to(case.ref("PractitionerRole", "new")), UNITS["other-ke"])
    assert case.reads(case.ref("CareTeam", "team"))["status"] == "active"


def test_operation_makes_the_task_that_post_makes(rest: Rest) -> None:
    by_post, by_operation = Case(rest, "by-post").planned(), Case(rest, "by-op").planned()
    for case in (by_post, by_operation):
        case.consent("transfer")
    answer = handed_over(by_operation)
    assert [one["resourceType"] for one in matches(answer)] == ["Task"]
    assert offers(by_post).status_code == 201
    assert by_operation.state() == by_post.state(by_operation.name)
    task = handover(by_operation)
    assert task["note"] == [{"text": "Flytter i januar"}]
    assert task["input"][0]["valueReference"] == to(by_operation.ref("Consent", "transfer"))


@pytest.mark.parametrize("consent", [None, "rejected", "another"])
def test_nothing_is_handed_over_without_consent(rest: Rest, consent: str | None) -> None:
    case = Case(rest, f"without-{consent}").planned()
    if consent == "rejected":
        case.consent("transfer", status="rejected")
    elif consent:
        case.consent("transfer", actor="ke")
    before = case.state()
    refused = offers(case)
    assert (refused.status_code, code(refused), issue(refused)["expression"]) == (422, "rule", ["Task.input"])
    if consent:
        assert code(handed_over(case)) == "rule"
    assert case.state() == before
    assert wants(case).status_code == 201
    accepted = case.puts(handover(case), status="accepted")
    assert (accepted.status_code, code(accepted)) == (422, "rule")
    assert managed_by(case.current[0]) == UNITS["ke"]


def test_consent_that_is_named_must_be_the_one(rest: Rest) -> None:
    case = Case(rest, "named").planned()
    case.consent("transfer")
    named = {"type": concept(names.TASK_INPUT, "consent"), "valueReference": to(case.ref("Consent", "plan-creation"))}
    assert code(offers(case, input=[named])) == "rule"


def test_only_who_has_the_plan_offers_it_and_only_who_is_asked_accepts(rest: Rest) -> None:
    case = Case(rest, "roles").planned()
    case.consent("transfer")
    case.headers = ke("other-ke")
    taken = offers(case)  # who does not see the plan hears that there is none
    assert (taken.status_code, code(taken)) == (422, "dangling-reference")
    case.headers = ke("ke")
    assert offers(case).status_code == 201
    own = case.puts(handover(case), status="accepted")
    assert (own.status_code, code(own)) == (403, "forbidden")


def test_plan_is_asked_for_in_ones_own_name_of_who_has_it(rest: Rest) -> None:
    case = Case(rest, "own-name").planned()
    case.consent("transfer")
    case.headers = ke("ke")
    assert code(wants(case)) == "forbidden"
    case.headers = {}
    assert wants(case, owner=to(UNITS["other-ke"])).status_code == 201
    accepted = case.puts(handover(case), status="accepted")
    assert (accepted.status_code, issue(accepted)["expression"]) == (422, ["Task.owner"])


@pytest.mark.parametrize("element", ["owner", "requester", "focus", "authoredOn"])
def test_who_is_asked_for_what_never_changes(rest: Rest, element: str) -> None:
    case = Case(rest, f"fixed-{element}").planned()
    case.consent("transfer")
    assert offers(case).status_code == 201
    other = "2020-01-01T00:00:00Z" if element == "authoredOn" else to(UNITS["ke"])
    task = handover(case)
    other = to(UNITS["other-ke"]) if element == "requester" else other
    refused = case.puts(task, **{element: None if element == "focus" else other})
    assert (refused.status_code, issue(refused)["expression"]) == (422, [f"Task.{element}"])


def test_handover_is_between_municipalities_and_of_a_plan(rest: Rest) -> None:
    case = Case(rest, "between").planned(active=False)
    case.consent("transfer")
    refused = wants(case, requester=to(case.ref("PractitionerRole", "kari")))
    assert issue(refused)["expression"] == ["Task.requester"]
    other = case.keeps("CarePlan", "zone", status="active", intent="plan", subject=case.person)
    assert issue(offers(case, focus=to("CarePlan/between-zone")))["expression"] == ["Task.focus"]
    given = [parameter("to", valueReference=to(UNITS["ke"])), parameter("consent", valueReference=to("Consent/none"))]
    assert issue(case.called(other, "$handover", *given))["expression"] == ["CarePlan.category"]


def test_plan_that_has_ended_is_not_taken_over(rest: Rest) -> None:
    case = Case(rest, "ended").planned(active=False)
    case.consent("transfer")
    assert offers(case).status_code == 201
    plan = case.reads(case.ref("CarePlan", "plan"))
    reason = {
        "url": names.IP_STATUS_REASON,
        "valueCodeableConcept": concept(names.STATUS_REASON, "abandoned"),
    }
    case.put(plan, status="revoked", extension=[*plan["extension"], reason])
    assert issue(case.puts(handover(case), status="accepted"))["expression"] == ["Task.focus"]


def test_coordinator_goes_along_where_there_is_no_plan(rest: Rest) -> None:
    case = Case(rest, "no-plan").appointed()
    case.consent("transfer")
    assert wants(case).status_code == 201
    done = case.put(handover(case), status="accepted")
    assert (done["status"], "output" in done) == ("completed", False)
    assert case.reads(case.ref("CareTeam", "team"))["managingOrganization"] == [to(UNITS["other-ke"])]


@pytest.mark.parametrize(("active", "status"), [(True, "completed"), (False, "revoked")])
def test_plan_that_does_not_come_along_ends(rest: Rest, active: bool, status: str) -> None:
    case = Case(rest, f"stays-{status}").planned(active=active)
    case.consent("transfer", status="rejected")
    assert wants(case).status_code == 201
    moved = concept(names.STATUS_REASON, "moved")
    case.headers = ke("other-ke")
    ended = case.puts(handover(case), status="cancelled", statusReason=moved)
    assert ended.status_code == 200, ended.text
    case.headers = {}
    assert case.current == []
    plan = case.reads(case.ref("CarePlan", "plan"))
    assert (plan["status"], plan["extension"][-1]["valueCodeableConcept"]["coding"][0]["code"]) == (status, "moved")
    team = case.reads(case.ref("CareTeam", "team"))
    assert team["status"] == "inactive"
    assert all("end" in p["period"] for p in team["participant"])
    assert not case.finds("Task", code=f"{names.KE_TASK_CODE}|change-coordinator")


def test_plan_stays_until_there_is_a_reason_to_end_it(rest: Rest) -> None:
    case = Case(rest, "until").planned()
    case.consent("transfer")
    moved = concept(names.STATUS_REASON, "moved")
    assert wants(case, authoredOn="2020-01-01T00:00:00Z").status_code == 201
    early = case.puts(handover(case), status="cancelled", statusReason=moved)
    assert (early.status_code, issue(early)["expression"]) == (422, ["Task.statusReason"])
    case.consent_of("transfer", "inactive")
    case.headers = ke("ke")
    assert code(case.puts(handover(case), status="cancelled", statusReason=moved)) == "forbidden"
    case.headers = {}
    assert case.puts(handover(case), status="cancelled").status_code == 200
    assert [plan["status"] for plan in case.current] == ["active"]


def test_offer_is_taken_back_without_ending_the_plan(rest: Rest) -> None:
    case = Case(rest, "offer").planned()
    case.consent("transfer")
    assert offers(case).status_code == 201
    refused = case.puts(handover(case), status="cancelled", statusReason=concept(names.STATUS_REASON, "moved"))
    assert (refused.status_code, issue(refused)["expression"]) == (422, ["Task.statusReason"])


def test_search_of_the_former_municipality_ends_with_the_handover(rest: Rest) -> None:
    case = Case(rest, "search-ends").planned()
    case.consent("transfer")
    team = case.reads(case.ref("CareTeam", "team"))
    old, *others = team["participant"]
    case.put(team, participant=[{**old, "period": {"start": "2026-11-22", "end": "2026-11-22"}}, *others])
    assert case.child("change-coordinator")["status"] == "requested"
    assert offers(case).status_code == 201
    case.put(handover(case), status="accepted")
    waiting = case.child("change-coordinator")
    assert (waiting["status"], waiting["statusReason"]["coding"][0]["code"]) == ("cancelled", "moved")
    assert case.child("appoint-coordinator")["owner"] == to(UNITS["other-ke"])


def test_there_is_one_plan_at_every_moment_of_the_handover(rest: Rest) -> None:
    """Scenario 12 of workflow.md 12: never zero or two current plans."""
    case = Case(rest, "moment").planned()
    case.consent("transfer")
    assert offers(case).status_code == 201
    task = handover(case)
    told = {"json": {**task, "status": "accepted"}, "headers": FHIR_JSON | version(task)}
    look = f"CarePlan?patient={case.ref('Patient', 'person')}&status=draft,active,on-hold"
    looks: list[tuple[str, str, dict[str, Any]]] = [("GET", look, {})] * 12
    answers = rest.together([*looks, ("PUT", f"Task/{task['id']}", told), *looks])
    assert answers[len(looks)].status_code == 200, answers[len(looks)].text
    assert {tuple(one["id"] for one in matches(a)) for a in answers if "entry" in a.json()} == {("moment-plan",)}
    assert all(a.json()["total"] == 1 for a in answers if a.json()["resourceType"] == "Bundle")
