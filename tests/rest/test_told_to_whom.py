"""What a refusal tells, and whom an emergency is told to: SR-27 and SR-29, workflow.md 4.7 rule 5 and 8."""

import json
from collections.abc import Callable

import httpx
import pytest

from profiles import names
from profiles.resource import Resource
from tests.rest.circles import Circle, circle
from tests.rest.conftest import NATIONAL, Rest, code, matches


@pytest.fixture(scope="module")
def family(rest: Rest) -> Circle:
    """One that no test changes."""
    return circle(rest, "family")


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


def _new_team(patient: str) -> Resource:
    return {
        "resourceType": "CareTeam", "status": "proposed", "subject": {"reference": patient},
        "category": [{"coding": [{"system": names.TEAM_CATEGORY, "code": "coordination"}]}],
    }  # fmt: skip


def _posted(one: Circle, patient: Resource) -> str:
    own = one.asks("POST", "Patient", one.stranger, patient)
    assert own.status_code == 201, own.text
    return f"Patient/{own.json()['id']}"


def _put(one: Circle, patient: Resource) -> httpx.Response:
    plan = {**_new_plan(one, _posted(one, patient)), "id": "put-by-stranger"}
    return one.asks("PUT", "CarePlan/put-by-stranger", one.stranger, plan)


def _conditional(one: Circle, patient: Resource) -> httpx.Response:
    plan = _new_plan(one, _posted(one, patient))
    return one.asks("POST", "CarePlan", one.stranger, plan, if_none_exist="identifier=urn:s|nowhere")


def _team(one: Circle, patient: Resource) -> httpx.Response:
    return one.asks("POST", "CareTeam", one.who("ke", "stranger"), _new_team(_posted(one, patient)))


def _transaction(one: Circle, patient: Resource) -> httpx.Response:
    place = "urn:uuid:5d2b3c1a-8d0e-4b57-9f39-1f0a5ad1c0aa"
    entries = [
        {"fullUrl": place, "request": {"method": "POST", "url": "Patient"}, "resource": patient},
        {"request": {"method": "POST", "url": "CarePlan"}, "resource": _new_plan(one, place)},
    ]
    return one.asks("POST", "", one.stranger, {"resourceType": "Bundle", "type": "transaction", "entry": entries})


def _patch(one: Circle, patient: Resource) -> httpx.Response:
    """A zone plan of theirs becomes an individual one."""
    plan = _new_plan(one, _posted(one, patient))
    zone = one.asks("POST", "CarePlan", one.stranger, {k: v for k, v in plan.items() if k != "category"})
    assert zone.status_code == 201, zone.text
    change = [{"op": "add", "path": "/category", "value": plan["category"]}]
    kind = "application/json-patch+json"
    return one.asks("PATCH", f"CarePlan/{zone.json()['id']}", one.stranger, change, content_type=kind)


@pytest.fixture(scope="module")
def numbered(rest: Rest) -> Circle:
    """One whose person has a help number."""
    one = circle(rest, "numbered")
    number = {"system": names.FHN, "value": "81234567802"}
    one.keeps({**one.patient(), "identifier": [number]}, 1)
    return one


@pytest.mark.parametrize("road", [_put, _conditional, _team, _transaction, _patch])
def test_stranger_learns_nothing_by_any_road(
    numbered: Circle, road: Callable[[Circle, Resource], httpx.Response]
) -> None:
    answers = set()
    for system, value in ((names.FHN, "81234567802"), (names.DNR, "55918512380")):
        answer = road(numbered, {"resourceType": "Patient", "identifier": [{"system": system, "value": value}]})
        assert (answer.status_code, code(answer)) == (403, "no-consent")
        answers.add(answer.text)
    assert len(answers) == 1


@pytest.mark.parametrize("role", ["coordinator", "ke", "service", "notifier"])
@pytest.mark.parametrize("headers", [{}, {"if_match": 'W/"2"'}, {"if_match": "*"}])
def test_put_to_a_hidden_plan_is_as_if_it_were_not_there(family: Circle, role: str, headers: dict[str, str]) -> None:
    patient = _posted(family, {"resourceType": "Patient"})
    who = family.who(role, "stranger")
    hidden, nowhere = (
        family.asks("PUT", path, who, {**_new_plan(family, patient), "id": path[9:]}, **headers)
        for path in (family.plan, "CarePlan/nowhere")
    )
    assert (hidden.status_code, hidden.text) == (nowhere.status_code, nowhere.text)
    assert hidden.status_code in (403, 412)


def test_coordinator_is_told_which_plan_there_is(family: Circle) -> None:
    answer = family.asks("POST", "CarePlan", family.coordinator, _new_plan(family, family.ref("Patient", "person")))
    assert (answer.status_code, code(answer)) == (409, "duplicate-plan")
    assert family.plan in answer.text


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
    marked = [a for a in audits if a["action"] in "RE" and "Ingen annen kilde, haster" in json.dumps(a)]
    assert len(marked) == 2
    assert {audit["purposeOfEvent"][0]["coding"][0]["code"] for audit in marked} == {"BTG"}
    assert one.reads(one.plan, one.who("service", "stranger")).status_code == 404
    for who in (one.ke, one.who("person", person=person)):
        told = matches(one.reads(f"Communication?subject={person}&category=notification", who))
        assert {message["id"] for message in emergency} <= {message["id"] for message in told}


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
