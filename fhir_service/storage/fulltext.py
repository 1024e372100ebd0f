"""Bring full text up to date when somebody asks for it (ADR 0017).

Writers do nothing for `_text` and `_content`. `fulltext_progress` says up to which time everything was read; what was
changed later, and what a row of `fulltext` is not as new as, is read before a search by words is answered.
"""

import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta
from functools import partial
from typing import Any, TypeAlias

from sqlalchemy import Select, bindparam, delete, exists, func, insert, literal, select, update

from fhir_service.search.query import AnyOf, Chain, Condition, FullText, Has, SearchQuery
from fhir_service.storage.access import EVERYTHING, Access
from fhir_service.storage.constructs import any_of
from fhir_service.storage.port import Page, TooSlow
from fhir_service.storage.prepared import prepare
from fhir_service.storage.searching import found
from fhir_service.storage.steps import Steps
from fhir_service.storage.tables import FULLTEXT, FULLTEXT_PROGRESS, RESOURCE
from fhir_service.storage.words import texts_of

CHUNK = 100
"""Resources that are read in one transaction: others write between two of them."""
MOST_CHUNKS = 10
"""Of one unit of work, which keeps everybody waiting."""
OVERLAP = timedelta(seconds=60)
"""By how much a change may become visible later than its time says: PostgreSQL has several writers."""
AT_ONCE = 2**62
"""A horizon for a database in which changes become visible in the order of their times."""
Doing: TypeAlias = Callable[[Callable[[], Steps[Any]]], Awaitable[Any]]
"""`Repository.ask` or `Repository.note`."""

_RESOURCE_COLUMNS = ("pk", "rtype", "updated", "person_id", "tenant_id", "sector", "body")
_UP_TO = FULLTEXT_PROGRESS.c.updated
_OURS = FULLTEXT_PROGRESS.c.name == literal("fulltext")
_PROGRESS = select(_UP_TO).where(_OURS).scalar_subquery()


def _unread(columns: Iterable[Any], since: Any) -> Select[Any]:
    read = exists().where(FULLTEXT.c.pk == RESOURCE.c.pk, FULLTEXT.c.updated == RESOURCE.c.updated)
    return select(*columns).where(RESOURCE.c.updated >= since, ~read)


UNREAD = prepare(_unread([RESOURCE.c.pk], _PROGRESS).limit(literal(1)))
NEWEST = prepare(select(func.max(RESOURCE.c.updated)).where(RESOURCE.c.updated <= bindparam("horizon")))
PROGRESS = prepare(select(_UP_TO).where(_OURS))
LOCK = prepare(update(FULLTEXT_PROGRESS).where(_OURS).values(updated=_UP_TO).returning(_UP_TO))
OLDEST = prepare(
    _unread([RESOURCE.c[name] for name in _RESOURCE_COLUMNS], bindparam("since"))
    .order_by(RESOURCE.c.updated, RESOURCE.c.pk)
    .limit(literal(CHUNK))
)
REMOVE = prepare(delete(FULLTEXT).where(any_of(FULLTEXT.c.pk, "pks")).returning(FULLTEXT.c.pk))
ADD = prepare(insert(FULLTEXT).returning(FULLTEXT.c.pk), FULLTEXT.c.keys())
NOTE = prepare(update(FULLTEXT_PROGRESS).where(_OURS).values(updated=bindparam("up_to")).returning(_UP_TO))


def by_words(query: SearchQuery) -> bool:
    """Whether a search looks at words, itself or at the end of a chain."""
    return any(_looks(c) for c in (*query.criteria, *(c for one in query.among for c in one.criteria)))


def _looks(condition: Condition) -> bool:
    if isinstance(condition, Chain):
        return any(_looks(inner) for _, inner in condition.links)
    if isinstance(condition, Has):
        return _looks(condition.condition)
    if isinstance(condition, AnyOf):
        return any(map(_looks, condition.conditions))
    return isinstance(condition, FullText)


def is_behind(horizon: int) -> Steps[bool]:
    """Whether there is something to do: what was not read yet, or was and need not be looked at again.

    `horizon`: no change of an earlier time becomes visible any more (microseconds since 1970 UTC).
    """
    if (yield UNREAD, {}):
        return True
    newest = (yield NEWEST, {"horizon": horizon})[0][0]
    return newest is not None and newest > (yield PROGRESS, {})[0][0]


def read_on(horizon: int, since: int = 0) -> Steps[int | None]:
    """Read the words of some that were not read, the oldest first; of none changed before `since`.

    The answer is the time to go on from, None at the end. Whoever reads waits for others that do.
    """
    progress = (yield LOCK, {})[0][0]
    rows = yield OLDEST, {"since": max(progress, since)}
    if rows:
        yield REMOVE, {"pks": [row[0] for row in rows]}
    for row in rows:
        *columns, body = tuple(row)
        narrative, content = texts_of(body)
        values = dict(zip(_RESOURCE_COLUMNS, columns, strict=False))
        yield ADD, {**values, "narrative": narrative, "content": content}
    if len(rows) == CHUNK:
        reached = rows[-1][2]
        yield NOTE, {"up_to": max(progress, min(reached, horizon))}
        return int(reached)
    newest = (yield NEWEST, {"horizon": horizon})[0][0]
    yield NOTE, {"up_to": max(progress, newest or 0)}
    return None


async def catch_up(ask: Doing, note: Doing, horizon: int, seconds: float) -> None:
    """Read everything that was not read. Raises TooSlow when that takes longer; the next search goes on from there."""
    if not await ask(lambda: is_behind(horizon)):
        return
    until = time.monotonic() + seconds
    since: int | None = 0
    while (since := await note(partial(read_on, horizon, since or 0))) is not None:
        if time.monotonic() > until:
            raise TooSlow("The full text is not up to date yet: try again")


def found_in_work(query: SearchQuery, access: Access = EVERYTHING) -> Steps[Page]:
    """A search within a unit of work, which sees what it wrote itself. Raises TooSlow if there is too much to read."""
    since: int | None = 0
    for _ in range(MOST_CHUNKS if by_words(query) else 0):
        since = yield from read_on(0, since or 0)
        if since is None:
            break
    if since:
        raise TooSlow("The full text is not up to date yet: try again")
    return (yield from found(query, access))
