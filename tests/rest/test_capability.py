"""If it is listed, it works (architecture.md 1.5); `tests/blackbox` calls every parameter, include and operation."""

import msgspec
import pytest

from fhir_service.resources import served_types
from profiles.resource import Resource
from profiles.validate import check
from tests.rest.conftest import BASE, FHIR_JSON, Rest


@pytest.fixture(scope="module")
def statement(rest: Rest) -> Resource:
    answer = rest.get("metadata")
    assert answer.status_code == 200
    told: Resource = msgspec.json.decode(answer.content)
    return told


def listed(statement: Resource) -> dict[str, Resource]:
    return {resource["type"]: resource for resource in statement["rest"][0]["resource"]}


def test_the_statement_is_valid_and_names_r4_and_this_endpoint(statement: Resource) -> None:
    assert check(statement, "CapabilityStatement") == ()
    assert statement["fhirVersion"] == "4.0.1"
    assert statement["implementation"]["url"] == BASE
    assert set(listed(statement)) == set(served_types())


def test_every_type_is_versioned_and_takes_conditional_creates(statement: Resource) -> None:
    for resource in listed(statement).values():
        assert resource["versioning"] == "versioned"
        assert resource["conditionalCreate"] is True


def test_every_condition_is_told(statement: Resource) -> None:
    patient, event = listed(statement)["Patient"], listed(statement)["AuditEvent"]
    assert (patient["conditionalRead"], patient["conditionalUpdate"]) == ("full-support", True)
    assert patient["conditionalDelete"] == "multiple"
    assert (event["conditionalUpdate"], event["conditionalDelete"]) == (False, "not-supported")


def test_what_is_served_above_the_types_is_told(statement: Resource) -> None:
    rest = statement["rest"][0]
    assert [i["code"] for i in rest["interaction"]] == ["transaction", "batch", "search-system", "history-system"]
    shared = {p["name"] for p in rest["searchParam"]}
    assert {"_id", "_lastUpdated", "_tag", "_text", "_content", "_has", "_list"} <= shared
    assert "http://hl7.org/fhir/CompartmentDefinition/patient" in rest["compartment"]
    assert all(o["definition"].startswith("http") for o in rest["operation"])


def test_what_refers_to_a_type_can_be_included(statement: Resource) -> None:
    patient = listed(statement)["Patient"]
    assert {"CarePlan:subject", "CarePlan:patient", "Task:patient"} <= set(patient["searchRevInclude"])
    assert "Patient:link" in patient["searchInclude"]


def test_parameters_tell_their_definition_and_modifiers(statement: Resource) -> None:
    status = next(p for p in listed(statement)["CarePlan"]["searchParam"] if p["name"] == "status")
    assert (status["type"], status["definition"]) == (
        "token",
        "http://hl7.org/fhir/SearchParameter/CarePlan-status",
    )
    assert ":not" in status["documentation"]


CALLS = {
    "read": ("GET", "{type}/never-there", 404),
    "vread": ("GET", "{type}/never-there/_history/1", 404),
    "search-type": ("GET", "{type}", 200),
    "history-instance": ("GET", "{type}/never-there/_history", 404),
    "history-type": ("GET", "{type}/_history", 200),
    "create": ("POST", "{type}", 400),
    "update": ("PUT", "{type}/never-there", 400),
    "patch": ("PATCH", "{type}/never-there", 400),
    "delete": ("DELETE", "{type}/never-there", 204),
}


@pytest.mark.parametrize("rtype", served_types())
def test_the_interactions_that_are_listed_are_those_that_are_served(
    rest: Rest, statement: Resource, rtype: str
) -> None:
    told = {i["code"] for i in listed(statement)[rtype]["interaction"]}
    for interaction, (method, path, expected) in CALLS.items():
        kind = {"content-type": "application/json-patch+json"} if method == "PATCH" else FHIR_JSON
        content = b"{}" if method in ("POST", "PUT", "PATCH") else b""
        answer = rest(method, path.format(type=rtype), content=content, headers=kind)
        refused = 404 if interaction.startswith("history") else 405  # nothing else is served at that address
        assert answer.status_code == (expected if interaction in told else refused), (interaction, answer.text)
