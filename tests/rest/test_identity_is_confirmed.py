"""C4: KE accepts a case when it knows who the person is; no national number is needed (workflow.md 4.2)."""

import pytest

from profiles import names
from tests.rest.cases import Case, version
from tests.rest.circles import concept
from tests.rest.conftest import FHIR_JSON, Rest, code

KE = {"x-knutepunkt-role": "ke", "x-knutepunkt-organization": "Organization/ke-5001"}
UNKNOWN = {"system": names.TAG, "code": "identity-unknown"}


@pytest.mark.parametrize("road", ["put", "meta-delete"])
def test_case_of_somebody_unknown_waits_for_who_it_is(rest: Rest, road: str) -> None:
    case = Case(rest, f"unknown{road}").begins()
    person = case.reads(case.ref("Patient", "person"))
    unknown = {**person, "meta": {"tag": [UNKNOWN]}}
    path = f"Patient/{person['id']}"
    assert rest("PUT", path, json=unknown, headers=FHIR_JSON).status_code == 200
    case.headers = KE
    case.moves("received", "registered")
    accepted = {"status": "accepted", "businessStatus": concept(names.KE_BUSINESS_STATUS, "awaiting-consent")}
    answer = case.puts(case.task, **accepted)
    assert (answer.status_code, code(answer)) == (422, "rule")
    assert answer.json()["issue"][0]["expression"] == ["Task.for"]
    person = case.reads(case.ref("Patient", "person"))
    if road == "put":
        known = {k: v for k, v in person.items() if k != "meta"}
        taken = rest("PUT", f"Patient/{person['id']}", json=known, headers=FHIR_JSON | version(person) | KE)
    else:
        meta = {"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": {"tag": [UNKNOWN]}}]}
        taken = rest("POST", f"Patient/{person['id']}/$meta-delete", json=meta, headers=FHIR_JSON | KE)
    assert taken.status_code == 200, taken.text
    assert case.puts(case.task, **accepted).status_code == 200
