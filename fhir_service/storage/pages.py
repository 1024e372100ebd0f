"""From the rows of a search to a page; the same for every back-end."""

from collections.abc import Sequence
from typing import Any

from fhir_service.search.query import SearchQuery
from fhir_service.storage.port import Page, Stored
from fhir_service.storage.rows import stored
from fhir_service.storage.statements import STORED

PK = len(STORED)


def page_of(
    query: SearchQuery, rows: Sequence[Sequence[Any]], included: Sequence[Stored], *, total: int | None, cut: bool
) -> Page:
    """The page. One row more than asked for tells that another page follows."""
    more = 0 < query.count < len(rows)
    last = rows[query.count - 1] if more else ()
    return Page(
        matches=tuple([stored(row) for row in rows[: query.count]]),
        included=tuple(included),
        following=(tuple(last[PK + 1 :]), last[PK]) if more else None,
        total=total,
        cut=cut,
    )
