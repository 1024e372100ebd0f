"""From what a resource is found by to rows of the index tables; the same for every back-end."""

import math
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Protocol

from sqlalchemy import Table

from fhir_service.search import parameters
from fhir_service.search.query import IndexRows, ParameterType
from fhir_service.storage.lengths import key, searched
from fhir_service.storage.tables import CMP, DAT, PARTS, POS, QTY, REF, STR, TOK, TYPED, parameter_id
from profiles.resource import Resource


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


def values_of(rows: IndexRows) -> tuple[tuple[Table, tuple[tuple[str, Parts], ...]], ...]:
    """By generic table: (parameter, its parts as `tables.PARTS` orders them), each once."""
    return (
        (TOK, _once((name, (key(code), key(system))) for name, system, code in rows.tokens)),
        (REF, _once((name, (key(url or rid), rtype)) for name, rtype, rid, url in rows.references)),
        (STR, _once((name, (searched(norm), key(exact))) for name, norm, exact in rows.strings)),
        (DAT, _once((name, (lo, hi)) for name, lo, hi in rows.dates)),
        (QTY, _once((name, tuple(map(key, parts))) for name, *parts in rows.quantities)),
        (CMP, tuple((name, (*_joined(parts), n)) for n, (name, parts) in enumerate(dict.fromkeys(rows.composites)))),
        (POS, _once((name, on_sphere(latitude, longitude)) for name, latitude, longitude in rows.positions)),
    )


def _once(found: Iterable[tuple[str, Parts]]) -> tuple[tuple[str, Parts], ...]:
    return tuple(dict.fromkeys(found))


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


def index_rows(rtype: str, pk: int, belongs: Row, rows: IndexRows) -> tuple[Row | None, list[tuple[Table, list[Row]]]]:
    """The row of the type's narrow table, if it has one, and the rows by generic table, in the order of their columns.

    `belongs`: (updated, person_id, tenant_id, sector).
    """
    typed = TYPED.get(rtype)
    single: dict[str, Parts] = {}
    generic: list[tuple[Table, list[Row]]] = []
    for table, values in values_of(rows):
        several: list[Row] = []
        for parameter, parts in values:
            if typed is None or parameter not in typed.parameters:
                several.append((parameter_id(rtype, parameter), *parts, belongs[0], pk, *belongs[1:]))
            elif single.setdefault(parameter, parts) != parts:
                raise ValueError(f"{rtype}.{parameter} has more than one value: it cannot have a column of its own")
        if several:
            generic.append((table, several))
    if typed is None:
        return None, generic
    columns = (single.get(p, (None,) * len(PARTS[t])) for p, t in typed.parameters.items())
    return (pk, *belongs, *[part for parts in columns for part in parts]), generic


@cache
def tables_of(rtype: str) -> tuple[Table, ...]:
    """The generic tables in which a resource of the type may have rows."""
    rare = {p.type for p in parameters(rtype).values()} & _RARE.keys()
    return (TOK, REF, STR, DAT, *(_RARE[ptype] for ptype in sorted(rare)))


_RARE = {ParameterType.QUANTITY: QTY, ParameterType.COMPOSITE: CMP, ParameterType.POSITION: POS}
"""Tables of types of parameters that few resource types have: to empty a table of nothing takes its time as well."""
