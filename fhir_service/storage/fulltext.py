"""Bring full text up to date when somebody asks for it (ADR 0017).

Writers do nothing for `_text` and `_content`. `fulltext_progress` says up to which time everything was read; what was
changed later, and what a row of `fulltext` is not as new as, is read before a search by words is answered.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, TypeAlias

from sqlalchemy import Select, bindparam, delete, exists, func, insert, literal, select, update

from fhir_service.search.query import AnyOf, Chain, Condition, FullText, Has, SearchQuery
from fhir_service.storage.access import EVERYTHING, Access
from fhir_service.storage.constructs import any_of
from fhir_service.storage.parts import of_words
from fhir_service.storage.port import Page, TooSlow
from fhir_service.storage.prepared import prepare
from fhir_service.storage.searching import found
from fhir_service.storage.steps import Steps
from fhir_service.storage.tables import FULLTEXT, FULLTEXT_PROGRESS, RESOURCE
from fhir_service.storage.words import texts_of

CHUNK = 100
"""Resources that are read at a time."""
MOST_IN_WORK = 500_000
"""Bytes of resources whose words a unit of work reads itself."""
PORTION = 50_000
"""Characters of words that are written in one transaction: a few milliseconds."""
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
STANDING = prepare(select(RESOURCE.c.pk, RESOURCE.c.updated).where(any_of(RESOURCE.c.pk, "pks")))
REMOVE = prepare(delete(FULLTEXT).where(any_of(FULLTEXT.c.pk, "pks")).returning(FULLTEXT.c.pk))
ADD = prepare(insert(FULLTEXT).returning(FULLTEXT.c.pk), FULLTEXT.c.keys())
NOTE = prepare(update(FULLTEXT_PROGRESS).where(_OURS).values(updated=bindparam("up_to")).returning(_UP_TO))


class Behind(TooSlow):
    """More is unread than a unit of work may read, which keeps others waiting: `catch_up`, then do it again."""


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


@dataclass(frozen=True, slots=True)
class Unread:
    """Some that were not read, the oldest first. `reached`: the time up to which there is nothing else; `more`: after
    it there is."""

    rows: Sequence[Any]
    reached: int
    more: bool


def unread(horizon: int, since: int) -> Steps[Unread]:
    """The next to be read; none changed before `since`."""
    progress = (yield PROGRESS, {})[0][0]
    rows = yield OLDEST, {"since": max(progress, since)}
    if len(rows) == CHUNK:
        return Unread(rows, rows[-1][2], more=True)
    newest = (yield NEWEST, {"horizon": horizon})[0][0]
    return Unread(rows, newest or 0, more=False)


def _read(rows: Iterable[Any]) -> list[dict[str, Any]]:
    """Rows of `fulltext`."""
    found = []
    for row in rows:
        *columns, body = tuple(row)
        narrative, content = texts_of(body)
        named = dict(zip(_RESOURCE_COLUMNS, columns, strict=False))
        named["sector"] = of_words(named["sector"])
        found.append({**named, "narrative": narrative, "content": content})
    return found


def _keep(read: Sequence[dict[str, Any]]) -> Steps[None]:
    """Write rows of `fulltext`, but of what has changed since it was read. Whoever writes waits for others that do."""
    yield LOCK, {}
    standing = dict(map(tuple, (yield STANDING, {"pks": [row["pk"] for row in read]})))
    current = [row for row in read if standing.get(row["pk"]) == row["updated"]]
    yield REMOVE, {"pks": [row["pk"] for row in current]}
    for row in current:
        yield ADD, row


def _note(up_to: int) -> Steps[None]:
    progress = (yield LOCK, {})[0][0]
    yield NOTE, {"up_to": max(progress, up_to)}


async def catch_up(ask: Doing, note: Doing, horizon: int, seconds: float) -> None:
    """Read everything that was not read. Raises TooSlow when that takes longer; the next search goes on from there.

    Texts are taken apart in a thread, and what is written at a time is little: others go on meanwhile.
    """
    if not await ask(lambda: is_behind(horizon)):
        return
    until = time.monotonic() + seconds
    found = Unread((), 0, more=True)
    while found.more:
        if found.rows and time.monotonic() > until:
            raise TooSlow("The full text is not up to date yet: try again")
        found = await ask(partial(unread, horizon, found.reached))
        for portion in _portions(await asyncio.to_thread(_read, found.rows)):
            await note(partial(_keep, portion))
        await note(partial(_note, min(found.reached, horizon)))


def _portions(read: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """The rows, as many at a time as have `PORTION` characters."""
    portion: list[dict[str, Any]] = []
    size = 0
    for row in read:
        portion.append(row)
        size += len(row["content"])
        if size > PORTION:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion


def found_in_work(query: SearchQuery, access: Access = EVERYTHING) -> Steps[Page]:
    """A search within a unit of work, which sees what it wrote itself. Raises Behind if there is too much to read."""
    if by_words(query):
        yield LOCK, {}
        rest = yield from unread(0, 0)
        if rest.more or sum(len(row[-1]) for row in rest.rows) > MOST_IN_WORK:
            raise Behind("The full text is not up to date yet: try again")
        yield from _keep(_read(rest.rows))
    return (yield from found(query, access))
