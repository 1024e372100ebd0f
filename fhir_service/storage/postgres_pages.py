"""A page and what comes along with it, asked for by one statement (stack.md 5).

Each trip to the server costs more than what it fetches: two statements, and the transaction in which they see one state
of the database, are four. It is asked for in steps (`searching`) where that is not known to be short, or where what is
found turns out to need another look.
"""

from functools import lru_cache

from sqlalchemy import BigInteger, bindparam, cast, func, literal_column, null, select, union_all

from fhir_service.search.query import Include, SearchQuery
from fhir_service.storage.access import EVERYTHING, Access
from fhir_service.storage.bodies import BODY, measured_columns, small
from fhir_service.storage.compiler import chosen_page
from fhir_service.storage.homes import entering
from fhir_service.storage.including import referred_to
from fhir_service.storage.pages import PK, page_of
from fhir_service.storage.port import Page
from fhir_service.storage.prepared import Prepared, prepare
from fhir_service.storage.rows import stored
from fhir_service.storage.searching import MOST_INCLUDED, is_short
from fhir_service.storage.shape import NEWEST_FIRST, Bound, Shape
from fhir_service.storage.starts import starts
from fhir_service.storage.steps import Steps
from fhir_service.storage.tables import RESOURCE

UPDATED = PK + 1
"""Where a match has the time that it is sorted by; what comes along has nothing there."""


def is_at_once(query: SearchQuery, shape: Shape) -> bool:
    """Whether it is a page of the newest, found in a way that is known, with what its matches themselves refer to."""
    plain = all(not one.reverse and not one.iterate and one.source == shape.rtype for one in query.includes)
    return bool(query.includes and query.count) and plain and shape.sort == (NEWEST_FIRST,) and is_short(query, shape)


def found_at_once(query: SearchQuery, access: Access, shaped: tuple[Shape, Bound]) -> Steps[Page | None]:
    """The page; None where it has to be found in steps: bodies are large, or a version of a resource is referred to."""
    shape, bound = shaped
    short = small(query.room, query.count + MOST_INCLUDED)
    values = {**bound, **access.bound, "small": short, "count": query.count, "most": MOST_INCLUDED}
    rows = yield _compiled(shape, tuple(dict.fromkeys(query.includes)), access), values
    found = [row for row in rows if row[UPDATED] is not None]
    matches, brought = found[: query.count], rows[len(found) :]
    if len(brought) == MOST_INCLUDED or any(row[BODY] is None for row in rows):
        return None
    if any(b"/_history/" in row[BODY] for row in matches):
        return None
    included = [stored(row) for row in reversed(brought)]
    return page_of(matches, included, more=len(found) > len(matches), total=None, cut=False)


@lru_cache(maxsize=1024)
def _compiled(shape: Shape, includes: tuple[Include, ...], access: Access = EVERYTHING) -> Prepared:
    """Measured columns, pk and time: of the page, newest first, and then of what comes along, newest made first."""
    candidates = starts(shape)
    chosen, (updated,) = chosen_page(shape, access, candidates[0][0] if candidates else None)
    page = chosen.cte("page")
    matches = select(page.c.pk).order_by(page.c[updated].desc(), page.c.pk.desc()).limit(bindparam("count"))
    pks = func.array(matches.scalar_subquery())
    resource, other = entering(RESOURCE, "r", access), entering(RESOURCE, "o", access)
    found = select(*measured_columns(resource), page.c.pk, page.c[updated].label("at")).select_from(
        page.join(resource, resource.c.pk == page.c.pk)
    )
    brought = (
        select(*measured_columns(other), other.c.pk, cast(null(), BigInteger).label("at"))
        .select_from(referred_to(other, includes, access, lambda pk: pk == func.any(pks)))
        .where(other.c.deleted == literal_column("0"), other.c.pk != func.all(pks))
        .limit(bindparam("most"))
    )
    both = union_all(found, brought.subquery("brought").select()).subquery("both")
    return prepare(select(both).order_by(both.c.at.desc().nulls_last(), both.c.pk.desc()))
