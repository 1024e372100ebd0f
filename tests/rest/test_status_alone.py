"""A client that only moves the status of a case, or only puts the decision, takes the step (workflow.md 4.2, 6.1)."""

import pytest

from profiles import names
from profiles.resource import Resource
from tests.rest.cases import Case, version
from tests.rest.circles import concept
from tests.rest.conftest import Rest


def business(case: Resource) -> str:
    return str(case["businessStatus"]["coding"][0]["code"])


def moved(case: Case, status: str, **more: Resource) -> str:
    case.put(case.task, status=status, **more)
    return business(case.task)


def reason(code: str) -> Resource:
    return concept(names.STATUS_REASON, code)


def test_status_alone_says_how_far_the_case_is(rest: Rest) -> None:
    case = Case(rest, "alone").begins()
    path = f"Task/{case.task['id']}"
    patched = rest.patch(path, [{"op": "replace", "path": "/status", "value": "received"}], **version(case.task))
    assert (patched.status_code, business(case.task)) == (200, "registered")
    assert moved(case, "accepted") == "awaiting-consent"
    case.consent("plan-creation")
    assert moved(case, "in-progress") == "under-assessment"
    assert moved(case, "on-hold", statusReason=reason("awaiting-information")) == "awaiting-information"
    assert moved(case, "in-progress") == "under-assessment"


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({}, "decided"),
        ({"plan": "declined-by-person"}, "decided"),
        ({"coordinator": "declined-by-person", "plan": "declined-by-person"}, "declined-by-person"),
    ],
)
def test_outputs_alone_decide_the_case(rest: Rest, answers: dict[str, str], expected: str) -> None:
    case = Case(rest, f"outputs-{len(answers)}").assessed()
    case.put(case.task, output=case.decision(**answers))
    assert business(case.task) == expected
    assert case.child("send-feedback")["status"] == "requested"
    assert case.finds("DocumentReference")
    if expected == "decided":
        assert moved(case, "on-hold", statusReason=reason("awaiting-information")) == "awaiting-information"
        assert moved(case, "in-progress") == "decided"


def test_half_a_decision_is_none(rest: Rest) -> None:
    case = Case(rest, "half").assessed()
    case.put(case.task, output=case.decision()[:1])
    assert business(case.task) == "under-assessment"


@pytest.mark.parametrize(
    ("status", "why", "expected"),
    [("rejected", "duplicate", "duplicate"), ("cancelled", "person-deceased", "person-deceased")],
)
def test_reason_says_how_the_case_ends(rest: Rest, status: str, why: str, expected: str) -> None:
    case = Case(rest, f"ends-{status}").begins()
    assert moved(case, status, statusReason=reason(why)) == expected


def test_business_status_that_is_stated_is_judged(rest: Rest) -> None:
    case = Case(rest, "stated").begins()
    decided = concept(names.KE_BUSINESS_STATUS, "decided")
    assert case.puts(case.task, status="received", businessStatus=decided).status_code == 422
    assert case.puts(case.task, status="rejected").status_code == 422
