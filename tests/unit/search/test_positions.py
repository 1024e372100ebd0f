"""https://hl7.org/fhir/R4/location.html#search: Location.near"""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_service.search import extract
from fhir_service.search.positions import FARTHEST, read
from fhir_service.search.query import PositionValue


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("-83.694810|42.256500|11.20|km", PositionValue(-83_694_810, 42_256_500, 11_200)),
        ("59.9139|10.7522|500|m", PositionValue(59_913_900, 10_752_200, 500)),
        ("59.9139|10.7522|11.2", PositionValue(59_913_900, 10_752_200, 11_200)),
        ("59.9139|10.7522", PositionValue(59_913_900, 10_752_200, 50_000)),
        ("59.9139|10.7522||", PositionValue(59_913_900, 10_752_200, 50_000)),
        ("90|-180|1|[mi_i]", PositionValue(90_000_000, -180_000_000, 1_609)),
        ("0|0|0", PositionValue(0, 0, 0)),
        ("0|0|1e300", PositionValue(0, 0, FARTHEST)),
    ],
)
def test_place_is_a_point_with_a_distance(text: str, found: PositionValue) -> None:
    assert read(text) == found


@pytest.mark.parametrize(
    "text",
    ["", "59.9", "59.9|", "|10.7", "91|0", "0|181", "0|0|-1", "0|0|1|parsec", "0|0||km", "0|0|x", "gt0|0", "0|0|1|km|1",
     "1e1|0", "59,9|10,7"],
)  # fmt: skip
def test_other_texts_are_no_places(text: str) -> None:
    assert read(text) is None


def places(position: Any) -> tuple[tuple[str, int, int], ...]:
    return extract({"resourceType": "Location", "position": position}).positions


def test_location_is_found_by_its_position() -> None:
    assert places({"latitude": Decimal("59.9139"), "longitude": Decimal("10.7522")}) == (
        ("near", 59_913_900, 10_752_200),
    )


@pytest.mark.parametrize(
    "position", [{"latitude": 1}, {"latitude": 91, "longitude": 0}, {"latitude": "1"}, 7, None, {}]
)
def test_location_without_a_place_on_earth_is_nowhere(position: Any) -> None:
    assert places(position) == ()


@given(st.text(alphabet="0123456789.|-km", max_size=30))
def test_whatever_is_sent_is_a_place_or_none(text: str) -> None:
    """SR-16"""
    found = read(text)
    assert found is None or 0 <= found.metres <= FARTHEST
