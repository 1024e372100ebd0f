"""https://hl7.org/fhir/R4/search.html#reference, SR-14."""

from typing import Any

import pytest

from fhir_service.search import extract, patient_of
from fhir_service.search.query import ReferenceValue
from fhir_service.search.references import read, read_uri
from profiles.names import FNR

BASE = "http://localhost:8000/fhir"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Patient/7", ReferenceValue("Patient", "7")),
        ("Patient/7/_history/2", ReferenceValue("Patient", "7")),
        (f"{BASE}/Patient/7", ReferenceValue("Patient", "7")),
        (f"{BASE}/Patient/7/_history/2", ReferenceValue("Patient", "7")),
        ("http://else.where/Patient/7", ReferenceValue(None, "", "http://else.where/Patient/7")),
        ("urn:uuid:0c3151bd", ReferenceValue(None, "", "urn:uuid:0c3151bd")),
        ("7", ReferenceValue(None, "7")),
    ],
)  # fmt: skip
def test_reference_may_be_written_in_each_form(text: str, value: ReferenceValue) -> None:
    assert read(text, ("Group", "Patient"), BASE) == value


def test_id_alone_has_the_only_type_it_can_have() -> None:
    assert read("7", ("Patient",), BASE) == ReferenceValue("Patient", "7")


@pytest.mark.parametrize("text", ["Foo/7", "patient/7", "Patient/", "a b", "#p1", "http://a b", "Patient/7/x", "/"])
def test_other_texts_are_no_references(text: str) -> None:
    assert read(text, ("Patient",), BASE) is None


def test_address_is_taken_as_it_is() -> None:
    assert read_uri("http://a/b|1.0") == ReferenceValue(None, "", "http://a/b|1.0")
    assert read_uri("a b") is None


def rows(resource: dict[str, Any]) -> set[tuple[str, str, str, str]]:
    return set(extract(resource, BASE).references)


@pytest.mark.parametrize("literal", ["Patient/7", "Patient/7/_history/3", f"{BASE}/Patient/7"])
def test_reference_to_this_server_is_found_by_type_and_id(literal: str) -> None:
    found = rows({"resourceType": "CarePlan", "subject": {"reference": literal}})
    assert found == {("patient", "Patient", "7", ""), ("subject", "Patient", "7", "")}


def test_reference_elsewhere_is_found_by_its_address() -> None:
    literal = "http://else.where/fhir/Patient/7"
    found = rows({"resourceType": "CarePlan", "subject": {"reference": literal}})
    assert found == {("patient", "", "", literal), ("subject", "", "", literal)}


def test_base_that_only_begins_alike_is_elsewhere() -> None:
    literal = f"{BASE}2/Patient/7"
    assert ("subject", "", "", literal) in rows({"resourceType": "CarePlan", "subject": {"reference": literal}})


def test_subject_of_another_type_is_no_patient() -> None:
    assert rows({"resourceType": "CarePlan", "subject": {"reference": "Group/1"}}) == {("subject", "Group", "1", "")}


def test_contained_resource_is_not_indexed() -> None:
    assert rows({"resourceType": "CarePlan", "subject": {"reference": "#p"}}) == set()


def test_logical_reference_is_a_token_of_its_parameter() -> None:
    """SR-14: a person named by a national identifier only."""
    subject = {"identifier": {"system": FNR, "value": "15918512397"}}
    found = extract({"resourceType": "CarePlan", "subject": subject}, BASE)
    assert set(found.tokens) == {
        ("patient:identifier", FNR, "15918512397"),
        ("subject:identifier", FNR, "15918512397"),
    }
    assert found.references == ()


def test_literal_reference_with_an_identifier_is_found_by_both() -> None:
    subject = {"reference": "Patient/7", "identifier": {"system": FNR, "value": "15918512397"}}
    found = extract({"resourceType": "Encounter", "subject": subject}, BASE)
    assert ("patient", "Patient", "7", "") in found.references
    assert ("patient:identifier", FNR, "15918512397") in found.tokens


def test_identifier_of_somebody_who_may_be_a_practitioner_is_no_patient() -> None:
    """An AuditEvent's agent without a type may be anybody."""
    agent = {"who": {"identifier": {"system": FNR, "value": "15918512397"}}}
    names = {name for name, _, _ in extract({"resourceType": "AuditEvent", "agent": [agent]}, BASE).tokens}
    assert names == {"agent:identifier"}


def test_stated_type_decides_where_the_address_does_not() -> None:
    stated = {"reference": "urn:uuid:0c3151bd", "type": "Patient"}
    assert patient_of({"resourceType": "Encounter", "subject": stated}) == stated
    assert patient_of({"resourceType": "Encounter", "subject": stated | {"type": "Group"}}) is None


def test_canonical_is_found_with_and_without_its_version() -> None:
    found = rows({"resourceType": "CarePlan", "instantiatesCanonical": ["http://a/b|2", "http://a/c"]})
    assert found == {
        ("instantiates-canonical", "", "", "http://a/b|2"),
        ("instantiates-canonical", "", "", "http://a/b"),
        ("instantiates-canonical", "", "", "http://a/c"),
    }


def test_profile_and_source_are_addresses() -> None:
    found = rows({"resourceType": "Goal", "meta": {"profile": ["http://a/p"], "source": "http://a#1"}})
    assert found == {("_profile", "", "", "http://a/p"), ("_source", "", "", "http://a#1")}


@pytest.mark.parametrize("value", [None, 7, "Patient/7", [], {}, {"reference": 7}, {"identifier": 7}, [None]])
def test_values_of_another_shape_are_passed_over(value: Any) -> None:
    odd = {"subject": value, "careTeam": value, "instantiatesUri": [7], "instantiatesCanonical": [7]}
    found = extract({"resourceType": "CarePlan", **odd}, BASE)
    assert (found.references, found.tokens) == ((), ())
