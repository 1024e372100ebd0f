"""What is searched for by a Patient is found by whichever record of the person is named (decision 27, 4.10)."""

import pytest

from profiles import names
from profiles.resource import Resource
from tests.rest.circles import Circle, circle, to
from tests.rest.conftest import FHIR_JSON, Rest, matches

NUMBER = "01911560042"


@pytest.fixture(scope="module", name="one")
def one_circle(rest: Rest) -> Circle:
    """A person with a record of another hospital, and one that was replaced in a merge."""
    made = circle(rest, "records")
    made.keeps(made.patient(NUMBER), 1)
    made.keeps(
        {"resourceType": "Patient", "id": made.id("second"), "identifier": [{"system": names.FNR, "value": NUMBER}]}
    )
    made.keeps({"resourceType": "Patient", "id": made.id("replaced"), "name": [{"family": "Uten"}]})
    made.keeps(
        {"resourceType": "Condition", "id": made.id("finding"), "subject": to(made.ref("Patient", "replaced"))}
        | {"meta": {"security": [{"system": names.SECTOR, "code": "school"}]}}
    )
    asked = [
        {"name": "source-patient", "valueReference": to(made.ref("Patient", "replaced"))},
        {"name": "target-patient", "valueReference": to(made.ref("Patient", "person"))},
    ]
    body = {"resourceType": "Parameters", "parameter": asked}
    assert rest("POST", "Patient/$merge", json=body, headers=FHIR_JSON).status_code == 200
    return made


RECORDS = ("person", "second", "replaced")
QUERIES = (
    "CarePlan?patient={}",
    "CarePlan?subject=Patient/{}&status=active",
    "Goal?patient=Patient/{}&_sort=_id",
    "CareTeam?subject={}",
    "Consent?patient={}",
    "Condition?patient={}",
    "Condition?subject:Patient={}",
    "Patient/{}/Goal",
    "Patient/{}/*?_type=Goal,CarePlan",
    "Goal?patient={},Patient/nobody",
    "Patient?_has:Goal:patient:patient={}",
    "CareTeam?_has:CarePlan:care-team:patient={}",
)


def _found(one: Circle, query: str, record: str, who: dict[str, str]) -> list[str]:
    return sorted(r["id"] for r in matches(one.reads(query.format(one.id(record)), who)))


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("caller", ["developer", "ke", "coordinator", "school", "person"])
def test_each_record_finds_all_of_the_person(one: Circle, query: str, caller: str) -> None:
    callers = {
        "developer": {},
        "ke": one.ke,
        "coordinator": one.coordinator,
        "school": one.school,
        "person": one.who(None, person=one.ref("Patient", "second")),
    }
    found = {record: _found(one, query, record, callers[caller]) for record in RECORDS}
    assert found["second"] == found["replaced"] == found["person"]
    assert found["person"] or (caller == "school" and query.startswith("Consent"))


def test_it_is_so_in_bundles_too(one: Circle) -> None:
    for kind in ("batch", "transaction"):
        entry = [
            {"request": {"method": "GET", "url": f"Goal?patient={one.id(record)}&_summary=count"}} for record in RECORDS
        ]
        answer = one.asks("POST", "", one.coordinator, {"resourceType": "Bundle", "type": kind, "entry": entry})
        assert [e["resource"]["total"] for e in answer.json()["entry"]] == [2, 2, 2], answer.text


def test_a_record_that_is_not_seen_stands_for_nobody(one: Circle) -> None:
    """Else whoever sees something of a person could ask which records are theirs (SR-29)."""
    hospital = one.who("notifier", "stranger")
    brought: Resource = {"resourceType": "Patient", "identifier": [{"system": names.FNR, "value": NUMBER}]}
    own = one.asks("POST", "Patient", hospital, brought).json()["id"]
    finding = {"resourceType": "Condition", "subject": to(f"Patient/{own}")}
    assert one.asks("POST", "Condition", hospital, finding).status_code == 201
    assert len(matches(one.reads(f"Condition?patient={own}", hospital))) == 1
    for record in (*RECORDS, "nobody"):
        assert matches(one.reads(f"Condition?patient={one.id(record)}", hospital)) == []
