"""Versions, newest first: `resource` has the current ones and `history` those before, merged by time.

A page ends at (time, type, id, version) of its last version. That place does not move when a version goes from the
one table to the other, and what is written meanwhile is newer: a page neither repeats nor skips.
https://hl7.org/fhir/R4/http.html#history
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, reduce
from operator import add
from typing import Any, TypeAlias

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    Table,
    and_,
    bindparam,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.sql.selectable import NamedFromClause

from fhir_service.storage.access import EVERYTHING, Access
from fhir_service.storage.bodies import MEASURED, first_that_fit, measured_columns, small
from fhir_service.storage.constructs import filter_only
from fhir_service.storage.instants import micros
from fhir_service.storage.port import HistoryPage, HistoryQuery
from fhir_service.storage.prepared import Prepared, prepare
from fhir_service.storage.rows import stored
from fhir_service.storage.steps import Steps
from fhir_service.storage.tables import HISTORY, RESOURCE

Condition: TypeAlias = ColumnElement[Any]
_KEY = ("updated", "rtype", "rid", "version")
_NAMED = {"system": (), "type": ("rtype",), "instance": ("rtype", "rid")}
_SOURCES: Mapping[str, tuple[tuple[Table, int | None], ...]] = {
    "system": ((RESOURCE, None), (HISTORY, None)),
    "type": ((RESOURCE, 0), (RESOURCE, 1), (HISTORY, None)),
    "instance": ((RESOURCE, None), (HISTORY, None)),
}
"""The tables, each as often as an index of it serves: the newest of a type stand apart from the newest deletions."""


@dataclass(frozen=True, slots=True)
class _Shape:
    """What decides the SQL. `level`: `instance`, `type` or `system`."""

    level: str
    since: bool
    at: bool
    after: bool
    access: Access


def versions(query: HistoryQuery, access: Access = EVERYTHING) -> Steps[HistoryPage]:
    """One page of versions. What `access` hides neither shows nor counts."""
    shape, bound = _shape(query, access)
    rows = (yield _page(shape), bound) if query.count else ()
    fitting = yield from first_that_fit(rows[: query.count], query.room)
    total: int | None = None
    each = shape.at and shape.level != "instance"  # to count these, each version has to be looked at
    if query.total and not (each and query.count):
        total = (yield _total(shape), bound)[0][0]
    found = tuple(stored(row) for row in fitting)
    following = None
    if len(rows) > len(found):
        last = found[-1]
        following = (micros(last.updated), last.rtype, last.rid, last.version)
    return HistoryPage(found, following, total)


def _shape(query: HistoryQuery, access: Access) -> tuple[_Shape, dict[str, Any]]:
    bound: dict[str, Any] = {"limit": query.count + 1, "small": small(query.room, query.count + 1), **access.bound}
    bound |= {"rtype": query.rtype, "rid": query.rid}
    if query.since is not None:
        bound["since"] = query.since
    if query.at is not None:
        bound["at_lo"], bound["at_hi"] = query.at
    if query.after is not None:
        bound |= {f"after_{name}": value for name, value in zip(_KEY, query.after, strict=True)}
    level = "system" if query.rtype is None else ("type" if query.rid is None else "instance")
    return _Shape(level, query.since is not None, query.at is not None, query.after is not None, access), bound


@lru_cache(maxsize=256)
def _page(shape: _Shape) -> Prepared:
    """The versions of a page and one more: the newest of each table, and the newest of these."""
    parts = [_newest(table, where, shape.level) for table, where in _parts(shape)]
    merged = union_all(*parts).subquery("merged")
    order = [merged.c[name].desc() for name in _KEY]
    return prepare(select(*[merged.c[name] for name in MEASURED]).order_by(*order).limit(bindparam("limit")))


def _newest(table: NamedFromClause, where: Iterable[Condition], level: str) -> Select[Any]:
    order = [_time(table, level).desc(), *(table.c[name].desc() for name in _KEY[1:])]
    chosen = select(*measured_columns(table)).where(*where).order_by(*order).limit(bindparam("limit"))
    return select(chosen.subquery())


def _time(table: NamedFromClause, level: str) -> Condition:
    """The time of a version. Those of one resource are found by its id, never by a walk through all times."""
    return filter_only(table.c.updated) if level == "instance" else table.c.updated


@lru_cache(maxsize=256)
def _total(shape: _Shape) -> Prepared:
    """How many versions there are on all pages."""
    whole = replace(shape, after=False)
    counts = [select(func.count()).select_from(t).where(*where).scalar_subquery() for t, where in _parts(whole)]
    return prepare(select(reduce(add, counts)))


def _parts(shape: _Shape) -> Iterator[tuple[NamedFromClause, list[Condition]]]:
    """The tables, each as often as one index of it serves, and what holds for their rows."""
    for number, (source, deleted) in enumerate(_SOURCES[shape.level]):
        table = source.alias(f"v{number}")
        where = [table.c[name] == bindparam(name) for name in _NAMED[shape.level]]
        if deleted is not None:
            where.append(table.c.deleted == literal(deleted))
        yield table, [*where, *_asked(table, shape), shape.access.of_version(table)]


def _asked(table: NamedFromClause, shape: _Shape) -> Iterator[Condition]:
    time = _time(table, shape.level)
    if shape.since:
        yield time >= bindparam("since")
    if shape.at:
        yield time < bindparam("at_hi")
        yield or_(time >= bindparam("at_lo"), and_(table.c.deleted == literal(0), _stood(table)))
    if shape.after:
        yield time <= bindparam("after_updated")
        here = [time, *(table.c[name] for name in _KEY[1:])]
        there: list[BindParameter[Any]] = [bindparam(f"after_{name}") for name in _KEY]
        yield tuple_(*here) < tuple_(*there)


def _stood(table: NamedFromClause) -> Condition:
    """No later version had taken its place when the period began."""
    return and_(*[not_(exists().where(*_replaces(later.alias(), table))) for later in (RESOURCE, HISTORY)])


def _replaces(later: NamedFromClause, table: NamedFromClause) -> Iterator[Condition]:
    yield later.c.rtype == table.c.rtype
    yield later.c.rid == table.c.rid
    yield later.c.version == table.c.version + literal(1)
    yield filter_only(later.c.updated) <= bindparam("at_lo")
