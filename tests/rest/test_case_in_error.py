"""C11: a case that never was one is hidden from ordinary searches, and kept (workflow.md 4.2)."""

from profiles import names
from tests.rest.cases import Case
from tests.rest.circles import concept
from tests.rest.conftest import Rest, code, matches

ADMINISTRATOR = {"x-knutepunkt-role": "administrator"}
KE = {"x-knutepunkt-role": "ke", "x-knutepunkt-organization": "Organization/ke-5001"}


def test_case_in_error_is_found_by_its_status_only(rest: Rest) -> None:
    case = Case(rest, "error").begins()
    task = case.task
    case.headers = KE
    answer = case.puts(task, status="entered-in-error")
    assert (answer.status_code, code(answer)) == (403, "forbidden")
    case.headers = ADMINISTRATOR
    case.put(task, status="entered-in-error")
    need, person = case.ref("ServiceRequest", "need"), case.ref("Patient", "person")
    for criteria in (f"focus={need}", f"patient={person}", f"group-identifier={task['groupIdentifier']['value']}"):
        assert task["id"] not in [one["id"] for one in matches(rest.get(f"Task?{criteria}"))]
    found = rest.get(f"ServiceRequest?_id={need.partition('/')[2]}&_revinclude=Task:focus").json()["entry"]
    assert task["id"] not in [entry["resource"]["id"] for entry in found]
    assert task["id"] in [one["id"] for one in matches(rest.get("Task?status=entered-in-error"))]
    assert case.reads(f"Task/{task['id']}")["status"] == "entered-in-error"
    assert case.child("manual-review")["focus"]["reference"] == need  # INV-04: nobody works on the need


def test_decision_that_was_sent_is_no_error(rest: Rest) -> None:
    case = Case(rest, "noerror").decided()
    told = next(c for c in case.finds("Communication") if c["category"][0]["coding"][0]["code"] == "decision")
    case.put(told, status="in-progress")
    case.headers = ADMINISTRATOR
    answer = case.puts(case.task, status="entered-in-error")
    assert (answer.status_code, code(answer)) == (422, "rule")


def test_case_that_has_ended_is_told_what_may_come_next(rest: Rest) -> None:
    case = Case(rest, "ended").begins()
    case.headers = KE
    reason = concept(names.STATUS_REASON, "duplicate")
    duplicate = concept(names.KE_BUSINESS_STATUS, "duplicate")
    task = case.put(case.task, status="rejected", businessStatus=duplicate, statusReason=reason)
    registered = concept(names.KE_BUSINESS_STATUS, "registered")
    answer = case.puts(task, status="received", businessStatus=registered, statusReason=None)
    assert (answer.status_code, code(answer)) == (422, "illegal-transition")
