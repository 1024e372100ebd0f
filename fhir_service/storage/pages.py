"""From the rows of a search to a page; the same for every back-end."""

from collections.abc import Sequence
from operator import itemgetter

from fhir_service.storage.bodies import MEASURED
from fhir_service.storage.port import Page, Stored
from fhir_service.storage.rows import stored
from fhir_service.storage.shape import NEWEST_FIRST, Shape
from fhir_service.storage.steps import Rows

PK = len(MEASURED)
_BY_TIME = itemgetter(PK + 1, PK)


def in_order(shape: Shape, rows: Rows) -> Rows:
    """The rows of a page in the order asked for; newest first they come in any."""
    return sorted(rows, key=_BY_TIME, reverse=True) if shape.sort == (NEWEST_FIRST,) else rows


def page_of(rows: Rows, included: Sequence[Stored], *, more: bool, total: int | None, cut: bool) -> Page:
    """The page. `more`: another one follows, and begins after the last of `rows`."""
    last = rows[-1] if more else ()
    return Page(
        matches=tuple([stored(row) for row in rows]),
        included=tuple(included),
        following=(tuple(last[PK + 1 :]), last[PK]) if more else None,
        total=total,
        cut=cut,
    )
