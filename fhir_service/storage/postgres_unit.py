"""One try at a unit of work on PostgreSQL (decision 31).

What the work reads, it reads on the connection that will write; searches run on one of their own, with a deadline. The
transaction begins with the first lock. A work that locks nothing and is written by one statement needs none at all.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import and_, select

from fhir_service.storage import postgres_locks as locks
from fhir_service.storage import statements as sql
from fhir_service.storage.allowance import Allowance
from fhir_service.storage.indexing import Extract
from fhir_service.storage.moving import moved
from fhir_service.storage.port import NOTHING, Afterwards, Changes, Lock, Page, StorageError, Stored, Work
from fhir_service.storage.postgres_apply import Reference, questions
from fhir_service.storage.postgres_connection import Again, Lost, Session
from fhir_service.storage.postgres_outcome import was_written
from fhir_service.storage.postgres_writing import columns_of, given
from fhir_service.storage.prepared import prepare
from fhir_service.storage.tables import RESOURCE
from fhir_service.storage.transaction_reads import Asked, TransactionReads

T = TypeVar("T")
Searching = Callable[[], AbstractAsyncContextManager[Session]]
"""A connection for a search."""

AS_SEARCH = "SET LOCAL plan_cache_mode = force_custom_plan;SET LOCAL statement_timeout = {}"
"""What a connection that writes is set to, from its first search on to its commit."""

_wanted = given("taken", columns_of(RESOURCE, ("rtype", "rid")))
TAKE = prepare(
    select(RESOURCE.c.updated)
    .join_from(_wanted, RESOURCE, and_(RESOURCE.c.rtype == _wanted.c.rtype, RESOURCE.c.rid == _wanted.c.rid))
    .order_by(RESOURCE.c.rtype, RESOURCE.c.rid)
    .with_for_update(of=RESOURCE)
)


def _current(answer: Any) -> Iterator[Stored]:
    """The current versions that an answer consists of."""
    if isinstance(answer, Stored):
        yield answer
    elif isinstance(answer, Page):
        yield from answer.matches
    elif isinstance(answer, tuple | dict):
        for one in answer.values() if isinstance(answer, dict) else answer:
            yield from _current(one)


class Unit:
    """A try. `keys`: what it locked or wanted to; `written`: what it wrote, or wanted to.

    `seconds`: how long its searches may take together.
    """

    def __init__(self, session: Session, searching: Searching, extract: Extract, seconds: float) -> None:
        self._session = session
        self._searching = searching
        self._allowance = Allowance(seconds)
        self._extract = extract
        self._begun = False
        self._applied = False
        self._relied_on: set[Reference] = set()
        self._seen: dict[Reference, int] = {}
        """The versions that the work has read."""
        self.keys: set[str] = set()
        self.written: set[Reference] = set()

    async def lock(self, keys: Iterable[str], written: Iterable[Reference]) -> int:
        """Lock what is known from tries before, waiting for it; the time of the newest version that is to be replaced.

        Everybody waits in the same order, and holds nothing else yet.
        """
        self.keys.update(keys)
        self.written.update(written)
        named = {*self.keys, *(f"resource {rtype}/{rid}" for rtype, rid in self.written)}
        if not named:
            return 0
        await self._begin(locks.in_order(map(locks.number, named)))
        return await self._take(self.written)

    async def run(self, work: Work[T], afterwards: Afterwards[T] | None, tx: TransactionReads) -> T:
        """Do the work, write what it wants and commit. Raises Again when it met another one."""
        answer, changes = await self._driven(work(tx))
        self.written.update((w.rtype, w.rid) for w in changes.writes)
        if changes != NOTHING:
            await self._write(changes, alone=afterwards is None)
        self._applied = True
        if afterwards is not None:
            answer = await self._driven(afterwards(tx, answer))
        if self._begun:
            await self._committed(self._session.script("COMMIT"), changes)
        return answer

    async def _committed(self, command: Awaitable[Any], changes: Changes) -> None:
        """Wait for the command that commits. Raises Uncertain when it is not known what came of it."""
        pid = self._session.pid
        try:
            await command
        except Lost:
            if not await was_written(self._searching, pid, changes):
                raise

    async def _driven(self, work: Awaitable[T]) -> T:
        """Answer the questions of a coroutine until it ends. One that waits for anything else is a bug."""
        steps = work.__await__()
        resume: Callable[[], Any] = partial(next, steps)
        try:
            while True:
                asked = resume()
                if not isinstance(asked, Asked):
                    raise RuntimeError("A unit of work may wait for nothing but its reads (decision 31)")  # noqa: TRY004
                try:
                    resume = partial(steps.send, await self._answered(asked))
                except StorageError as error:
                    resume = partial(steps.throw, error)
        except StopIteration as end:
            value: T = end.value
            return value
        finally:
            steps.close()

    async def _answered(self, asked: Asked[Any]) -> Any:
        await self._lock(asked)
        if not asked.is_search:
            answer = await self._session.driven(asked.steps)
        elif self._applied:  # what was written is seen here only
            with self._allowance.spent() as seconds:
                await self._session.script(AS_SEARCH.format(round(seconds * 1000)))
                answer = await self._session.driven(asked.steps, seconds)
        else:
            async with self._searching() as session:
                with self._allowance.spent() as seconds:
                    answer = await session.driven(asked.steps, seconds)
        if asked.lock is Lock.KEEP:
            self._relied_on.update(key for key, found in answer.items() if not found.deleted)
        if not self._applied:
            self._must_be_as_before(answer)
        return answer

    def _must_be_as_before(self, answer: Any) -> None:
        """Every statement sees what was committed by then: a work that meets two versions of one thing starts again."""
        for found in _current(answer):
            key = (found.rtype, found.rid)
            if self._seen.setdefault(key, found.version) != found.version:
                self.written.add(key)
                raise Again("What was read has changed meanwhile")

    async def _lock(self, asked: Asked[Any]) -> None:
        new = set(asked.keys) - self.keys
        self.keys |= new
        if new:
            await self._begin(locks.at_once(map(locks.number, new)))
        if asked.lock is Lock.TAKE and asked.named:
            await self._begin()
            await self._take(asked.named)

    async def _begin(self, then: str = "") -> None:
        commands = then if self._begun else f"BEGIN;{then}"
        if commands:
            self._begun = True
            await self._session.script(commands)

    async def _take(self, references: Iterable[Reference]) -> int:
        wanted = sorted(set(references))
        if not wanted:
            return 0
        rtypes, rids = zip(*wanted, strict=True)
        rows = await self._session.rows(TAKE, {"taken_rtype": list(rtypes), "taken_rid": list(rids)})
        return max((updated for (updated,) in rows), default=0)

    async def _write(self, changes: Changes, *, alone: bool) -> None:
        asked = list(questions(changes, self._relied_on, self._extract))
        if changes.moves or len(asked) > 1 or not alone:
            await self._begin()
        for write in changes.writes if changes.moves else ():
            await self._session.rows(sql.LEAVE, {"rtype": write.rtype, "rid": write.rid})
        for move in changes.moves:
            await self._session.driven(moved(move))
        for statement, values in asked:
            written = self._session.rows(statement, values)
            await (written if self._begun else self._committed(written, changes))
