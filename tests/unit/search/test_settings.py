"""Parameters about the answer.  https://hl7.org/fhir/R4/search.html#return"""

import pytest

from fhir_service.resources import SERVED, resource_type
from fhir_service.search import parameters
from fhir_service.search.query import ParameterType, Sort
from fhir_service.search.settings import ONCE
from tests.unit.search.asked import query, refusals


@pytest.mark.parametrize(
    ("rtype", "key", "ptype"),
    [
        ("Observation", "value-quantity", ParameterType.QUANTITY),
        ("RiskAssessment", "probability", ParameterType.QUANTITY),
        ("ValueSet", "url", ParameterType.REFERENCE),
        ("Patient", "family", ParameterType.STRING),
        ("Patient", "phonetic", ParameterType.STRING),
        ("Patient", "birthdate", ParameterType.DATE),
        ("Patient", "gender", ParameterType.TOKEN),
        ("Patient", "organization", ParameterType.REFERENCE),
        ("Patient", "_id", None),
        ("Patient", "_profile", ParameterType.REFERENCE),
    ],
)
def test_every_type_that_has_an_order_can_be_sorted_by(rtype: str, key: str, ptype: ParameterType | None) -> None:
    assert query(rtype, ("_sort", f"-{key}")).sort == (Sort(key, ptype, descending=True),)


@pytest.mark.parametrize(
    ("rtype", "value"),
    [("Location", "near"), ("Observation", "code-value-quantity"), ("Patient", "_score"), ("Patient", "subject.name")],
)
def test_what_has_no_order_is_not_sorted_by(rtype: str, value: str) -> None:
    assert refusals(rtype, ("_sort", value)) == [("bad-parameter-value", "_sort")]


@pytest.mark.parametrize("rtype", SERVED)
def test_what_is_told_to_be_sortable_is(rtype: str) -> None:
    for code, parameter in parameters(rtype).items():
        if parameter.sortable and code in (resource_type(rtype).sorts or {code}):
            assert query(rtype, ("_sort", code)).sort


def test_the_log_is_sorted_by_time_only() -> None:
    """ADR 0026: events lie in several places and are merged by time."""
    assert query("AuditEvent", ("_sort", "-date")).sort
    assert refusals("AuditEvent", ("_sort", "date,agent")) == [("bad-parameter-value", "_sort")]


@pytest.mark.parametrize("value", ["true", "text", "data", "false"])
def test_summary_is_about_the_answer(value: str) -> None:
    found = query("Patient", ("_summary", value))
    assert (found.count, found.total, found.used) == (50, False, (("_summary", value),))


def test_summary_of_the_count_is_a_page_of_none() -> None:
    found = query("Patient", ("_summary", "count"))
    assert (found.count, found.total) == (0, True)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("_elements", "id,status,name.family"),
        ("_contained", "false"),
        ("_containedType", "container"),
        ("_total", "none"),
    ],
)
def test_settings_that_change_nothing_are_kept_in_self(name: str, value: str) -> None:
    found = query("Patient", (name, value))
    assert (found.used, found.criteria, found.total) == (((name, value),), (), False)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("_summary", "all"),
        ("_elements", "id,"),
        ("_elements", "a b"),
        ("_contained", "true"),
        ("_contained", "both"),
        ("_containedType", "contained"),
        ("_containedType", "x"),
        ("_total", "maybe"),
        ("_count", "-1"),
        ("_count", "+1"),
    ],
)
def test_other_values_are_refused(name: str, value: str) -> None:
    assert refusals("Patient", (name, value)) == [("bad-parameter-value", name)]


@pytest.mark.parametrize("name", sorted(ONCE))
def test_setting_takes_no_modifier(name: str) -> None:
    assert refusals("Patient", (f"{name}:x", "1")) == [("unknown-modifier", f"{name}:x")]


def test_thousand_criteria_or_sort_keys_are_refused() -> None:
    """Issue text of a server that was busy for 20 minutes: SR-8."""
    assert refusals("Patient", *[("name", "a")] * 1000) == [("bad-parameter-value", "Patient")]
    assert refusals(None, *[("_id", "a")] * 1000) == [("bad-parameter-value", "")]
    assert refusals("Patient", ("_sort", ",".join(["name"] * 1000))) == [("bad-parameter-value", "_sort")]
