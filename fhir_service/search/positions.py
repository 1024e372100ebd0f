"""`Location.near`: what lies within some distance of a point.  https://hl7.org/fhir/R4/location.html#search"""

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, TypeAlias

from fhir_service.search import numbers
from fhir_service.search.escapes import split, unescape
from fhir_service.search.paths import Branch
from fhir_service.search.query import PositionValue

Point: TypeAlias = tuple[int, int]
"""(latitude, longitude) in millionths of a degree"""
Index: TypeAlias = Callable[[Any], Sequence[Point]]

DISTANCE = Decimal(50)
"""In kilometres, where none is given: R4 leaves it to the server."""
_METRES = {
    "m": Decimal(1),
    "km": Decimal(1000),
    "[mi_i]": Decimal("1609.344"),
    "[mi_us]": Decimal("1609.344"),
    "mi": Decimal("1609.344"),
    "[ft_i]": Decimal("0.3048"),
}
"""Units of UCUM, and what people write. "If the units are omitted, then kms should be assumed"."""
EXPECTED = (
    "latitude|longitude, latitude|longitude|distance or latitude|longitude|distance|unit in degrees, with one of the "
    f"units {', '.join(_METRES)} (km if none; {DISTANCE} km without a distance)"
)
MILLIONTHS = Decimal(1_000_000)
FARTHEST = 20_040_000
"""Metres: half around the earth is all of it."""
_DEGREES = re.compile(r"-?\d{1,3}(\.\d{1,30})?", re.ASCII)


def read(text: str) -> PositionValue | None:
    """An escaped value; None if it is none."""
    parts = [unescape(part) for part in split(text, "|")]
    if not 2 <= len(parts) <= 4:
        return None
    place = _point(*(numbers.plain(part) if _DEGREES.fullmatch(part) else None for part in parts[:2]))
    metres = _metres(*(*parts[2:], "", "")[:2])
    return None if place is None or metres is None else PositionValue(*place, metres)


def _metres(distance: str, unit: str) -> int | None:
    length, scale = numbers.plain(distance) if distance else DISTANCE, _METRES.get(unit or "km")
    if length is None or scale is None or length < 0 or (unit and not distance):
        return None
    return int(min(length * scale, Decimal(FARTHEST)))


def _point(latitude: Decimal | None, longitude: Decimal | None) -> Point | None:
    if latitude is None or longitude is None or abs(latitude) > 90 or abs(longitude) > 180:
        return None
    return _millionths(latitude), _millionths(longitude)


def _millionths(degrees: Decimal) -> int:
    return int((degrees * MILLIONTHS).to_integral_value(ROUND_HALF_EVEN))


def _position(value: Any) -> Sequence[Point]:
    if not isinstance(value, dict):
        return ()
    found = _point(numbers.decimal_of(value.get("latitude")), numbers.decimal_of(value.get("longitude")))
    return () if found is None else (found,)


_INDEX: Mapping[str, Index] = {"Location.position": _position}


def indexer(branch: Branch) -> Index | None:
    """How values of the branch become points; None: it has no place."""
    return _INDEX.get(f"{branch.owner}.{branch.path}")
