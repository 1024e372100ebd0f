"""Equality and order of FHIRPath values.  https://hl7.org/fhirpath/N1/#comparison"""

from decimal import Decimal
from typing import Any

from profiles.checking.times import DATE_TIME, TIME, exists, order
from profiles.fhirpath.nodes import Node
from profiles.fhirpath.scope import Nodes
from profiles.fhirpath.syntax import Unsupported

NUMBERS = (int, float, Decimal)


def plain(value: Any) -> Any:
    """JSON of which equal values are equal in Python: true is not 1, 1.0 is 1."""
    if type(value) is dict:
        return tuple(sorted((name, plain(item)) for name, item in value.items()))
    if type(value) is list:
        return ("list", *map(plain, value))
    return ("boolean", value) if type(value) is bool else value


def key(node: Node) -> Any:
    """What tells a value from others in a collection."""
    return plain(node.value) if node.value is not None else ("extra", plain(node.extra))


def equal(left: Nodes, right: Nodes) -> bool | None:
    """`=`: item by item and in order; nothing where either side is nothing, or where precisions differ."""
    if not left or not right:
        return None
    if len(left) != len(right):
        return False
    verdicts = [_same(a, b) for a, b in zip(left, right, strict=True)]
    return None if None in verdicts and False not in verdicts else all(verdicts)


def _same(left: Node, right: Node) -> bool | None:
    if key(left) == key(right):
        return True
    if is_moment(left) and is_moment(right):
        found = order(left.value, right.value)
        return None if found is None else found == 0
    return False


def equivalent(left: Nodes, right: Nodes) -> bool:
    """`~`: in any order; texts without regard to case and to how spaces are written."""
    return sorted(map(repr, map(_loose, left))) == sorted(map(repr, map(_loose, right)))


def _loose(node: Node) -> Any:
    return " ".join(node.value.lower().split()) if type(node.value) is str else key(node)


def is_moment(node: Node) -> bool:
    """Whether a value is a date with or without time."""
    value = node.value
    return (
        type(value) is str
        and node.type in ("", "date", "dateTime", "instant")
        and DATE_TIME.fullmatch(value) is not None
        and exists(value)
    )


def compared(left: Nodes, right: Nodes) -> int | None:
    """-1, 0 or 1; nothing where a side is nothing or where precisions leave it open."""
    if not left or not right:
        return None
    if len(left) > 1 or len(right) > 1:
        raise Unsupported("several values where one is expected")
    return _ordered(left[0], right[0])


def _ordered(left: Node, right: Node) -> int | None:
    one, other = left.value, right.value
    if is_moment(left) and is_moment(right):
        return order(one, other)
    if type(one) is dict and type(other) is dict:
        return _quantities(one, other)
    numbers = isinstance(one, NUMBERS) and isinstance(other, NUMBERS)
    if not numbers and not (type(one) is str and type(other) is str):
        return None
    if type(one) is str and _is_time(one) != _is_time(other):
        return None
    return int(one > other) - int(one < other)


def _quantities(left: dict[str, Any], right: dict[str, Any]) -> int | None:
    """Quantities of one unit."""
    units = [(q.get("system"), q.get("code") or q.get("unit")) for q in (left, right)]
    values: tuple[Any, Any] = left.get("value"), right.get("value")
    if units[0] != units[1] or not all(isinstance(value, NUMBERS) for value in values):
        return None
    return int(values[0] > values[1]) - int(values[0] < values[1])


def _is_time(text: str) -> bool:
    return TIME.fullmatch(text) is not None
