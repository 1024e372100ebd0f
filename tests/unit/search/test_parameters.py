"""Which search parameters are served, type by type."""

from typing import Any

import pytest

from fhir_service.resources import SERVED
from fhir_service.search import extract, includes, parameters, types_of_patients
from fhir_service.search.parameters import _Definition, _parameter
from fhir_service.search.path_syntax import UnsupportedExpressionError
from fhir_service.search.paths import compile_path
from fhir_service.search.query import ParameterType, Prefix
from profiles.definitions import resource_types, search_parameters


@pytest.mark.parametrize("rtype", sorted(resource_types()))
def test_every_expression_of_r4_compiles(rtype: str) -> None:
    """The served list is a setting (decision 33): any type may be in it."""
    for parameter in search_parameters(rtype).values():
        assert compile_path(rtype, parameter.expression), parameter.code


@pytest.mark.parametrize("rtype", sorted(resource_types()))
def test_every_parameter_of_r4_is_served(rtype: str) -> None:
    assert search_parameters(rtype).keys() <= parameters(rtype).keys()


@pytest.mark.parametrize("rtype", SERVED)
def test_parameters_of_every_resource_are_served(rtype: str) -> None:
    assert parameters(rtype).keys() >= {"_id", "_lastUpdated", "_tag", "_profile", "_security", "_source"}


def test_own_parameters_stand_beside_those_of_r4() -> None:
    """workflow.md 9"""
    assert parameters("CarePlan")["next-review"].type is ParameterType.DATE
    assert parameters("CarePlan")["managing-municipality"].targets == ("Organization",)
    assert parameters("Task")["due"].type is ParameterType.DATE
    assert parameters("CareTeam")["coordinator"].targets == ("Practitioner", "PractitionerRole")
    assert parameters("Flag")["status"].type is ParameterType.TOKEN
    assert parameters("Flag")["status"].url.startswith("https://knutepunkt.no/fhir/SearchParameter/")


def test_shared_definition_keeps_the_targets_of_the_type_only() -> None:
    """R4 defines `patient` once for many types, some of which may point to a Group."""
    assert parameters("CarePlan")["patient"].targets == ("Patient",)
    assert parameters("CarePlan")["subject"].targets == ("Group", "Patient")
    assert parameters("Encounter")["practitioner"].targets == ("Practitioner",)


def test_uri_is_served_as_an_address() -> None:
    profile = parameters("CarePlan")["_profile"]
    assert (profile.type, profile.declared, profile.is_reference) == (ParameterType.REFERENCE, "uri", False)


def test_includes_are_the_references() -> None:
    assert {"CarePlan:care-team", "CarePlan:goal", "CarePlan:managing-municipality"} <= set(includes("CarePlan"))
    assert "CarePlan:_profile" not in includes("CarePlan")
    assert includes("Binary") == ()


def test_unknown_type_has_no_parameters() -> None:
    assert parameters("Nothing") == {}
    assert includes("Nothing") == ()


def test_comparators_are_told_where_values_have_an_order() -> None:
    assert parameters("Patient")["birthdate"].comparators == tuple(Prefix)
    assert parameters("Observation")["value-quantity"].comparators == tuple(Prefix)
    assert parameters("RiskAssessment")["probability"].comparators == tuple(Prefix)
    assert parameters("Patient")["name"].comparators == ()


def test_single_is_what_makes_one_row_at_most() -> None:
    assert parameters("Observation")["status"].single
    assert parameters("Observation")["subject"].single
    assert not parameters("Observation")["code"].single
    assert not parameters("Patient")["name"].single
    assert not parameters("Patient")["_id"].single


def test_extension_is_found_by_its_value() -> None:
    """R4 names the extension where it means what it says."""
    url = "http://hl7.org/fhir/StructureDefinition/observation-geneticsGene"
    gene = {"url": url, "valueCodeableConcept": {"coding": [{"system": "s", "code": "g"}]}}
    tokens = extract({"resourceType": "Observation", "extension": [gene, {"url": "http://else"}]}).tokens
    assert ("gene-identifier", "s", "g") in tokens


def test_first_entry_of_a_bundle_is_found_by_its_type_and_id() -> None:
    def bundle(entry: Any) -> set[tuple[str, str, str, str]]:
        return set(extract({"resourceType": "Bundle", "entry": [{"resource": entry}]}).references)

    assert bundle({"resourceType": "Composition", "id": "7"}) == {("composition", "Composition", "7", "")}
    assert bundle({"resourceType": "MessageHeader", "id": "7"}) == {("message", "MessageHeader", "7", "")}
    for other in ({"resourceType": "Patient", "id": "7"}, {"resourceType": "Composition"}, 7, {"resourceType": []}):
        assert bundle(other) == set()


def test_parameter_that_can_find_nothing_is_an_error() -> None:
    definition = _Definition("x", "date", "Patient.name", (), "http://x")
    with pytest.raises(UnsupportedExpressionError):
        _parameter("Patient", definition)


def test_types_that_belong_to_patients_are_known() -> None:
    assert {"Observation", "Task", "AdverseEvent"} <= set(types_of_patients())
    assert "Organization" not in types_of_patients()
