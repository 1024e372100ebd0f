"""A search from the query to the page, written once for both back-ends (`steps`)."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from fhir_service.search.query import Include, SearchQuery
from fhir_service.storage.access import EVERYTHING, Access
from fhir_service.storage.bodies import BODY, LENGTH, each_that_fits, first_that_fit, small
from fhir_service.storage.compiler import compile_estimate, compile_page, compile_total
from fhir_service.storage.homes import PLACES
from fhir_service.storage.including import compile_forward, compile_reverse
from fhir_service.storage.pages import PK, in_order, page_of
from fhir_service.storage.port import Page, Stored
from fhir_service.storage.rows import stored
from fhir_service.storage.shape import NEWEST_FIRST, Bound, ConditionShape, Shape, shape_of
from fhir_service.storage.starts import FEW, FEW_BEYOND, beyond, starts
from fhir_service.storage.steps import Question, Rows, Steps
from fhir_service.storage.visible import version

MOST_INCLUDED = 1_000
"""Resources that may come along with one page; that there are more is told, never passed over (SR-8)."""
DEEPEST = 8
"""Rounds of `:iterate`."""
TYPES_AT_ONCE = 16
"""Referred to in one statement: SQLite takes 500 SELECTs in one."""
_HISTORY = b"/_history/"
_OF_VERSION = re.compile(rb'([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})/_history/([1-9][0-9]{0,9})"')


def found(query: SearchQuery, access: Access = EVERYTHING, shaped: tuple[Shape, Bound] | None = None) -> Steps[Page]:
    """One page. Its statements have to see one state of the database, unless it `is_alone`.

    `shaped`: `shape_of(query)`, where that is known already.
    """
    shape, bound = shaped or shape_of(query)
    bound |= access.bound
    bound["small"] = small(query.room, query.count + 1)
    rows: Rows = ()
    matches: Rows = ()
    if query.count:
        start = yield from _start(shape, bound, access)
        rows = in_order(shape, (yield compile_page(shape, access, start), bound))
        matches = yield from first_that_fit(rows[: query.count], query.room)
    included: Sequence[Stored] = ()
    cut = False
    if query.includes and matches:
        included, cut = yield from _included(query, matches, access)
    total: int | None = None
    if query.total:
        total = int((yield compile_total(shape, access), bound)[0][0])
    return page_of(matches, included, more=len(rows) > len(matches), total=total, cut=cut)


def _start(shape: Shape, bound: Bound, access: Access) -> Steps[ConditionShape | None]:
    """The condition to start at; None: at everything of the type, in the order asked for."""
    candidates = starts(shape)
    for one, sure in candidates:
        if sure or (
            yield from _finds_few(shape.rtype, one, bound, access, FEW_BEYOND if beyond(shape.rtype, one) else FEW)
        ):
            return one
    if candidates and shape.sort[0].parameter not in PLACES:
        return candidates[0][0]  # all of them are to be sorted, wherever it starts
    return None


def _finds_few(rtype: str, condition: ConditionShape, bound: Bound, access: Access, few: int) -> Steps[bool]:
    """Whether to start at a condition. What lies at its far end is counted first: much of that takes long to follow."""
    for to, inner in beyond(rtype, condition):
        if not (yield from _finds_few(to, inner, bound, access, FEW_BEYOND)):
            return False
    counted = yield compile_estimate(rtype, condition, few, access), bound
    return int(counted[0][0]) <= few


def _included(query: SearchQuery, matches: Rows, access: Access) -> Steps[tuple[Sequence[Stored], bool]]:
    """What comes along, each once, and whether there would be more. Some always has room, however large matches are."""
    brought, cut = yield from _brought(query, matches, access)
    room = max(query.room - _size(matches), query.room // 4)
    rows = yield from each_that_fits(brought, room)
    included, outgrown = yield from _of_versions(matches, rows, room - _size(rows), access)
    return included, cut or outgrown or len(rows) < len(brought)


def _size(rows: Rows) -> int:
    return sum([row[LENGTH] for row in rows])


def _brought(query: SearchQuery, matches: Rows, access: Access) -> Steps[tuple[Rows, bool]]:
    """The rows of what comes along, small bodies with them, and whether there would be more."""
    seen = {row[PK] for row in matches}
    brought: dict[int, Any] = {}
    frontier: Rows = matches
    includes = query.includes
    for _ in range(DEEPEST):
        new: dict[int, Any] = {}
        for question in _round(includes, frontier, access):
            room = MOST_INCLUDED - len(brought) - len(new)
            bound = {"seen": sorted((*seen, *new)), "limit": room + 1, "small": small(query.room, MOST_INCLUDED)}
            values = {**access.bound, **question[1], **bound}
            rows = yield question[0], values
            new.update((row[PK], row) for row in rows[:room])
            if len(rows) > room:
                return [*brought.values(), *new.values()], True
        brought |= new
        seen |= new.keys()
        frontier, includes = list(new.values()), tuple([i for i in includes if i.iterate])
        if not frontier or not includes:
            return list(brought.values()), False
    return list(brought.values()), True


def _round(includes: Iterable[Include], frontier: Rows, access: Access) -> Iterable[Question]:
    """The statements of one round that starts at the rows of `frontier`."""
    by_type: dict[str, list[Any]] = defaultdict(list)
    for row in frontier:
        by_type[row[0]].append(row)
    forward = tuple(dict.fromkeys(i for i in includes if not i.reverse and i.source in by_type))
    if forward:
        sources = {i.source for i in forward}
        yield compile_forward(forward, access), {"pks": [row[PK] for s in sorted(sources) for row in by_type[s]]}
    backward = tuple(dict.fromkeys(i for i in includes if i.reverse))
    rtypes = sorted(by_type) if backward else []
    for first in range(0, len(rtypes), TYPES_AT_ONCE):
        here = rtypes[first : first + TYPES_AT_ONCE]
        reverse = compile_reverse(backward, tuple(here), access)
        if reverse:
            rids = {f"rids_{rtype}": [row[1] for row in by_type[rtype]] for rtype in here}
            yield reverse[0], {**rids, **reverse[1]}


def _of_versions(matches: Rows, rows: Rows, room: int, access: Access) -> Steps[tuple[Sequence[Stored], bool]]:
    """What comes along; where a match refers to a version of it, that one. With it, whether one was too long for that.

    https://hl7.org/fhir/R4/search.html#revinclude
    """
    included = {(s.rtype, s.rid): s for s in map(stored, rows)}
    named = dict.fromkeys(one for row in matches if _HISTORY in row[BODY] for one in _versions_named(row[BODY]))
    outgrown = False
    for key, number in named:
        current = included.get(key)
        if current is None or current.version == number:
            continue
        older = yield from version(*key, number, access)
        if older is None or older.deleted:
            continue
        growth = len(older.body) - len(current.body)
        if growth > room:
            del included[key]
            outgrown = True
        else:
            included[key] = older
            room -= growth
    return tuple(included.values()), outgrown


def _versions_named(body: bytes) -> Iterable[tuple[tuple[str, str], int]]:
    return [((rtype.decode(), rid.decode()), int(number)) for rtype, rid, number in _OF_VERSION.findall(body)]


def is_short(query: SearchQuery, shape: Shape) -> bool:
    """Whether it is known where to start, and that few rows are read from there: then it may run on the loop."""
    if query.total or query.among:
        return False
    candidates = starts(shape)
    return candidates[0][1] if candidates else shape.sort == (NEWEST_FIRST,)


def is_alone(query: SearchQuery, shape: Shape) -> bool:
    """Whether it is one statement, which sees one state of the database by itself."""
    return is_short(query, shape) and not query.includes
