"""The operators of FHIRPath.  https://hl7.org/fhirpath/N1/#operations"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, TypeAlias

from profiles.fhirpath.comparing import NUMBERS, compared, equal, equivalent, key
from profiles.fhirpath.scope import Nodes, boolean, number, one, string, text_of, truth
from profiles.fhirpath.syntax import Unsupported

Operator: TypeAlias = Callable[[Nodes, Nodes], Nodes]


def told(verdict: bool | None) -> Nodes:
    """true, false or nothing as a collection."""
    return [] if verdict is None else boolean(verdict)


def _and(left: Nodes, right: Nodes) -> Nodes:
    one, other = truth(left), truth(right)
    return told(False if one is False or other is False else None if None in (one, other) else True)


def _or(left: Nodes, right: Nodes) -> Nodes:
    one, other = truth(left), truth(right)
    return told(True if one or other else None if None in (one, other) else False)


def _xor(left: Nodes, right: Nodes) -> Nodes:
    one, other = truth(left), truth(right)
    return told(None if one is None or other is None else one is not other)


def _implies(left: Nodes, right: Nodes) -> Nodes:
    one, other = truth(left), truth(right)
    return told(True if one is False or other is True else None if None in (one, other) else False)


def _not(verdict: bool | None) -> bool | None:
    return None if verdict is None else not verdict


def _ordered(fits: Callable[[int], bool]) -> Operator:
    def operator(left: Nodes, right: Nodes) -> Nodes:
        found = compared(left, right)
        return [] if found is None else boolean(fits(found))

    return operator


def _union(left: Nodes, right: Nodes) -> Nodes:
    return list({key(node): node for node in reversed(left + right)}.values())[::-1]


def _in(left: Nodes, right: Nodes) -> Nodes:
    if not left:
        return []
    one(left)
    return boolean(key(left[0]) in {key(node) for node in right})


def _calculated(run: Callable[[Any, Any], Any]) -> Operator:
    """Of two numbers; nothing where one of them is nothing or where it cannot be done."""

    def operator(left: Nodes, right: Nodes) -> Nodes:
        a, b = one(left), one(right)
        if not (isinstance(a, NUMBERS) and isinstance(b, NUMBERS)):
            return []
        try:
            return number(run(_exact(a), _exact(b)))
        except ArithmeticError:
            return []

    return operator


def _exact(value: Any) -> Any:
    return Decimal(str(value)) if type(value) is float else value


def _plus(left: Nodes, right: Nodes) -> Nodes:
    if type(one(left)) is str and type(one(right)) is str:
        return string(one(left) + one(right))
    return _calculated(lambda a, b: a + b)(left, right)


def _joined(left: Nodes, right: Nodes) -> Nodes:
    return string((text_of(left) or "") + (text_of(right) or ""))


OPERATORS: Mapping[str, Operator] = {
    "=": lambda left, right: told(equal(left, right)),
    "!=": lambda left, right: told(_not(equal(left, right))),
    "~": lambda left, right: boolean(equivalent(left, right)),
    "!~": lambda left, right: boolean(not equivalent(left, right)),
    "<": _ordered(lambda found: found < 0),
    ">": _ordered(lambda found: found > 0),
    "<=": _ordered(lambda found: found <= 0),
    ">=": _ordered(lambda found: found >= 0),
    "|": _union,
    "in": _in,
    "contains": lambda left, right: _in(right, left),
    "and": _and,
    "or": _or,
    "xor": _xor,
    "implies": _implies,
    "+": _plus,
    "-": _calculated(lambda a, b: a - b),
    "*": _calculated(lambda a, b: a * b),
    "/": _calculated(lambda a, b: Decimal(a) / Decimal(b)),
    "div": _calculated(lambda a, b: int(Decimal(a) / Decimal(b))),
    "mod": _calculated(lambda a, b: a % b),
    "&": _joined,
}


def negative(found: Nodes) -> Nodes:
    """`-` before a value."""
    value = one(found)
    if value is None:
        return []
    if not isinstance(value, NUMBERS) or type(value) is bool:
        raise Unsupported("a number is expected after -")
    return number(-_exact(value))
