"""https://hl7.org/fhir/R4/search.html#quantity"""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_service.search import extract
from fhir_service.search.numbers import GREATEST, LEAST, after, key
from fhir_service.search.quantities import read
from fhir_service.search.query import Prefix

UCUM = "http://unitsofmeasure.org"
MG = {"system": UCUM, "code": "mg", "unit": "milligram"}
UNIT = (UCUM, "mg", "milligram")


def of(number: str) -> str:
    return key(Decimal(number))


@pytest.mark.parametrize(
    ("text", "prefix", "system", "code"),
    [
        # the examples of R4
        (f"5.4|{UCUM}|mg", Prefix.EQ, UCUM, "mg"),
        (f"5.40e-3|{UCUM}|g", Prefix.EQ, UCUM, "g"),
        ("5.4||mg", Prefix.EQ, None, "mg"),
        ("5.4", Prefix.EQ, None, None),
        (f"le5.4|{UCUM}|mg", Prefix.LE, UCUM, "mg"),
        (f"ap5.4|{UCUM}|mg", Prefix.AP, UCUM, "mg"),
        # and beyond
        (f"5.4|{UCUM}|", Prefix.EQ, UCUM, None),
        (r"5.4||m\|g\,", Prefix.EQ, None, "m|g,"),
    ],
)
def test_quantity_has_a_number_and_may_have_a_unit(
    text: str, prefix: Prefix, system: str | None, code: str | None
) -> None:
    found = read(text)
    assert found
    assert (found.prefix, found.system, found.code) == (prefix, system, code)


@pytest.mark.parametrize("text", ["", "|a|mg", "5.4|mg", "5.4|a|b|c", "x||mg", "5,4||mg"])
def test_other_texts_are_no_quantities(text: str) -> None:
    assert read(text) is None


def rows(rtype: str, **elements: Any) -> set[tuple[str, ...]]:
    return {row[1:] for row in extract({"resourceType": rtype, **elements}).quantities if "combo" not in row[0]}


def test_quantity_is_found_by_its_number_and_unit() -> None:
    assert rows("Observation", valueQuantity={"value": Decimal("5.40"), **MG}) == {(of("5.4"), after(of("5.4")), *UNIT)}
    assert rows("Observation", valueQuantity={"value": 5}) == {(of("5"), after(of("5")), "", "", "")}


@pytest.mark.parametrize(
    ("comparator", "lo", "hi"),
    [
        ("<", LEAST, of("5")),
        ("<=", LEAST, after(of("5"))),
        (">=", of("5"), GREATEST),
        (">", after(of("5")), GREATEST),
        ("?", of("5"), after(of("5"))),
    ],
)
def test_comparator_of_a_value_leaves_a_side_open(comparator: str, lo: str, hi: str) -> None:
    value = {"value": 5, "comparator": comparator}
    assert rows("Observation", valueQuantity=value) == {(lo, hi, "", "", "")}


@pytest.mark.parametrize(
    ("value", "lo", "hi"),
    [
        ({"low": {"value": 5, **MG}, "high": {"value": 7, **MG}}, of("5"), after(of("7"))),
        ({"low": {"value": 5, **MG}}, of("5"), GREATEST),
        ({"high": {"value": 7, **MG}}, LEAST, after(of("7"))),
    ],
)
def test_range_reaches_from_end_to_end(value: dict[str, Any], lo: str, hi: str) -> None:
    assert rows("Condition", onsetRange=value) == {(lo, hi, *UNIT)}


def test_range_that_is_turned_around_is_not_found() -> None:
    assert rows("Condition", onsetRange={"low": {"value": 7}, "high": {"value": 5}}) == set()


def test_money_has_its_currency_as_unit() -> None:
    lo = of("199.90")
    found = rows("Invoice", totalNet={"value": Decimal("199.90"), "currency": "NOK"})
    assert found == {(lo, after(lo), "urn:iso:std:iso:4217", "NOK", "NOK")}
    assert rows("Invoice", totalNet={"value": 1}) == {(of("1"), after(of("1")), "", "", "")}


def test_age_and_duration_are_quantities() -> None:
    assert rows("Condition", onsetAge={"value": 5, **MG}) == {(of("5"), after(of("5")), *UNIT)}
    assert rows("Encounter", length={"value": 5, **MG}) == {(of("5"), after(of("5")), *UNIT)}


def test_number_has_no_unit() -> None:
    found = rows("RiskAssessment", prediction=[{"probabilityDecimal": Decimal("0.02")}])
    assert found == {(of("0.02"), after(of("0.02")), "", "", "")}


@pytest.mark.parametrize(
    ("more", "lo", "hi"),
    [
        ({"data": "2 4 E 10"}, "102", "110"),
        ({"data": "2 4", "factor": Decimal("0.5")}, "101", "102"),
        ({"data": "L 4 U", "lowerLimit": -3, "upperLimit": 200}, "-3", "200"),
        ({"data": "L 4"}, "104", "104"),
    ],
)
def test_sampled_data_is_found_by_its_bounds(more: dict[str, Any], lo: str, hi: str) -> None:
    """R4 of `value-quantity`: "just search on the bounds of the values in sampled data"."""
    sampled = {"origin": {"value": 100, **MG}, "period": 1, "dimensions": 1, **more}
    assert rows("Observation", valueSampledData=sampled) == {(of(lo), after(of(hi)), *UNIT)}


@pytest.mark.parametrize(
    ("rtype", "element", "value"),
    [
        ("Observation", "valueQuantity", {"value": "5"}),
        ("Observation", "valueQuantity", {"unit": "mg"}),
        ("Observation", "valueQuantity", 5),
        ("Observation", "valueSampledData", {"origin": {"value": 1}, "data": "E E"}),
        ("Observation", "valueSampledData", {"origin": {"value": 1}, "data": 7}),
        ("Observation", "valueSampledData", {"data": "1"}),
        ("Observation", "valueSampledData", []),
        ("Condition", "onsetRange", {"low": 7}),
        ("Condition", "onsetRange", {}),
        ("Condition", "onsetRange", 7),
        ("Invoice", "totalNet", {"currency": "NOK"}),
        ("Invoice", "totalNet", "1"),
        ("RiskAssessment", "prediction", [{"probabilityDecimal": "x"}]),
    ],
)
def test_values_of_another_shape_are_passed_over(rtype: str, element: str, value: Any) -> None:
    assert rows(rtype, **{element: value}) == set()


@given(st.text(alphabet="0123456789.e-|\\mg<ap", max_size=30))
def test_whatever_is_sent_is_a_quantity_or_none(text: str) -> None:
    """SR-16"""
    found = read(text)
    assert found is None or found.lo < found.hi
