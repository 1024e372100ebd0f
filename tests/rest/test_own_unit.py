"""A koordinerende enhet that a client registers itself is one, by reference and by number (domain.md 7)."""

import pytest

from profiles import names
from profiles.resource import Resource
from tests.rest.cases import Case
from tests.rest.circles import concept, to
from tests.rest.conftest import Rest

NUMBER = {"system": names.ENH, "value": "983544622"}
OTHER = {"system": names.ENH, "value": "889640782"}


def own_unit(case: Case, number: Resource) -> str:
    unit = case.keeps("Organization", "own", name="Koordinerende enhet", identifier=[number])
    return f"Organization/{unit['id']}"


@pytest.mark.parametrize("by", ["reference", "number"])
def test_case_belongs_to_the_unit_that_was_named(rest: Rest, by: str) -> None:
    case = Case(rest, f"own-{by}").begins()
    own = own_unit(case, NUMBER)
    named = {"reference": to(own), "number": {"identifier": NUMBER}}[by]
    case.keeps("Patient", "other", name=[{"family": "Prøvesen"}])
    subject = to(case.ref("Patient", "other"))
    case.keeps("ServiceRequest", "second", **case.need(value="2") | {"subject": subject, "performer": [named]})
    answer = rest.get(f"Task?focus={case.ref('ServiceRequest', 'second')}")
    [task] = [one["resource"] for one in answer.json()["entry"]]
    assert (task["owner"]["reference"], task["owner"]["display"]) == (own, "Koordinerende enhet")
    headers = {"x_knutepunkt_role": "ke", "x_knutepunkt_organization": own}
    received = task | {"status": "received", "businessStatus": concept(names.KE_BUSINESS_STATUS, "registered")}
    assert rest.put(received, **headers, if_match='W/"1"').status_code == 200


@pytest.mark.parametrize("by", ["valueReference", "valueIdentifier"])
def test_case_is_forwarded_to_the_unit_that_was_named(rest: Rest, by: str) -> None:
    case = Case(rest, f"forward-{by.lower()}").begins()
    own = own_unit(case, OTHER)
    target = {"valueReference": to(own), "valueIdentifier": OTHER}[by]
    output = [{"type": concept(names.TASK_OUTPUT, "forward-to"), by: target}]
    wrong = concept(names.STATUS_REASON, "wrong-municipality")
    forwarded = concept(names.KE_BUSINESS_STATUS, "forwarded")
    case.put(case.task, status="rejected", statusReason=wrong, businessStatus=forwarded, output=output)
    assert [t["owner"]["reference"] for t in case.finds("Task", status="requested")] == [own]


def test_who_tells_of_a_need_does_not_take_the_case_itself(rest: Rest) -> None:
    case = Case(rest, "grasps").begins()
    gp = case.ref("Organization", "gp")
    headers = {"x_knutepunkt_role": "notifier", "x_knutepunkt_organization": gp}
    who = {"system": names.FNR, "value": "15918512397"}
    case.keeps("Patient", "other", name=[{"family": "Prøvesen"}], identifier=[who])
    changed = {"subject": {"type": "Patient", "identifier": who}, "performer": [to(gp)]}
    need = {"resourceType": "ServiceRequest"} | case.need(value="2") | changed
    answer = rest.post(need, **headers)
    assert answer.status_code == 422
    [issue] = answer.json()["issue"]
    assert (issue["details"]["coding"][0]["code"], issue["expression"]) == ("not-routed", ["ServiceRequest.performer"])


def test_person_is_named_by_the_number_of_a_patient_in_the_same_transaction(rest: Rest) -> None:
    case = Case(rest, "newcomer").begins()
    who = {"system": names.FNR, "value": "15821470134"}
    changed = {"subject": {"type": "Patient", "identifier": who}}
    bundle = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {"resource": one, "request": {"method": "POST", "url": one["resourceType"]}}
            for one in (
                {"resourceType": "ServiceRequest", **case.need(value="2"), **changed},
                {"resourceType": "Patient", "identifier": [who], "name": [{"family": "Prøvesen"}]},
            )
        ],
    }
    answer = rest("POST", "", json=bundle)
    assert answer.status_code == 200, answer.text
    need, patient = (one["response"]["location"].split("/")[-3] for one in answer.json()["entry"])
    [task] = [one["resource"] for one in rest.get(f"Task?focus=ServiceRequest/{need}").json()["entry"]]
    assert task["for"]["reference"] == f"Patient/{patient}"
