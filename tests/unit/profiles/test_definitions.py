"""What `profiles.definitions` tells about FHIR R4 4.0.1."""

import re

import pytest

from profiles.definitions import (
    DATA,
    Marks,
    codes,
    compartment,
    compartments,
    concepts,
    elements,
    hl7_table,
    invariants,
    kinds,
    marks,
    patient_compartment,
    pattern,
    resource_types,
    search_parameters,
    version,
)

VALUE_SET = "http://hl7.org/fhir/ValueSet/"


def test_every_resource_type_of_r4_is_known() -> None:
    assert version() == "4.0.1"
    assert len(resource_types()) == 146
    assert not resource_types() & {"Resource", "DomainResource", "HumanName", "MetadataResource"}


def test_file_stays_small() -> None:
    assert DATA.stat().st_size < 1_000_000


def test_element_tells_its_cardinality_types_targets_and_binding() -> None:
    by_path = {element.path: element for element in elements("CarePlan")}

    assert (by_path["status"].min, by_path["status"].max) == (1, 1)
    assert by_path["status"].binding == VALUE_SET + "request-status"
    assert by_path["category"].max is None
    assert by_path["subject"].types[0].targets == ("Group", "Patient")
    assert [t.code for t in by_path["activity.detail.scheduled[x]"].types] == ["Timing", "Period", "string"]
    assert by_path["id"].types[0].code == "id"


def test_repeated_content_names_its_source() -> None:
    assert next(e for e in elements("Bundle") if e.path == "entry.link").content == "Bundle.link"


def test_unknown_type_has_no_elements_parameters_or_rules() -> None:
    assert (elements("Plan"), dict(search_parameters("Plan")), invariants("Plan")) == ((), {}, ())


def test_required_codes_are_listed() -> None:
    assert codes(VALUE_SET + "administrative-gender") == {"male", "female", "other", "unknown"}
    assert ("http://terminology.hl7.org/CodeSystem/condition-clinical", "active") in (
        concepts(VALUE_SET + "condition-clinical") or ()
    )


@pytest.mark.parametrize("name", ["mimetypes", "currencies", "ucum-units", "unheard-of"])
def test_codes_that_cannot_be_listed_are_none(name: str) -> None:
    assert codes(VALUE_SET + name) is None
    assert concepts(VALUE_SET + name) is None


def test_every_other_required_binding_is_listed() -> None:
    required = {element.binding for name in kinds() for element in elements(name) if element.binding}
    open_sets = {VALUE_SET + name for name in ("mimetypes", "currencies", "ucum-units")}

    # variant types are LOINC's answer list, which the package does not hold
    assert {url for url in required if codes(url) is None} == open_sets | {"http://loinc.org/vs/LL379-9"}


def test_search_parameters_are_those_of_the_type_and_of_every_resource() -> None:
    found = search_parameters("CarePlan")

    assert {"_id", "_lastUpdated", "_profile", "_security", "_source", "_tag"} <= found.keys()
    assert {"category", "date", "patient", "status", "subject", "care-team"} <= found.keys()
    assert not found.keys() & {"_content", "_filter", "_query", "_text"}
    assert found["date"].expression == "CarePlan.period"
    assert found["patient"].expression == "CarePlan.subject.where(resolve() is Patient)"
    assert (found["subject"].type, found["subject"].targets) == ("reference", ("Group", "Patient"))
    assert found["_id"].expression == "Resource.id"


def test_every_parameter_has_an_expression_for_its_own_type_only() -> None:
    for rtype in resource_types():
        for parameter in search_parameters(rtype).values():
            assert parameter.expression, (rtype, parameter.code)
            named = set(re.findall(r"\b([A-Z][A-Za-z]+)\.[a-z]", parameter.expression)) & resource_types()
            assert named <= {rtype}, (rtype, parameter.code)


def test_composite_tells_its_components() -> None:
    assert len(search_parameters("Observation")["code-value-quantity"].components) == 2


def test_all_five_compartments_name_parameters_that_exist() -> None:
    assert compartments() == ("Device", "Encounter", "Patient", "Practitioner", "RelatedPerson")
    assert compartment("Encounter", "Observation") == ("encounter",)
    assert compartment("Organization", "Observation") == ()
    for about in compartments():
        for rtype in resource_types():
            assert set(compartment(about, rtype)) - {"{def}"} <= search_parameters(rtype).keys(), (about, rtype)


def test_patient_compartment_names_parameters_that_exist() -> None:
    assert patient_compartment("CarePlan") == ("patient", "performer")
    assert patient_compartment("Organization") == ()
    for rtype in resource_types():
        assert set(patient_compartment(rtype)) <= search_parameters(rtype).keys(), rtype


def test_invariant_tells_its_sentence_and_place() -> None:
    rule = next(r for r in invariants("CarePlan") if r.key == "cpl-3")

    assert (rule.severity, rule.path) == ("error", "CarePlan.activity")
    assert rule.human == "Provide a reference or detail, not both"


def test_pattern_of_a_primitive_is_a_regular_expression() -> None:
    assert re.fullmatch(pattern("id") or "", "a-1.B")
    assert pattern("HumanName") is None


def test_hl7_table_has_its_codes_whatever_their_case_and_none_where_it_is_not_listed() -> None:
    assert hl7_table("0007") == frozenset("acelnru")
    assert hl7_table("0296") is None


def test_marks_tell_what_a_summary_has_and_what_changes_the_meaning() -> None:
    plan = marks("CarePlan")
    assert {"id", "meta", "status", "subject"} <= plan.summary
    assert not {"activity", "contributor"} & plan.summary
    assert {"status", "intent", "implicitRules", "activity.detail.doNotPerform"} <= plan.modifiers
    assert marks("Sandwich") == Marks()
