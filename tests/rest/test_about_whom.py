"""Whom a resource is about: a person known here, however the reference is written (SR-14, decision 35)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fhir_service.settings import Settings
from profiles.resource import Resource
from tests.rest.conftest import BASE, Rest, opened_rest
from tests.unit.rules import world


@pytest.fixture(scope="module")
def rest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rest]:
    """A service that does not mind references to what it does not have: the world's others are not in it."""
    database: Path = tmp_path_factory.mktemp("about") / "k.db"
    settings = Settings(database=f"sqlite:///{database}", mllp="", base_url=BASE, referential_integrity=False)
    with opened_rest(settings, database) as client:
        yield client


def of(patient: str, resource: Resource) -> Resource:
    """A resource of the world's person, about `patient` and without the id it has there."""
    element = {"Consent": "patient", "Task": "for"}.get(resource["resourceType"], "subject")
    return {k: v for k, v in resource.items() if k != "id"} | {element: {"reference": patient}}


def test_a_plan_is_refused_when_its_person_is_not_known(rest: Rest) -> None:
    for subject in (
        {"reference": "Patient/nobody"},
        {"display": "Ukjent"},
        {"reference": "http://other.test/Patient/1"},
    ):
        answer = rest.post(of("", world.plan()) | {"subject": subject})
        assert answer.status_code == 422, answer.text
        assert answer.json()["issue"][0]["expression"] == ["CarePlan.subject"]


def test_what_is_about_a_deleted_patient_can_still_be_ended(rest: Rest) -> None:
    patient = rest.stored({"resourceType": "Patient"})
    reference = f"Patient/{patient['id']}"
    consent = rest.stored(of(reference, world.consent()))
    assert rest("DELETE", reference).status_code == 204
    ended = rest.put(consent | {"status": "inactive"}, if_match='W/"1"')
    assert ended.status_code == 200, ended.text
    assert rest.post(of(reference, world.consent())).status_code == 422


def test_a_reference_with_this_servers_address_is_one_of_ours(rest: Rest) -> None:
    patient = rest.stored({"resourceType": "Patient"})
    need = of(f"{BASE}/Patient/{patient['id']}", world.need())
    need["performer"] = [{"reference": f"{BASE}/Organization/ke-5031"}]
    stored = rest.stored(need)
    found = rest.get(f"Task?focus=ServiceRequest/{stored['id']}").json()["entry"][0]["resource"]
    assert found["for"] == {"reference": f"Patient/{patient['id']}"}
    assert found["owner"]["reference"] == "Organization/ke-5031"
