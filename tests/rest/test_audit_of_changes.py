"""What is asked for is one event, whatever follows from it (SR-33)."""

from typing import Any

from profiles.validate import check
from tests.rest.cases import Case
from tests.rest.circles import circle
from tests.rest.conftest import FHIR_JSON, Rest, code, matches
from tests.rest.operating import called, parameter
from tests.rest.persons import FNR, person
from tests.rest.test_audit import entity, events, kinds, patient


def beside(event: Any) -> list[str]:
    return [e["what"]["reference"] for e in event["entity"] if e["type"]["code"] == "4"]


def test_what_follows_from_a_change_is_told_in_its_event(rest: Rest) -> None:
    case = Case(rest, "one-event").begins()
    need, task = case.ref("ServiceRequest", "need"), f"Task/{case.task['id']}"
    (event,) = events(rest, f"entity={need}")
    assert events(rest, f"entity={task}") == [event]
    assert f"{task}/_history/1" in beside(event)
    assert entity(event, "2", "4")["what"]["reference"] == f"{need}/_history/1"
    assert [i for i in check(event, "AuditEvent") if i.refuses] == []
    assert rest.get(f"AuditEvent/{event['id']}").json() == event
    about = events(rest, f"patient={case.person['reference']}")
    assert [e["action"] for e in about].count("C") == 2  # the Patient, and the need with all that it brought
    assert event in about


def test_each_entry_of_a_transaction_that_writes_is_an_event(rest: Rest) -> None:
    rid = patient(rest)
    goal = {"resourceType": "Goal", "lifecycleStatus": "active", "description": {"text": "x"}}
    entries = [
        {"resource": {**goal, "subject": {"reference": f"Patient/{rid}"}}, "request": {"method": "POST", "url": "Goal"}}
        for _ in range(3)
    ]
    answer = rest("POST", "", json={"resourceType": "Bundle", "type": "transaction", "entry": entries})
    assert answer.status_code == 200, answer.text
    assert kinds(events(rest, f"patient={rid}")) == {"create": 4}


def test_an_operation_that_writes_is_one_event(rest: Rest) -> None:
    """Kept with what it has written: nothing else is needed for it (decision 25)."""
    rid = patient(rest)
    tag = parameter("meta", valueMeta={"tag": [{"system": "urn:x", "code": "seen"}]})
    assert called(rest, f"Patient/{rid}/$meta-add", tag).status_code == 200
    (event, _) = events(rest, f"patient={rid}")
    assert [s["code"] for s in event["subtype"]] == ["operation", "meta-add"]
    assert (event["action"], event["outcome"]) == ("E", "0")
    assert entity(event, "2", "4")["what"]["reference"] == f"Patient/{rid}/_history/2"


def test_an_operation_that_writes_much_is_one_event_and_both_are_of_the_person(rest: Rest) -> None:
    """Who they were is written with the merge (SR-14, decision 25)."""
    old, new = person(rest, (FNR, "15918512397")), person(rest, (FNR, "01911560042"))
    both = [
        parameter(f"{which}-patient", valueReference={"reference": f"Patient/{one['id']}"})
        for which, one in (("source", old), ("target", new))
    ]
    assert called(rest, "Patient/$merge", *both).status_code == 200
    told = [e for e in events(rest, f"patient={new['id']}") if e["subtype"][-1]["code"] == "merge"]
    assert len(told) == 1
    named = [e["what"].get("reference", "").partition("/_history")[0] for e in told[0]["entity"]]
    assert {f"Patient/{old['id']}", f"Patient/{new['id']}"} <= set(named)
    assert kinds(events(rest, f"patient={old['id']}&subtype=create")) == {"create": 2}


def test_emergency_access_is_one_event(rest: Rest) -> None:
    """The person and the koordinerende enhet are told by what it leaves behind; that is no other access."""
    one = circle(rest, "one-access")
    glass = one.who("service", "stranger", purpose="BTG", reason="Haster")
    assert one.reads(one.plan, glass).status_code == 200
    marked = events(rest, f"patient={one.ref('Patient', 'person')}&purpose=BTG")
    assert [(e["action"], e["subtype"][0]["code"]) for e in marked] == [("R", "read")]
    said = matches(rest.get(f"Communication?subject={one.ref('Patient', 'person')}&status=completed"))
    assert len(said) == 2


def test_a_refusal_that_tells_somebody_is_one_event(rest: Rest) -> None:
    one = circle(rest, "one-refusal")
    plan = {
        "resourceType": "CarePlan", "status": "draft", "intent": "plan",
        "subject": {"reference": one.ref("Patient", "person")},
        "category": rest.get(one.plan).json()["category"], "title": "Plan", "period": {"start": "2026-01-01"},
    }  # fmt: skip
    headers = FHIR_JSON | one.who("service", "school") | {"x-request-id": "told-to-ke"}
    answer = rest("POST", "CarePlan", json=plan, headers=headers)
    assert answer.status_code == 403, answer.text
    assert code(answer)
    told = {"identifier": {"value": "told-to-ke"}}
    found = [e for e in events(rest, "action=C,U&_count=200") if e["entity"][-1]["what"] == told]
    assert [e["outcomeDesc"] for e in found] == ["HTTP 403"]
