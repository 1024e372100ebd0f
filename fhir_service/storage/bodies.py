"""The bodies of a page, as far as there is room for them: memory is bounded while a page is made (SR-8).

A row brings its body along where that is small: all rows of one statement have room then. Of a larger one it tells how
long it is; those that fit are fetched together, once that is known. A version never changes and stays where it can be
found by its number, so that a body is the one that its row stands for, whatever has been written in between.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import FromClause, Select, Table, Text, bindparam, case, cast, func, literal, select, union_all

from fhir_service.storage.constructs import any_of, filter_only
from fhir_service.storage.prepared import prepare
from fhir_service.storage.statements import STORED
from fhir_service.storage.steps import Rows, Steps
from fhir_service.storage.tables import HISTORY, RESOURCE

BODY = STORED.index("body")
LENGTH = len(STORED)
"""Where a measured row has the length of its body."""
MEASURED = (*STORED, "length")
NO_BOUND = 2**31 - 1
"""Room for everything: what a database can tell the length of."""


def small(room: int, rows: int) -> int:
    """How long a body is at most that comes along with its row: so many have room."""
    return room // rows


def measured_columns(table: FromClause) -> list[Any]:
    """The columns `MEASURED`: those of a Stored, without a body where it is longer than the bound `small`."""
    length = func.length(table.c.body)
    body = case((length <= bindparam("small"), table.c.body)).label("body")
    return [*(body if name == "body" else table.c[name] for name in STORED), length.label("length")]


def first_that_fit(rows: Rows, room: int) -> Steps[Rows]:
    """Rows with their bodies, from the first one on as far as there is room; the first one always is.

    The rows are those of one statement, bound with `small`.
    """
    for row in rows:
        if row[BODY] is None:
            break
    else:
        return rows
    left = room
    for number, row in enumerate(rows):
        left -= row[LENGTH]
        if left < 0 and number:
            rows = rows[:number]
            break
    return (yield from _with_bodies(rows))


def each_that_fits(rows: Rows, room: int) -> Steps[Rows]:
    """Rows with their bodies, without those for which the ones before leave no room."""
    fitting: list[Any] = []
    for row in rows:
        if row[LENGTH] <= room:
            room -= row[LENGTH]
            fitting.append(row)
    return (yield from _with_bodies(fitting))


def _with_bodies(rows: Rows) -> Steps[Rows]:
    missing: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        if row[BODY] is None:
            missing[row[0]].append(row)
    if not missing:
        return rows
    bodies: dict[tuple[str, str, int], bytes] = {}
    for rtype, several in missing.items():
        found = yield _BODIES, _named(rtype, several)
        bodies.update((tuple(one[:3]), one[3]) for one in found)
    return [row if row[BODY] is not None else (*row[:BODY], bodies[tuple(row[:3])], *row[BODY + 1 :]) for row in rows]


def _named(rtype: str, rows: Iterable[Sequence[Any]]) -> dict[str, Any]:
    versions = [(row[1], row[2]) for row in rows]
    numbers = [number for _, number in versions]
    return {
        "rtype": rtype,
        "rids": sorted({rid for rid, _ in versions}),
        "least": min(numbers),
        "most": max(numbers),
        "versions": [f"{rid}/{number}" for rid, number in versions],
    }


def _bodies_in(table: Table) -> Select[Any]:
    """An index finds the resources, and the versions from the least to the most; of these, the ones that are named."""
    version = filter_only(table.c.rid) + literal("/") + cast(table.c.version, Text)
    return select(table.c.rtype, table.c.rid, table.c.version, table.c.body).where(
        table.c.rtype == bindparam("rtype"),
        any_of(table.c.rid, "rids"),
        table.c.version.between(bindparam("least"), bindparam("most")),
        any_of(version, "versions"),
    )


_BODIES = prepare(union_all(_bodies_in(RESOURCE), _bodies_in(HISTORY)))
