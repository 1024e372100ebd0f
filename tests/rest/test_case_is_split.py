"""7.4: two notices joined in one case are split by the koordinerende enhet, by plain REST."""

from profiles import names
from profiles.resource import Resource
from tests.rest.cases import Case
from tests.rest.circles import concept, to
from tests.rest.conftest import FHIR_JSON, Rest, code

KE = {"x-knutepunkt-role": "ke", "x-knutepunkt-organization": "Organization/ke-5001"}


def own_case(case: Case, need: str) -> Resource:
    return {
        "resourceType": "Task", "status": "requested", "intent": "order",
        "code": concept(names.KE_TASK_CODE, "assess-need"),
        "businessStatus": concept(names.KE_BUSINESS_STATUS, "new"),
        "focus": to(case.ref("ServiceRequest", need)), "for": case.person, "owner": to("Organization/ke-5001"),
        "restriction": {"period": {"end": "2026-12-20"}},
    }  # fmt: skip


def test_later_need_gets_a_case_of_its_own(rest: Rest) -> None:
    case = Case(rest, "split").begins()
    case.keeps("ServiceRequest", "need2", **case.need(requester="unit", value="2"))
    first = case.task
    assert [i["valueReference"] for i in first["input"]] == [to(case.ref("ServiceRequest", "need2"))]
    answer = rest("POST", "Task", json=own_case(case, "need2"), headers=FHIR_JSON | KE)
    assert answer.status_code == 201, answer.text
    second = case.reads(f"Task/{answer.json()['id']}")
    assert second["groupIdentifier"]["value"] != first["groupIdentifier"]["value"]
    assert "input" not in case.reads(f"Task/{first['id']}")
    registered = concept(names.KE_BUSINESS_STATUS, "registered")
    case.put(second, status="received", businessStatus=registered)
    told = [c["recipient"] for c in case.finds("Communication")]
    assert told == [[to(case.ref("Organization", "unit"))]]


def test_need_with_an_open_case_gets_no_second_one(rest: Rest) -> None:
    case = Case(rest, "nosplit").begins()
    answer = rest("POST", "Task", json=own_case(case, "need"), headers=FHIR_JSON | KE)
    assert (answer.status_code, code(answer)) == (422, "rule")
