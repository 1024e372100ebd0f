"""One try at a unit of work on PostgreSQL (decision 31).

The transaction begins with the first lock, and from then on the work reads on the connection that will write; searches
run on one of their own, with a deadline. A work that locks nothing and is written by one statement needs neither a
transaction nor a connection: what it reads is asked for together with what others read (`postgres_batches`), and it is
written together with others (`postgres_groups`).
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Any, Self, TypeVar

from sqlalchemy import and_, select

from fhir_service.storage import postgres_locks as locks
from fhir_service.storage import statements as sql
from fhir_service.storage.allowance import Allowance
from fhir_service.storage.indexing import Extract
from fhir_service.storage.moving import moved
from fhir_service.storage.port import NOTHING, Afterwards, Changes, Lock, Page, StorageError, Stored, Unavailable, Work
from fhir_service.storage.postgres_apply import Given, Reference, givens, question
from fhir_service.storage.postgres_batches import ReadBatches, named
from fhir_service.storage.postgres_connection import Again, Lost, Session
from fhir_service.storage.postgres_groups import WriteGroups
from fhir_service.storage.postgres_outcome import was_written
from fhir_service.storage.postgres_pool import Pool
from fhir_service.storage.postgres_writing import columns_of, given
from fhir_service.storage.prepared import prepare
from fhir_service.storage.tables import RESOURCE
from fhir_service.storage.transaction_reads import Asked, TransactionReads

T = TypeVar("T")

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


@dataclass(frozen=True, slots=True)
class Ways:
    """The ways of a unit of work to the database."""

    writers: Pool
    searchers: Pool
    reads: ReadBatches
    groups: WriteGroups


class Unit:
    """A try. `keys`: what it locked or wanted to; `written`: what it wrote, or wanted to.

    `seconds`: how long its searches may take together. To be left (`async with`) when it has ended.
    """

    def __init__(self, ways: Ways, extract: Extract, seconds: float) -> None:
        self._ways = ways
        self._allowance = Allowance(seconds)
        self._extract = extract
        self._held: Session | None = None
        self._open = AsyncExitStack()
        self._begun = False
        self._applied = False
        self._relied_on: set[Reference] = set()
        self._seen: dict[Reference, int] = {}
        """The versions that the work has read."""
        self.keys: set[str] = set()
        self.written: set[Reference] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._held is not None:
                await undone(self._held)
        finally:
            await self._open.__aexit__(kind, error, trace)

    async def _session(self) -> Session:
        """The connection that it reads and writes on, from the first time it needs one of its own."""
        if self._held is None:
            self._held = await self._open.enter_async_context(self._ways.writers.session())
        return self._held

    async def _let_go(self) -> None:
        """Give the connection back before there is a transaction on it."""
        self._held = None
        await self._open.aclose()

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
            await self._commit(changes)
        return answer

    async def _commit(self, changes: Changes) -> None:
        """Raises Uncertain when it is not known what came of it."""
        session = await self._session()
        pid = session.pid
        try:
            await session.script("COMMIT")
        except Lost:
            if not await was_written(self._ways.searchers.session, pid, changes):
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
        if asked.named:
            answer: Any = await self._named(asked.named)
        elif not asked.is_search:
            answer = await (await self._session()).driven(asked.steps)
        elif self._applied:  # what was written is seen here only
            with self._allowance.spent() as seconds:
                session = await self._session()
                await session.script(AS_SEARCH.format(round(seconds * 1000)))
                answer = await session.driven(asked.steps, seconds)
        else:
            async with self._ways.searchers.session() as session:
                with self._allowance.spent() as seconds:
                    answer = await session.driven(asked.steps, seconds)
        if asked.lock is Lock.KEEP:
            self._relied_on.update(key for key, found in answer.items() if not found.deleted)
        if not (self._applied or asked.is_past):
            self._must_be_as_before(answer)
        return answer

    async def _named(self, references: Iterable[Reference]) -> dict[Reference, Stored]:
        if self._begun:
            return await named(await self._session(), references)
        return await self._ways.reads.several(references)

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
            session = await self._session()
            self._begun = True
            await session.script(commands)

    async def _take(self, references: Iterable[Reference]) -> int:
        wanted = sorted(set(references))
        if not wanted:
            return 0
        rtypes, rids = zip(*wanted, strict=True)
        rows = await (await self._session()).rows(TAKE, {"taken_rtype": list(rtypes), "taken_rid": list(rids)})
        return max((updated for (updated,) in rows), default=0)

    async def _write(self, changes: Changes, *, alone: bool) -> None:
        several = list(givens(changes, self._relied_on, self._extract))
        if alone and not self._begun and not changes.joins and len(several) == 1:
            await self._let_go()  # the group has to find one, whatever number of works waits for it
            await self._ways.groups.write(several[0], changes, self._relied_on)
            return
        await self._begin()
        await self._write_here(changes, several)

    async def _write_here(self, changes: Changes, several: Iterable[Given]) -> None:
        session = await self._session()
        for write in changes.writes if changes.joins else ():
            await session.rows(sql.LEAVE, {"rtype": write.rtype, "rid": write.rid})
        for join in changes.joins:
            await session.driven(moved(join))
        for given_here in several:
            await session.rows(*question(given_here))


async def undone(session: Session) -> None:
    """Leave no transaction open; where that cannot be done the connection is not used again."""
    if not session.usable:
        with suppress(Unavailable):
            await session.undo()
