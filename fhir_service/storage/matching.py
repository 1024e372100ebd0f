"""How the value of a search parameter meets the columns it is stored in.  https://hl7.org/fhir/R4/search.html

Values and columns have the parts of `tables.PARTS`; a *form* says how they are compared. Forms belong to the shape of a
query, the values that go with them are bound: statements are compiled once per shape.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, and_, bindparam, or_

from fhir_service.search.query import (
    CompositeValue,
    Criterion,
    DateValue,
    PositionValue,
    Prefix,
    QuantityValue,
    ReferenceValue,
    StringValue,
    TokenValue,
    Value,
)
from fhir_service.storage.constructs import any_of, contains_text
from fhir_service.storage.indexing import RADIUS, on_sphere, sortable
from fhir_service.storage.lengths import key

Expression: TypeAlias = ColumnElement[Any]
Columns: TypeAlias = Sequence[Expression]
Bound: TypeAlias = dict[str, Any]
Form: TypeAlias = tuple[str, Bound]
"""(form, values to bind by the ends of their names)"""
AFTER_EVERY_TEXT = "\U0010ffff"
_ADDRESS_WITHIN = ("/", "0")
"""What an address below another goes on with, and the character after it."""


def forms_of(criterion: Criterion) -> Iterable[Form]:
    """The alternatives of a criterion; values that differ in the first part only become a list."""
    grouped: dict[tuple[str, Any], list[Any]] = {}
    for value in criterion.values:
        for form, bound in _FORM[type(value)](value, criterion.modifier):
            if form in LISTS:
                grouped.setdefault((form, bound["b"]), []).append(bound["a"])
            else:
                yield form, bound
    for (form, of), ones in grouped.items():
        yield (form, {"a": ones[0], "b": of}) if len(ones) == 1 else (LISTS[form], {"a": ones, "b": of})


def _token(value: TokenValue, _: str | None) -> Iterable[Form]:
    form = "of" if value.code is None else "one" if value.system is None else "of-one"
    return ((form, {"a": _key(value.code), "b": _key(value.system)}),)


def _key(text: str | None) -> str | None:
    return None if text is None else key(text)


def _reference(value: ReferenceValue, modifier: str | None) -> Iterable[Form]:
    if value.url is None:
        return (("one" if value.rtype is None else "of-one", {"a": value.rid, "b": value.rtype}),)
    if modifier == "below":
        plain = value.url.rstrip("/")
        return (("below", {"a": key(plain), "b": plain + _ADDRESS_WITHIN[0], "c": plain + _ADDRESS_WITHIN[1]}),)
    return (("one", {"a": key(value.url), "b": None}),)


def _date(value: DateValue, _: str | None) -> Iterable[Form]:
    return ((str(value.prefix), {"a": value.lo, "b": value.hi}),)


def _string(value: StringValue, modifier: str | None) -> Iterable[Form]:
    if modifier == "exact":
        return (("exact", {"a": key(value.text), "b": None}),)
    # Longer than what is looked through, it finds nothing, rather than what begins alike (SR-19).
    return ((modifier or "starts", {"a": value.text, "b": value.text + AFTER_EVERY_TEXT}),)


def _quantity(value: QuantityValue, _: str | None) -> Iterable[Form]:
    form = str(value.prefix) + ("|system" if value.system is not None else "") + ("|code" if value.code else "")
    return ((form, {"a": value.lo, "b": value.hi, "s": _key(value.system), "c": _key(value.code)}),)


def _composite(value: CompositeValue, _: str | None) -> Iterable[Form]:
    forms: list[str] = []
    bound: Bound = {}
    for n, part in enumerate(value.parts):
        for form, values in _FORM[type(part)](part, None):
            forms.append(form)
            texts = isinstance(part, DateValue)
            bound |= {f"{n}_{name}": sortable(one) if texts else one for name, one in values.items()}
    return (("$".join(forms), bound),)


def _position(value: PositionValue, _: str | None) -> Iterable[Form]:
    """What lies within a distance on the sphere lies within its chord in space."""
    angle = min(value.metres * 100 / RADIUS, math.pi)
    chord = round(2 * RADIUS * math.sin(angle / 2))
    z, x, y = on_sphere(value.latitude, value.longitude)
    return (("near", {"z": z, "x": x, "y": y, "a": z - chord, "b": z + chord, "c": chord * chord}),)


_FORM: Mapping[type[Value], Callable[[Any, str | None], Iterable[Form]]] = {
    TokenValue: _token,
    ReferenceValue: _reference,
    DateValue: _date,
    StringValue: _string,
    QuantityValue: _quantity,
    CompositeValue: _composite,
    PositionValue: _position,
}
LISTS = {"one": "many", "of-one": "of-many"}


def matches(form: str, columns: Columns, name: str) -> Expression:
    """The condition that the columns are what the values bound as `<name>_a`, `<name>_b` ... ask for."""
    if "$" in form:
        return and_(*[_component(one, n, columns, name) for n, one in enumerate(form.split("$"))])
    comparison, *units = form.split("|")
    found = _MATCH[comparison](columns, name)
    return and_(found, _UNIT[" ".join(units)](columns, name)) if units else found


def _component(form: str, n: int, columns: Columns, name: str) -> Expression:
    """`columns`: those of `cmp`. The first of a pair is a code, an id, a lower end or a text as it was sent."""
    first, second = columns[2 * n], columns[2 * n + 1]
    pair = (second, first) if form in ("starts", "exact", "contains") else (first, second)
    return matches(form, (*pair, *columns[6:9]), f"{name}_{n}")


Matcher: TypeAlias = Callable[[Columns, str], Expression]


def _near(columns: Columns, name: str) -> Expression:
    z = columns[0]
    within = and_(z >= bindparam(f"{name}_a"), z <= bindparam(f"{name}_b"))
    away = [(one - bindparam(f"{name}_{axis}")) for axis, one in zip("zxy", columns, strict=True)]
    return and_(within, away[0] * away[0] + away[1] * away[1] + away[2] * away[2] <= bindparam(f"{name}_c"))


def _below(columns: Columns, name: str) -> Expression:
    within = and_(columns[0] > bindparam(f"{name}_b"), columns[0] < bindparam(f"{name}_c"))
    return or_(columns[0] == bindparam(f"{name}_a"), columns[0] == bindparam(f"{name}_b"), within)


def _both(compared: Callable[[Expression, Expression, Any, Any], Expression]) -> Matcher:
    """A comparison of [x, y) as stored with [a, b) as asked for."""
    return lambda c, name: compared(c[0], c[1], bindparam(f"{name}_a"), bindparam(f"{name}_b"))


_MATCH: Mapping[str, Matcher] = {
    "one": lambda c, name: c[0] == bindparam(f"{name}_a"),
    "many": lambda c, name: any_of(c[0], f"{name}_a"),
    "of": lambda c, name: c[1] == bindparam(f"{name}_b"),
    "of-one": lambda c, name: and_(c[0] == bindparam(f"{name}_a"), c[1] == bindparam(f"{name}_b")),
    "of-many": lambda c, name: and_(any_of(c[0], f"{name}_a"), c[1] == bindparam(f"{name}_b")),
    "starts": lambda c, name: and_(c[0] >= bindparam(f"{name}_a"), c[0] < bindparam(f"{name}_b")),
    "exact": lambda c, name: c[1] == bindparam(f"{name}_a"),
    "contains": lambda c, name: contains_text(c[0], f"{name}_a"),
    "below": _below,
    "near": _near,
    # https://hl7.org/fhir/R4/search.html#prefix
    Prefix.EQ: _both(lambda x, y, a, b: and_(x >= a, x < b, y <= b)),
    Prefix.NE: _both(lambda x, y, a, b: or_(x < a, y > b)),
    Prefix.GT: _both(lambda _, y, __, b: y > b),
    Prefix.LT: _both(lambda x, _, a, __: x < a),
    Prefix.GE: _both(lambda x, y, a, b: or_(y > b, and_(x >= a, y <= b))),
    Prefix.LE: _both(lambda x, y, a, b: or_(x < a, and_(x >= a, y <= b))),
    Prefix.SA: _both(lambda x, _, __, b: x >= b),
    Prefix.EB: _both(lambda _, y, a, __: y <= a),
    Prefix.AP: _both(lambda x, y, a, b: and_(x < b, y > a)),
}
"""For an instant both columns are the same one, `y` one microsecond later."""


def _code(columns: Columns, name: str) -> Expression:
    """https://hl7.org/fhir/R4/search.html#quantity: without a system, the code or the unit as it is shown."""
    return or_(columns[3] == bindparam(f"{name}_c"), columns[4] == bindparam(f"{name}_c"))


_UNIT: Mapping[str, Matcher] = {
    "system": lambda c, name: c[2] == bindparam(f"{name}_s"),
    "code": _code,
    "system code": lambda c, name: and_(c[2] == bindparam(f"{name}_s"), c[3] == bindparam(f"{name}_c")),
}
