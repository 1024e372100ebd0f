"""A case at another koordinerende enhet opens no plan: that takes a handover (workflow.md 4.10; SR-27)."""

from profiles import names
from profiles.resource import Resource
from tests.rest.circles import Circle, circle, concept, seen, to
from tests.rest.conftest import Rest

ELSEWHERE = "Organization/ke-4601"
NUMBER, OTHER_NUMBER = "01911560042", "15821470134"
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


def test_a_need_told_elsewhere_shows_the_frame_of_the_plan_and_no_more(rest: Rest) -> None:
    one = circle(rest, "elsewhere")
    one.keeps(one.patient(NUMBER), 1)
    patient = _told_elsewhere(one, NUMBER)
    plan = one.reads(one.plan, OTHER_KE)
    assert plan.status_code == 200
    assert seen(plan.json()) == []
    told = plan.text + one.reads(f"{patient}/$everything", OTHER_KE).text + one.reads("Goal", OTHER_KE).text
    assert "hemmelig" not in told
    assert "Lese" not in told
    cases = one.reads(f"Task?patient={patient}&code=assess-need", OTHER_KE).json()["entry"]
    assert [case["resource"]["owner"]["reference"] for case in cases] == [ELSEWHERE]
    assert len(seen(one.reads(one.plan, one.ke).json())) == 3


def test_who_has_a_case_elsewhere_takes_neither_plan_nor_team(rest: Rest) -> None:
    one = circle(rest, "taken")
    one.keeps(one.patient(OTHER_NUMBER), 1)
    _told_elsewhere(one, OTHER_NUMBER)
    read = one.reads(one.ref("CareTeam", "team"), OTHER_KE)
    taken = read.json() | {"managingOrganization": [to(ELSEWHERE)]}
    answer = one.asks("PUT", one.ref("CareTeam", "team"), OTHER_KE, taken, if_match=read.headers["etag"])
    assert answer.status_code == 403, answer.text
    read = one.reads(one.plan, OTHER_KE)
    answer = one.asks("PUT", one.plan, OTHER_KE, read.json() | {"title": "Vår"}, if_match=read.headers["etag"])
    assert answer.status_code == 403, answer.text
    consent = one.consent("transfer") | {"status": "proposed"}
    assert one.asks("POST", "Consent", OTHER_KE, consent).status_code == 201
