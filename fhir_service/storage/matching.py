"""How the value of a search parameter meets the columns it is stored in.  https://hl7.org/fhir/R4/search.html

Every value has two parts (`tables.PARTS`) and so have its columns; a *form* says how they are compared. Forms belong to
the shape of a query, the values that go with them are bound: statements are compiled once per shape.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, and_, bindparam, or_

from fhir_service.search.query import Criterion, DateValue, Prefix, ReferenceValue, StringValue, TokenValue, Value
from fhir_service.storage.constructs import any_of, contains_text

Expression: TypeAlias = ColumnElement[Any]
Bound: TypeAlias = dict[str, Any]
AFTER_EVERY_TEXT = "\U0010ffff"


def forms_of(criterion: Criterion) -> Iterable[tuple[str, Bound]]:
    """The alternatives of a criterion as (form, values to bind); values that differ in one part only become a list."""
    grouped: dict[tuple[str, Any], list[Any]] = {}
    for value in criterion.values:
        form, one, of = _FORM[type(value)](value, criterion.modifier)
        grouped.setdefault((form, of), []).append(one)
    for (form, of), ones in grouped.items():
        if form not in LISTS or len(ones) == 1:
            yield from ((form, {"a": one, "b": of}) for one in ones)
        else:
            yield LISTS[form], {"a": ones, "b": of}


def _token(value: TokenValue, _: str | None) -> tuple[str, Any, Any]:
    if value.code is None:
        return "of", None, value.system
    return ("one", value.code, None) if value.system is None else ("of-one", value.code, value.system)


def _reference(value: ReferenceValue, _: str | None) -> tuple[str, Any, Any]:
    if value.url is not None:
        return "one", value.url, None
    return ("one", value.rid, None) if value.rtype is None else ("of-one", value.rid, value.rtype)


def _date(value: DateValue, _: str | None) -> tuple[str, Any, Any]:
    return str(value.prefix), value.lo, value.hi


def _string(value: StringValue, modifier: str | None) -> tuple[str, Any, Any]:
    if modifier is None:
        return "starts", value.text, value.text + AFTER_EVERY_TEXT
    return modifier, value.text, None


_FORM: Mapping[type[Value], Callable[[Any, str | None], tuple[str, Any, Any]]] = {
    TokenValue: _token,
    ReferenceValue: _reference,
    DateValue: _date,
    StringValue: _string,
}
LISTS = {"one": "many", "of-one": "of-many"}


def matches(form: str, columns: tuple[Expression, Expression], name: str) -> Expression:
    """The condition that the pair of columns is what the values bound as `<name>_a` and `<name>_b` ask for."""
    return _MATCH[form](columns[0], columns[1], f"{name}_a", f"{name}_b")


Matcher: TypeAlias = Callable[[Expression, Expression, str, str], Expression]
_MATCH: Mapping[str, Matcher] = {
    "one": lambda x, _, a, __: x == bindparam(a),
    "many": lambda x, _, a, __: any_of(x, a),
    "of": lambda _, y, __, b: y == bindparam(b),
    "of-one": lambda x, y, a, b: and_(x == bindparam(a), y == bindparam(b)),
    "of-many": lambda x, y, a, b: and_(any_of(x, a), y == bindparam(b)),
    "starts": lambda x, _, a, b: and_(x >= bindparam(a), x < bindparam(b)),
    "exact": lambda _, y, a, __: y == bindparam(a),
    "contains": lambda x, _, a, __: contains_text(x, a),
    # [x, y) is stored, [a, b) is asked for: https://hl7.org/fhir/R4/search.html#prefix
    Prefix.EQ: lambda x, y, a, b: and_(x >= bindparam(a), x < bindparam(b), y <= bindparam(b)),
    Prefix.NE: lambda x, y, a, b: or_(x < bindparam(a), y > bindparam(b)),
    Prefix.GT: lambda _, y, __, b: y > bindparam(b),
    Prefix.LT: lambda x, _, a, __: x < bindparam(a),
    Prefix.GE: lambda x, y, a, b: or_(y > bindparam(b), and_(x >= bindparam(a), y <= bindparam(b))),
    Prefix.LE: lambda x, y, a, b: or_(x < bindparam(a), and_(x >= bindparam(a), y <= bindparam(b))),
    Prefix.SA: lambda x, _, __, b: x >= bindparam(b),
    Prefix.EB: lambda _, y, a, __: y <= bindparam(a),
    Prefix.AP: lambda x, y, a, b: and_(x < bindparam(b), y > bindparam(a)),
}
"""For an instant both columns are the same one, `y` one microsecond later."""
