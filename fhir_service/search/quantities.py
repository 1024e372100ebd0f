"""Quantity and number parameters.  https://hl7.org/fhir/R4/search.html#quantity

A quantity is compared in the unit that it is written in: nothing is converted.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Context, Decimal
from typing import Any, TypeAlias

from fhir_service.search import numbers
from fhir_service.search.escapes import split, unescape
from fhir_service.search.numbers import GREATEST, LEAST, after, decimal_of, key
from fhir_service.search.paths import Branch
from fhir_service.search.query import QuantityValue

Row: TypeAlias = tuple[str, str, str, str, str]
"""(lo, hi, system, code, unit): [lo, hi) as keys of `numbers`"""
Index: TypeAlias = Callable[[Any], Sequence[Row]]

EXPECTED = f"number, number|system|code or number||code (or unit), where the number is {numbers.EXPECTED}"
CURRENCIES = "urn:iso:std:iso:4217"
_EXACT = Context(prec=4 * numbers.MAX_DIGITS)


def read(text: str) -> QuantityValue | None:
    """An escaped value: `ge5.4|http://unitsofmeasure.org|mg`, `5.4||mg` or `5.4`; None if it is none."""
    parts = [unescape(part) for part in split(text, "|")]
    if len(parts) not in (1, 3):
        return None
    value = numbers.read(parts[0])
    if value is None or len(parts) == 1:
        return value
    return replace(value, system=parts[1] or None, code=parts[2] or None)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _unit(value: dict[str, Any]) -> tuple[str, str, str]:
    return _text(value.get("system")), _text(value.get("code")), _text(value.get("unit"))


def _quantity(value: Any) -> Sequence[Row]:
    """Quantity, Age, Duration: with a comparator all that it leaves open."""
    number = decimal_of(value.get("value")) if isinstance(value, dict) else None
    if number is None:
        return ()
    lo = key(number)
    return ((*_LIMITS.get(_text(value.get("comparator")), _exactly)(lo), *_unit(value)),)


def _exactly(lo: str) -> tuple[str, str]:
    return lo, after(lo)


_LIMITS: Mapping[str, Callable[[str], tuple[str, str]]] = {
    "<": lambda lo: (LEAST, lo),
    "<=": lambda lo: (LEAST, after(lo)),
    ">=": lambda lo: (lo, GREATEST),
    ">": lambda lo: (after(lo), GREATEST),
}
"""https://hl7.org/fhir/R4/valueset-quantity-comparator.html"""


def _money(value: Any) -> Sequence[Row]:
    """The currency is the code of the unit."""
    number = decimal_of(value.get("value")) if isinstance(value, dict) else None
    if number is None:
        return ()
    currency = _text(value.get("currency"))
    return ((*_exactly(key(number)), CURRENCIES if currency else "", currency, currency),)


def _range(value: Any) -> Sequence[Row]:
    """From `low` to `high`; an open side reaches to the end."""
    if not isinstance(value, dict):
        return ()
    ends = [side if isinstance(side := value.get(name), dict) else {} for name in ("low", "high")]
    low, high = (decimal_of(end.get("value")) for end in ends)
    if low is None and high is None:
        return ()
    lo, hi = LEAST if low is None else key(low), GREATEST if high is None else after(key(high))
    return ((lo, hi, *_unit(ends[0] if low is not None else ends[1])),) if lo < hi else ()


def _sampled(value: Any) -> Sequence[Row]:
    """The bounds of the values ("just search on the bounds of the values in sampled data")."""
    origin = value.get("origin") if isinstance(value, dict) else None
    if not isinstance(origin, dict):
        return ()
    found = list(_samples(value, decimal_of(origin.get("value")) or Decimal(0)))
    return ((key(min(found)), after(key(max(found))), *_unit(origin)),) if found else ()


def _samples(value: dict[str, Any], origin: Decimal) -> Iterator[Decimal]:
    """The numbers of `data` with factor and origin; `L` and `U` are the limits of what could be measured, `E` none."""
    factor = decimal_of(value.get("factor"))
    limits = {"L": decimal_of(value.get("lowerLimit")), "U": decimal_of(value.get("upperLimit"))}
    for text in set(_text(value.get("data")).split()):
        sample = numbers.plain(text)
        if sample is not None:
            scaled = sample if factor is None else _EXACT.multiply(sample, factor)
            yield _EXACT.add(scaled, origin)
        elif (limit := limits.get(text)) is not None:
            yield limit


def _number(value: Any) -> Sequence[Row]:
    number = decimal_of(value)
    return () if number is None else ((*_exactly(key(number)), "", "", ""),)


_INDEX: Mapping[str, Index] = {
    "Quantity": _quantity,
    "Age": _quantity,
    "Duration": _quantity,
    "Count": _quantity,
    "Distance": _quantity,
    "SimpleQuantity": _quantity,
    "Money": _money,
    "Range": _range,
    "SampledData": _sampled,
    "decimal": _number,
    "integer": _number,
    "positiveInt": _number,
    "unsignedInt": _number,
}


def indexer(branch: Branch) -> Index | None:
    """How values of the branch become intervals; None: a quantity parameter does not index that type."""
    return _INDEX.get(branch.type)
