"""Resources that lie in several places, as the pages of one search: newest first, or the other way round."""

from collections.abc import Iterable
from typing import cast

from fhir_service.search.query import SearchQuery
from fhir_service.storage.port import Page, Stored

BY_TIME = frozenset({"date", "recorded", "_lastUpdated"})
"""Parameters that `_sort` may name."""


def is_ascending(query: SearchQuery) -> bool:
    """Whether the oldest comes first."""
    return bool(query.sort) and query.sort[0].parameter in BY_TIME and not query.sort[0].descending


def in_order(found: Iterable[Stored], query: SearchQuery) -> list[Stored]:
    """As they are asked for."""
    return sorted(found, key=lambda s: (-s.at, s.rid), reverse=is_ascending(query))


def after(found: Iterable[Stored], query: SearchQuery) -> list[Stored]:
    """Those behind the cursor of a page."""
    if query.after is None:
        return list(found)
    at, rid = cast(tuple[int, str], query.after.values)
    if is_ascending(query):
        return [s for s in found if (s.at, _reversed(s.rid)) > (at, _reversed(rid))]
    return [s for s in found if (-s.at, s.rid) > (-at, rid)]


def _reversed(rid: str) -> tuple[int, ...]:
    """Sorts the other way round, as a page that is told backwards does."""
    return (*(-ord(char) for char in rid), 1)


def page_of(merged: list[Stored], query: SearchQuery, included: tuple[Stored, ...]) -> Page:
    """Of all that match, in order, those behind the cursor; they are all there, but for what a page leaves out."""
    left = after(merged, query)
    shown = left[: query.count]
    more = len(left) > query.count and bool(shown)
    return Page(
        matches=tuple(shown),
        included=included,
        following=((shown[-1].at, shown[-1].rid), 0) if more else None,
        total=len(merged) if query.total else None,
    )
