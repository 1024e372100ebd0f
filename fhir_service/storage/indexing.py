"""From what a resource is found by to rows of the index tables; the same for every back-end."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from itertools import accumulate
from operator import attrgetter
from typing import Any, Protocol, TypeAlias

from msgspec import structs
from sqlalchemy import Table

from fhir_service.search import parameters
from fhir_service.search.query import IndexRows, ParameterType
from fhir_service.storage.lengths import key, searched
from fhir_service.storage.port import TooMuch, Write
from fhir_service.storage.tables import CMP, DAT, PARTS, POS, QTY, REF, STR, TOK, TYPED, parameter_id
from profiles.issues import error
from profiles.resource import Resource

MOST_ROWS = 100_000
"""Index rows of one unit of work: about a second, in which others wait (SR-8)."""
TOO_MUCH = error(
    "too-many-values",
    "",
    f"What is to be written would be found by more than {MOST_ROWS:,} values: write fewer resources, or less in each",
)
"""What is told to who asks for more than that."""


class Extract(Protocol):
    """What a resource is found by, from it and its bytes."""

    def __call__(self, resource: Resource, *, body: bytes) -> IndexRows:
        """Its index rows."""
        ...


Parts = tuple[Any, ...]
Row = tuple[Any, ...]
RADIUS = 637_100_880
"""Mean radius of the earth in centimetres."""
_EARLIEST = 10**17
"""Added to microseconds, so that every time of the years 1 to 9999 is a number of 18 digits."""
_NO_UNIT = ("", "", "")


def sortable(at: int) -> str:
    """A time in microseconds as a text that sorts like the times."""
    return f"{at + _EARLIEST:018d}"


def on_sphere(latitude: int, longitude: int) -> tuple[int, int, int]:
    """Millionths of a degree -> (z, x, y) in centimetres."""
    north, east = math.radians(latitude / 1e6), math.radians(longitude / 1e6)
    across = RADIUS * math.cos(north)
    return round(RADIUS * math.sin(north)), round(across * math.cos(east)), round(across * math.sin(east))


def _joined(components: Sequence[tuple[str | int, ...]]) -> Parts:
    """The components of a composite in the columns of `cmp`, as `IndexRows` describes each of them."""
    pairs: list[Any] = []
    unit: Parts = _NO_UNIT
    for component in components:
        pairs += _component(component)
        if len(component) == _QUANTITY:
            unit = component[2:]
    return (*map(key, pairs), *[""] * (6 - len(pairs)), *map(key, unit))


_REFERENCE, _QUANTITY = 3, 5


def _component(parts: tuple[Any, ...]) -> tuple[str, str]:
    """The two parts of a component as texts: of a token the code first, of a text the exact one."""
    if len(parts) == _QUANTITY:
        return parts[0], parts[1]
    if len(parts) == _REFERENCE:
        rtype, rid, url = parts
        return url or rid, rtype
    first, second = parts
    return (sortable(first), sortable(second)) if isinstance(first, int) else (second, first)


def found_by(writes: Iterable[Write], extract: Extract) -> list[IndexRows | None]:
    """What each of the resources is found by, None for a deletion. Raises TooMuch where that is too much to write."""
    found: list[IndexRows | None] = []
    left = MOST_ROWS
    for write in writes:
        rows = None if write.resource is None else extract(write.resource, body=write.body)
        found.append(rows)
        left -= 0 if rows is None else sum(map(len, structs.astuple(rows)))
        if left < 0:
            raise TooMuch(TOO_MUCH.text)
    return found


def index_rows(rtype: str, pk: int, belongs: Row, rows: IndexRows) -> tuple[Row | None, list[tuple[Table, list[Row]]]]:
    """The row of the type's narrow table, if it has one, and the rows by generic table, in the order of their columns.

    `belongs`: (updated, person_id, tenant_id, sector).
    """
    numbers, places = _numbers(rtype), _places(rtype)
    row: list[Any] | None = None if places is None else [pk, *belongs, *_empty(rtype)]
    updated, *whose = belongs
    generic: list[tuple[Table, list[Row]]] = []
    for table, found, parts_of in _KINDS:
        values = found(rows)
        if not values:
            continue
        several: list[Row] = []
        for parameter, parts in parts_of(values):
            place = None if places is None else places.get(parameter)
            if place is None or row is None:
                several.append((numbers[parameter], *parts, updated, pk, *whose))
            elif row[place] is None:
                row[place : place + len(parts)] = parts
            elif tuple(row[place : place + len(parts)]) != parts:
                raise ValueError(f"{rtype}.{parameter} has more than one value: it cannot have a column of its own")
        if several:
            generic.append((table, several))
    return None if row is None else tuple(row), generic


Values: TypeAlias = "dict[tuple[str, Parts], None]"
"""(parameter, its parts as `tables.PARTS` orders them), each once."""


def _tokens(rows: Iterable[tuple[str, str, str]]) -> Values:
    return {(name, (key(code), key(system))): None for name, system, code in rows}


def _references(rows: Iterable[tuple[str, str, str, str]]) -> Values:
    return {(name, (key(url or rid), rtype)): None for name, rtype, rid, url in rows}


def _strings(rows: Iterable[tuple[str, str, str]]) -> Values:
    return {(name, (searched(norm), key(exact))): None for name, norm, exact in rows}


def _dates(rows: Iterable[tuple[str, int, int]]) -> Values:
    return {(name, (lo, hi)): None for name, lo, hi in rows}


def _quantities(rows: Iterable[tuple[str, ...]]) -> Values:
    return {(name, tuple(map(key, parts))): None for name, *parts in rows}


def _composites(rows: Iterable[tuple[str, tuple[tuple[str | int, ...], ...]]]) -> Values:
    return {(name, (*_joined(parts), n)): None for n, (name, parts) in enumerate(dict.fromkeys(rows))}


def _positions(rows: Iterable[tuple[str, int, int]]) -> Values:
    return {(name, on_sphere(latitude, longitude)): None for name, latitude, longitude in rows}


_KINDS: tuple[tuple[Table, Callable[[IndexRows], Any], Callable[[Any], Values]], ...] = (
    (TOK, attrgetter("tokens"), _tokens),
    (REF, attrgetter("references"), _references),
    (STR, attrgetter("strings"), _strings),
    (DAT, attrgetter("dates"), _dates),
    (QTY, attrgetter("quantities"), _quantities),
    (CMP, attrgetter("composites"), _composites),
    (POS, attrgetter("positions"), _positions),
)
"""Each generic table, the rows that go there, and how they lie in it."""


class _Numbers(dict[str, int]):
    """The numbers of the parameters of a type, each worked out once."""

    def __init__(self, rtype: str) -> None:
        super().__init__()
        self._rtype = rtype

    def __missing__(self, parameter: str) -> int:
        number = self[parameter] = parameter_id(self._rtype, parameter)
        return number


_numbers = cache(_Numbers)


@cache
def _places(rtype: str) -> Mapping[str, int] | None:
    """Where the parts of each parameter begin in a row of the narrow table of the type; None: it has none."""
    typed = TYPED.get(rtype)
    if typed is None:
        return None
    widths = [len(PARTS[ptype]) for ptype in typed.parameters.values()]
    return dict(zip(typed.parameters, accumulate(widths, initial=_BELONGS), strict=False))


@cache
def _empty(rtype: str) -> Row:
    return (None,) * sum(len(PARTS[ptype]) for ptype in TYPED[rtype].parameters.values())


_BELONGS = 5
"""Columns of a narrow table before the first parameter: pk, and to whom the row belongs."""


@cache
def tables_of(rtype: str) -> tuple[Table, ...]:
    """The generic tables in which a resource of the type may have rows."""
    rare = {p.type for p in parameters(rtype).values()} & _RARE.keys()
    return (TOK, REF, STR, DAT, *(_RARE[ptype] for ptype in sorted(rare)))


_RARE = {ParameterType.QUANTITY: QTY, ParameterType.COMPOSITE: CMP, ParameterType.POSITION: POS}
"""Tables of types of parameters that few resource types have: to empty a table of nothing takes its time as well."""
