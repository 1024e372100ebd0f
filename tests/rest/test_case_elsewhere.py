"""A case at another koordinerende enhet opens no plan: that takes a handover (workflow.md 4.10; SR-27)."""

from typing import Any

from profiles import names
from profiles.resource import Resource
from tests.rest.cases import UNITS, Case
from tests.rest.circles import Circle, circle, concept, seen, to
from tests.rest.conftest import Rest, code, matches
from tests.rest.test_handover import offers

ELSEWHERE = "Organization/ke-4601"
NUMBER, OTHER_NUMBER, THIRD_NUMBER = "01911560042", "15821470134", "15918512397"
OTHER_KE = {"x-knutepunkt-role": "ke", "x-knutepunkt-organization": ELSEWHERE}


def _need(patient: str, value: str) -> Resource:
    return {
        "resourceType": "ServiceRequest", "status": "active", "intent": "proposal", "subject": to(patient),
        "authoredOn": "2026-11-20", "identifier": [{"system": "urn:oid:2.16.578.1.99", "value": value}],
        "category": [concept(names.REQUEST_CATEGORY, "need-notification")],
        "code": concept(names.REQUEST_KIND, "coordinated-services"), "requester": to(ELSEWHERE),
        "performer": [to(ELSEWHERE)],
        "extension": [{"url": names.IP_CONSENT_STATEMENT, "valueCode": "obtained-oral"}],
    }  # fmt: skip


def _told_elsewhere(one: Circle, number: str) -> str:
    """Whoever knows the number brings the person, and the need of them to itself; the Patient that it sees."""
    brought = {"resourceType": "Patient", "identifier": [{"system": names.FNR, "value": number}]}
    patient = one.asks("POST", "Patient", OTHER_KE, brought)
    assert patient.status_code == 201, patient.text
    literal = f"Patient/{patient.json()['id']}"
    need = one.asks("POST", "ServiceRequest", OTHER_KE, _need(literal, one.name))
    assert need.status_code == 201, need.text
    return literal


def _moves(one: Circle, case: Resource, status: str, business: str, **more: Any) -> Resource:
    """The case in another status, by whom it is at."""
    moved = case | {"status": status, "businessStatus": concept(names.KE_BUSINESS_STATUS, business)} | more
    answer = one.asks("PUT", f"Task/{case['id']}", OTHER_KE, moved, if_match=f'W/"{case["meta"]["versionId"]}"')
    assert answer.status_code == 200, answer.text
    return one.reads(f"Task/{case['id']}", OTHER_KE).json()


def _case(one: Circle, patient: str) -> Resource:
    [case] = matches(one.reads(f"Task?patient={patient}&code=assess-need", OTHER_KE))
    assert case["owner"]["reference"] == ELSEWHERE
    return case


def test_a_need_told_elsewhere_opens_nothing_of_the_plan(rest: Rest) -> None:
    """4.7: that there is one stands on the case when it is accepted (C4), and who coordinates is told."""
    one = circle(rest, "elsewhere")
    one.keeps(one.patient(NUMBER), 1)
    patient = _told_elsewhere(one, NUMBER)
    case = _moves(one, _moves(one, _case(one, patient), "received", "registered"), "accepted", "under-assessment")
    known = {entry["type"]["coding"][0]["code"]: entry["valueReference"]["reference"] for entry in case["input"]}
    assert known == {"current-plan": one.plan, "current-coordinator": one.ref("PractitionerRole", "kari")}
    for hidden in (one.plan, f"{one.plan}/_history", f"{one.plan}/_history/1", f"{one.plan}/$completeness",
                   one.ref("Goal", "reading"), one.ref("Consent", "plan-sharing")):  # fmt: skip
        assert one.reads(hidden, OTHER_KE).status_code == 404, hidden
    for rtype in ("CarePlan", "Goal", "Consent", "Encounter", "Flag"):
        assert matches(one.reads(f"{rtype}?patient={patient}", OTHER_KE)) == [], rtype
    assert matches(one.reads(f"{patient}/$current-plan", OTHER_KE)) == []
    assert one.id("") not in one.reads(f"Provenance?patient={patient}", OTHER_KE).text
    told = one.reads(f"{patient}/$coordinator", OTHER_KE).json()["parameter"]
    assert [part["name"] for part in told] == ["coordinator"]
    everything = one.reads(f"{patient}/$everything", OTHER_KE).text
    assert not [word for word in ("hemmelig", "Lese", "Individuell plan", "teacher") if word in everything]
    assert len(seen(one.reads(one.plan, one.ke).json())) == 3


def test_who_has_a_case_elsewhere_handles_it(rest: Rest) -> None:
    """The case is theirs as a whole, with all that is made for it, and the case of the other is not."""
    one = circle(rest, "handles")
    one.keeps(one.patient(THIRD_NUMBER), 1)
    patient = _told_elsewhere(one, THIRD_NUMBER)
    case = _moves(one, _case(one, patient), "received", "registered", note=[{"text": "Ringt"}])
    assert case["note"] == [{"text": "Ringt"}]
    assert "security" not in case["meta"]
    need = one.reads(case["focus"]["reference"], OTHER_KE)
    assert need.status_code == 200
    receipts = matches(one.reads(f"Communication?based-on={case['focus']['reference']}", OTHER_KE))
    assert [c["category"][0]["coding"][0]["code"] for c in receipts] == ["receipt"]
    consent = one.consent("transfer") | {"status": "proposed", "organization": [to(ELSEWHERE)]}
    assert one.asks("POST", "Consent", OTHER_KE, consent).status_code == 201
    plan = {name: value for name, value in one.care_plan().items() if name not in ("id", "meta", "goal")}
    answer = one.asks("POST", "CarePlan", OTHER_KE, plan | {"subject": to(patient)})
    assert (answer.status_code, code(answer)) == (403, "forbidden")  # there is a coordinator, who makes plans
    assert one.id("plan") not in answer.text


def test_who_has_a_case_elsewhere_takes_neither_plan_nor_team(rest: Rest) -> None:
    one = circle(rest, "taken")
    one.keeps(one.patient(OTHER_NUMBER), 1)
    _told_elsewhere(one, OTHER_NUMBER)
    read = one.reads(one.ref("CareTeam", "team"), OTHER_KE)
    assert [p["role"][0]["coding"][0]["code"] for p in read.json()["participant"]] == ["coordinator"]
    taken = read.json() | {"managingOrganization": [to(ELSEWHERE)]}
    answer = one.asks("PUT", one.ref("CareTeam", "team"), OTHER_KE, taken, if_match=read.headers["etag"])
    assert answer.status_code == 403, answer.text
    title = [{"op": "replace", "path": "/title", "value": "Vår"}]
    kind = {"content_type": "application/json-patch+json", "if_match": 'W/"2"'}
    told = [one.asks("PATCH", plan, OTHER_KE, title, **kind) for plan in (one.plan, "CarePlan/none")]
    assert (told[0].status_code, told[0].text) == (told[1].status_code, told[1].text)


def test_handover_opens_the_plan_and_closes_it_behind(rest: Rest) -> None:
    """4.10: the new municipality has plan and history; the old one keeps its own case."""
    case = Case(rest, "handed").planned()
    case.consent("transfer")
    old, new = ({"x-knutepunkt-role": "ke", "x-knutepunkt-organization": UNITS[one]} for one in ("ke", "other-ke"))
    plan, case_task = case.ref("CarePlan", "plan"), f"Task/{case.task['id']}"
    assert offers(case).status_code == 201
    assert [rest("GET", plan, headers=who).status_code for who in (old, new)] == [200, 404]
    case.headers = new
    case.put(case.child("handover-plan"), status="accepted")
    assert [rest("GET", plan, headers=who).status_code for who in (old, new)] == [404, 200]
    assert rest("GET", f"{plan}/_history", headers=old).status_code == 404
    kept = rest("GET", case_task, headers=old)
    assert (kept.status_code, kept.json()["status"]) == (200, "in-progress")
    assert "REDACTED" not in kept.text
