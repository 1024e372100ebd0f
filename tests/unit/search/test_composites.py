"""https://hl7.org/fhir/R4/search.html#composite"""

from decimal import Decimal
from typing import Any

import pytest

from fhir_service.search import extract, parameters
from fhir_service.search.composites import MAX_PAIRS
from fhir_service.search.dates import interval
from fhir_service.search.numbers import after, key
from fhir_service.search.query import (
    CompositeValue,
    Criterion,
    DateValue,
    ParameterType,
    Prefix,
    QuantityValue,
    ReferenceValue,
    StringValue,
    TokenValue,
)
from profiles.definitions import resource_types
from tests.unit.search.asked import condition, refusals, told

LOINC = "http://loinc.org"
MMOL = ("", "mmol/L", "")
DAY = interval("2026-03-01") or (0, 0)


def of(number: str) -> str:
    return key(Decimal(number))


@pytest.mark.parametrize(
    ("rtype", "code", "value", "parts"),
    [
        ("Observation", "code-value-quantity", f"{LOINC}|2823-3$gt5.4||mmol/L",
         (TokenValue(LOINC, "2823-3"), QuantityValue(Prefix.GT, of("5.4"), after(of("5.4")), None, "mmol/L"))),
        ("Observation", "code-value-concept", "a$http://b|c", (TokenValue(None, "a"), TokenValue("http://b", "c"))),
        ("Observation", "code-value-string", r"a$Kå\$re", (TokenValue(None, "a"), StringValue("ka$re"))),
        ("Observation", "code-value-date", "a$2026-03-01", (TokenValue(None, "a"), DateValue(Prefix.EQ, *DAY))),
        ("DocumentReference", "relationship", "replaces$DocumentReference/7",
         (TokenValue(None, "replaces"), ReferenceValue("DocumentReference", "7"))),
        ("Group", "characteristic-value", "gender$mixed", (TokenValue(None, "gender"), TokenValue(None, "mixed"))),
    ],
)  # fmt: skip
def test_each_part_is_read_as_its_own_parameter(rtype: str, code: str, value: str, parts: tuple[Any, ...]) -> None:
    expected = Criterion(code, ParameterType.COMPOSITE, (CompositeValue(parts),))
    assert condition(rtype, code, value) == expected


def test_composites_may_be_alternatives() -> None:
    found = condition("Group", "characteristic-value", "gender$mixed,owner$a")
    assert isinstance(found, Criterion)
    assert len(found.values) == 2


@pytest.mark.parametrize("value", ["a", "a$", "$5", "a$x", "a$5$6", "a|b|c$5", r"a\$5"])
def test_other_texts_are_no_composites(value: str) -> None:
    assert refusals("Observation", ("code-value-quantity", value)) == [("bad-parameter-value", "code-value-quantity")]


def test_refusal_tells_the_parts() -> None:
    assert "code$value-quantity" in told("Observation", ("code-value-quantity", "a"))


def rows(resource: dict[str, Any], code: str) -> set[tuple[Any, ...]]:
    return {parts for name, parts in extract(resource).composites if name == code}


def test_values_meet_in_the_element_that_has_both() -> None:
    def component(code: str, value: int) -> dict[str, Any]:
        return {"code": {"coding": [{"code": code}]}, "valueQuantity": {"value": value, "code": "mmol/L"}}

    resource = {"resourceType": "Observation", "component": [component("a", 1), component("b", 2)]}
    apart = {
        (("", "a"), (of("1"), after(of("1")), *MMOL)),
        (("", "b"), (of("2"), after(of("2")), *MMOL)),
    }
    assert rows(resource, "component-code-value-quantity") == apart
    assert rows(resource, "code-value-quantity") == set()
    whole = {**resource, **component("c", 3)}
    assert rows(whole, "combo-code-value-quantity") == {*apart, (("", "c"), (of("3"), after(of("3")), *MMOL))}


@pytest.mark.parametrize(
    ("value", "code", "row"),
    [
        ({"valueString": "Kåre"}, "code-value-string", ("kare", "Kåre")),
        ({"valueDateTime": "2026-03-01"}, "code-value-date", DAY),
        ({"valueCodeableConcept": {"coding": [{"system": "s", "code": "c"}]}}, "code-value-concept", ("s", "c")),
    ],
)
def test_rows_of_the_parts_are_those_of_their_types(value: dict[str, Any], code: str, row: tuple[Any, ...]) -> None:
    resource = {"resourceType": "Observation", "code": {"coding": [{"code": "a"}]}, **value}
    assert rows(resource, code) == {(("", "a"), row)}
    assert rows({**resource, next(iter(value)): "\u0301"}, code) == set()


def test_relationship_has_a_code_and_a_target() -> None:
    relates = [{"code": "replaces", "target": {"reference": "DocumentReference/7"}}]
    found = rows({"resourceType": "DocumentReference", "relatesTo": relates}, "relationship")
    system = "http://hl7.org/fhir/document-relationship-type"
    assert found == {((system, "replaces"), ("DocumentReference", "7", ""))}


def test_part_may_lie_outside_the_element() -> None:
    """MolecularSequence: `%resource.referenceSeq.chromosome` with `variant.start` and `variant.end`."""
    sequence = {
        "resourceType": "MolecularSequence",
        "referenceSeq": {"chromosome": {"coding": [{"code": "1"}]}},
        "variant": [{"start": 5, "end": 9}],
    }
    found = rows(sequence, "chromosome-variant-coordinate")
    assert found == {(("", "1"), (of("5"), after(of("5")), "", "", ""), (of("9"), after(of("9")), "", "", ""))}


def test_combinations_of_one_element_are_bounded() -> None:
    """SR-8: 200 codes with 200 values would be 40,000 rows."""
    many = {"coding": [{"code": str(n)} for n in range(200)]}
    resource = {"resourceType": "Observation", "code": many, "valueCodeableConcept": many}
    assert len(rows(resource, "code-value-concept")) == MAX_PAIRS


@pytest.mark.parametrize("rtype", sorted(resource_types()))
def test_every_composite_has_its_parts(rtype: str) -> None:
    for parameter in parameters(rtype).values():
        assert (len(parameter.components) >= 2) == (parameter.declared == "composite"), parameter.code
        for component in parameter.components:
            assert len(component.inner) == len(parameter.branches)
