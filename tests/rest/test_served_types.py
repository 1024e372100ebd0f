"""What is offered is a setting; a type without a module of its own works at once (decision 33)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fhir_service.settings import Settings
from profiles.resource import Resource
from tests.rest.conftest import BASE, FHIR_JSON, Rest, code, matches, opened_rest

WEIGHT = {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]}


@pytest.fixture(scope="module")
def chosen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rest]:
    """A service that offers these three types only."""
    file: Path = tmp_path_factory.mktemp("served") / "k.db"
    types = ("Observation", "Patient", "Practitioner")
    with opened_rest(Settings(database=f"sqlite:///{file}", mllp="", base_url=BASE, served_types=types), file) as rest:
        yield rest


def observation(patient: Resource, **elements: object) -> Resource:
    subject = {"reference": f"Patient/{patient['id']}"}
    made = {"resourceType": "Observation", "status": "final", "code": WEIGHT, "subject": subject}
    return made | {"effectiveDateTime": "2026-11-20"} | elements


def test_statement_lists_what_is_chosen_and_nothing_else(chosen: Rest) -> None:
    listed = {r["type"]: r for r in chosen.get("metadata").json()["rest"][0]["resource"]}
    assert list(listed) == ["Observation", "Patient", "Practitioner"]
    codes = {p["name"] for p in listed["Observation"]["searchParam"]}
    assert {"patient", "subject", "code", "date", "status", "category", "performer"} <= codes


def test_observation_is_made_read_changed_and_found(chosen: Rest) -> None:
    patient = chosen.stored({"resourceType": "Patient"})
    made = chosen.stored(observation(patient, valueQuantity={"value": 71.50, "unit": "kg"}))
    chosen.stored(observation(chosen.stored({"resourceType": "Patient"})))
    read = chosen.get(f"Observation/{made['id']}")
    assert (read.status_code, read.headers["etag"]) == (200, 'W/"1"')
    changed = chosen.put(made | {"status": "amended"}, if_match='W/"1"')
    assert (changed.status_code, changed.json()["meta"]["versionId"]) == (200, "2")
    for asked in ("code=http://loinc.org|29463-7", "date=2026-11-20", "status=amended", "code:missing=false"):
        found = matches(chosen.get(f"Observation?patient={patient['id']}&{asked}"))
        assert [r["id"] for r in found] == [made["id"]], asked
    assert matches(chosen.get(f"Observation?subject=Patient/{patient['id']}&status=final")) == []
    together = chosen.get(f"Observation?_id={made['id']}&_include=Observation:subject").json()["entry"]
    assert [e["resource"]["resourceType"] for e in together] == ["Observation", "Patient"]
    assert chosen("DELETE", f"Observation/{made['id']}").status_code == 204


def test_wrong_observation_is_refused_with_its_place(chosen: Rest) -> None:
    answer = chosen.post({"resourceType": "Observation", "status": "finale", "code": WEIGHT})
    assert answer.status_code in (400, 422)
    assert answer.json()["issue"][0]["expression"] == ["Observation.status"]


def test_what_is_not_offered_is_not_found_but_stored_all_the_same(chosen: Rest) -> None:
    """The units that the service knows, and the audit of every write, are kept whatever is offered."""
    answer = chosen.get("Organization/ke-5001")
    assert (answer.status_code, code(answer)) == (404, "not-found")
    refused = chosen("POST", "Task", json={"resourceType": "Task"}, headers=FHIR_JSON)
    assert (refused.status_code, code(refused)) == (404, "not-found")
    patient = chosen.stored({"resourceType": "Patient", "managingOrganization": {"reference": "Organization/ke-5001"}})
    together = chosen.get(f"Patient?_id={patient['id']}&_include=Patient:organization").json()["entry"]
    assert [e["resource"]["id"] for e in together] == [patient["id"], "ke-5001"]
