"""From the rows of a search to a page; the same for every back-end."""

from collections.abc import Iterable, Sequence
from typing import Any

from fhir_service.search.query import SearchQuery
from fhir_service.storage.port import Page, Stored
from fhir_service.storage.rows import stored
from fhir_service.storage.statements import STORED

PK = len(STORED)


def pks_of(query: SearchQuery, rows: Sequence[Sequence[Any]]) -> list[int]:
    """The primary keys of what is on the page; `rows` as from `CompiledSearch.page`."""
    return [row[PK] for row in rows[: query.count]]


def page_of(
    query: SearchQuery, rows: Sequence[Sequence[Any]], included: Iterable[Sequence[Any]], total: int | None
) -> Page:
    """The page. One row more than asked for tells that another page follows."""
    matches = tuple(stored(row) for row in rows[: query.count])
    more = matches and len(rows) > query.count
    last = rows[query.count - 1] if more else ()
    return Page(
        matches=matches,
        included=_besides(matches, included),
        following=(tuple(last[PK + 1 :]), last[PK]) if more else None,
        total=total,
    )


def _besides(matches: tuple[Stored, ...], included: Iterable[Sequence[Any]]) -> tuple[Stored, ...]:
    there = {(m.rtype, m.rid) for m in matches}
    return tuple(s for s in map(stored, included) if (s.rtype, s.rid) not in there)
