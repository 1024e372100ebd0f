"""Which search parameters are served, type by type."""

import pytest

from fhir_service.resources import SERVED
from fhir_service.search import includes, parameters
from fhir_service.search.paths import compile_path
from fhir_service.search.query import ParameterType
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
