"""Searches over several types, and within compartments.  https://hl7.org/fhir/R4/http.html#vsearch"""

import pytest

from fhir_service.resources import SERVED
from fhir_service.search.query import (
    AnyOf,
    Criterion,
    DateValue,
    ParameterType,
    ReferenceValue,
    SearchQuery,
    Sort,
    TokenValue,
    TypeSearch,
)
from fhir_service.search.scope import members
from profiles.definitions import compartments
from tests.unit.search.asked import condition, query, refusals, told

PATIENT = ("Patient", "7")
TOKEN, REFERENCE = ParameterType.TOKEN, ParameterType.REFERENCE
MINE = ReferenceValue("Patient", "7")


def test_search_over_everything_is_about_all_that_is_served() -> None:
    found = query(None, ("_lastUpdated", "gt2026"))
    assert (found.rtype, found.criteria) == ("", ())
    assert tuple(one.rtype for one in found.among) == SERVED
    for one in found.among:
        (criterion,) = one.criteria
        assert isinstance(criterion, Criterion)
        assert isinstance(criterion.values[0], DateValue)


def test_type_narrows_to_the_types_named() -> None:
    found = query(None, ("_type", "Patient,Observation,Patient"), ("_id", "7"))
    by_id = Criterion("_id", TOKEN, (TokenValue(None, "7"),))
    assert found.among == (TypeSearch("Patient", (by_id,)), TypeSearch("Observation", (by_id,)))
    assert found.used == (("_type", "Patient,Observation,Patient"), ("_id", "7"))


@pytest.mark.parametrize("value", ["Nothing", "Patient,", "", "ValueSet|x"])
def test_type_has_to_be_served(value: str) -> None:
    assert refusals(None, ("_type", value)) == [("bad-parameter-value", "_type")]
    assert refusals(None, ("_type", "Group"), types=("Patient",)) == [("bad-parameter-value", "_type")]


def test_types_are_named_once() -> None:
    assert refusals(None, ("_type", "Patient"), ("_type", "Group")) == [("bad-parameter-value", "_type")]


def test_parameters_have_to_be_common_to_the_types() -> None:
    """http.html: only parameters that all the types have."""
    both = ("_type", "Observation,Encounter")
    found = query(None, both, ("patient", "Patient/7"), ("status", "finished"))
    assert [one.rtype for one in found.among] == ["Observation", "Encounter"]
    assert all(len(one.criteria) == 2 for one in found.among)
    assert refusals(None, both, ("value-quantity", "5")) == [("unknown-parameter", "value-quantity")]
    assert refusals(None, ("status", "final")) == [("unknown-parameter", "status")]
    text = told(None, both, ("value-quantity", "5"))
    assert "patient" in text and "_type" in text and "_sort" in text and "length" not in text
    assert refusals(None, both, ("patient:text", "x")) == [("unknown-modifier", "patient:text")]


def test_hint_is_told_once_for_all_types() -> None:
    found = query(None, ("_type", "Observation,Encounter"), ("status", "nowhere"))
    assert len(found.among) == 2
    assert refusals(None, ("_type", "Observation,Encounter"), ("_id", "a b")) == [("bad-parameter-value", "_id")]


def test_several_types_are_sorted_by_what_all_have() -> None:
    keys = query(None, ("_sort", "-_lastUpdated,_id")).sort
    assert keys == (Sort("_lastUpdated", None, descending=True), Sort("_id", None, descending=False))
    assert refusals(None, ("_type", "Patient"), ("_sort", "name")) == [("bad-parameter-value", "_sort")]


def test_search_over_nothing_else_is_still_a_search() -> None:
    assert query(None, types=("Patient",)) == SearchQuery("", among=(TypeSearch("Patient"),))


# Compartments


def test_compartment_is_one_of_its_parameters() -> None:
    """https://hl7.org/fhir/R4/compartmentdefinition-patient.html"""
    found = query("CarePlan", ("status", "active"), compartment=PATIENT)
    assert found.criteria == (
        AnyOf((Criterion("patient", REFERENCE, (MINE,)), Criterion("performer", REFERENCE, (MINE,)))),
        Criterion("status", TOKEN, (TokenValue(None, "active"),)),
    )
    assert found.used == (("status", "active"),)


def test_compartment_with_one_parameter_is_a_plain_criterion() -> None:
    (found,) = query("AllergyIntolerance", compartment=("RelatedPerson", "7")).criteria
    assert found == Criterion("asserter", REFERENCE, (ReferenceValue("RelatedPerson", "7"),))
    (found,) = query("Observation", compartment=("Encounter", "7")).criteria
    assert found == Criterion("encounter", REFERENCE, (ReferenceValue("Encounter", "7"),))


def test_what_is_never_in_the_compartment_is_not_found() -> None:
    assert query("Organization", compartment=PATIENT).criteria == (AnyOf(()),)
    found = query(None, ("_type", "Organization,Flag"), compartment=PATIENT).among
    assert found == (
        TypeSearch("Organization", (AnyOf(()),)),
        TypeSearch("Flag", (Criterion("patient", REFERENCE, (MINE,)),)),
    )


def test_resource_lies_in_its_own_compartment() -> None:
    by_id = Criterion("_id", TOKEN, (TokenValue(None, "7"),))
    (found,) = query("Patient", compartment=PATIENT).criteria
    assert found == AnyOf((by_id, Criterion("link", REFERENCE, (MINE,))))
    assert query("Encounter", compartment=("Encounter", "7")).criteria == (by_id,)
    assert query("Device", compartment=("Device", "7")).criteria == (by_id,)


def test_whole_compartment_is_all_types_that_may_lie_in_it() -> None:
    among = {one.rtype: one.criteria for one in query(None, compartment=PATIENT).among}
    assert {"Patient", "CarePlan", "Observation", "Task" if members("Patient", "Task") else "Flag"} <= among.keys()
    assert "Organization" not in among
    assert all(len(criteria) == 1 for criteria in among.values())


@pytest.mark.parametrize("about", compartments())
def test_every_compartment_of_r4_can_be_searched(about: str) -> None:
    assert about in {one.rtype for one in query(None, compartment=(about, "7")).among}


def test_parameters_stand_beside_the_compartment() -> None:
    assert (
        condition("CarePlan", "status", "active")
        in query("CarePlan", ("status", "active"), compartment=PATIENT).criteria
    )
