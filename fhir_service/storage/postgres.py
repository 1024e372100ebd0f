"""The repository on PostgreSQL (decisions 18, 21 and 31, stack.md 5): any number of processes over one database.

Sets of connections: those that write, those that search (read-only, with a deadline, and with a plan for the values at
hand: trap 1), those for searches that one plan serves for all values (`planning`), and those that read by id.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from fhir_service.search.query import SearchQuery
from fhir_service.storage import statements as sql
from fhir_service.storage import visible
from fhir_service.storage.access import EVERYTHING, Access
from fhir_service.storage.fulltext import OVERLAP, Behind, by_words, catch_up
from fhir_service.storage.indexing import Extract
from fhir_service.storage.instants import micros, moment
from fhir_service.storage.noting import Noting
from fhir_service.storage.planning import WITHOUT_VALUES, is_planned_once
from fhir_service.storage.port import Afterwards, Page, Stored, Unavailable, Work
from fhir_service.storage.postgres_apply import Reference
from fhir_service.storage.postgres_batches import ReadBatches
from fhir_service.storage.postgres_connection import KEYED, READS, WRITES, Again, Session
from fhir_service.storage.postgres_duty import Duty
from fhir_service.storage.postgres_groups import WriteGroups
from fhir_service.storage.postgres_pages import found_at_once, is_at_once
from fhir_service.storage.postgres_pool import Pool
from fhir_service.storage.postgres_unit import Unit, Ways, undone
from fhir_service.storage.postgres_url import PostgresUrl
from fhir_service.storage.searching import found, is_alone
from fhir_service.storage.shape import shape_of
from fhir_service.storage.sighted import HangsOn, Sighted
from fhir_service.storage.steps import Steps
from fhir_service.storage.transaction_reads import TransactionReads

T = TypeVar("T")
Clock = Callable[[], datetime]
MICROSECOND = timedelta(microseconds=1)
SEARCH_DEADLINE = 5.0
TRIES = 4
"""The first, and three more (decision 31)."""
PAUSE = 0.01
"""Seconds at most before the first re-run; each later one waits for longer."""
WRITERS, SEARCHERS, PLANNED, READERS = 10, 6, 4, 2


class PostgresRepository(Noting):
    """`Repository` on PostgreSQL. `extract` tells what a resource is found by. Connects when it is first used."""

    def __init__(
        self, url: PostgresUrl, *, extract: Extract, clock: Clock, search_deadline: float = SEARCH_DEADLINE
    ) -> None:
        self._extract = extract
        self._clock = clock
        self._deadline = search_deadline
        self._writers = Pool(url, WRITES, WRITERS)
        reads = {**READS, "statement_timeout": str(round(search_deadline * 1000))}
        self._searchers = Pool(url, {**reads, "plan_cache_mode": "force_custom_plan"}, SEARCHERS)
        self._planned = Pool(url, {**reads, **WITHOUT_VALUES}, PLANNED)
        readers = Pool(url, {**READS, **KEYED}, READERS)
        self._batches = ReadBatches(readers)
        self._groups = WriteGroups(self._writers, self._searchers)
        self._ways = Ways(self._writers, self._searchers, self._batches, self._groups)
        self._pools = (self._writers, self._searchers, self._planned, readers)
        self._duty = Duty(url)
        self._last: datetime | None = None

    @property
    def settings(self) -> tuple[dict[str, str], ...]:
        """What connections are set to: one that does not take it is not used (SR-2)."""
        return tuple(dict(pool.settings) for pool in self._pools)

    async def run(self, work: Work[T], afterwards: Afterwards[T] | None = None) -> T:
        try:
            return await self._run(work, afterwards)
        except Behind:
            await self._catch_up()
            return await self._run(work, afterwards)

    async def _catch_up(self) -> None:
        await catch_up(self.ask, self.note, micros(self._clock() - OVERLAP), SEARCH_DEADLINE)

    async def _run(self, work: Work[T], afterwards: Afterwards[T] | None) -> T:
        last = self._last or await self._last_update()
        self._last = max(last, self._last or last)
        keys: set[str] = set()
        written: set[Reference] = set()
        for number in range(TRIES):
            await asyncio.sleep(random.uniform(0, PAUSE * number))  # noqa: S311 - so that two do not meet again
            async with Unit(self._ways, self._extract, self._deadline) as unit:
                try:
                    newest = await unit.lock(keys, written)
                    return await unit.run(work, afterwards, TransactionReads(self._next_instant(newest)))
                except Again:
                    keys |= unit.keys
                    written |= unit.written
        raise Unavailable("Others were at work on the same all the time")

    async def _last_update(self) -> datetime:
        async with self._searchers.session() as session:
            ((last,),) = await session.rows(sql.LAST_UPDATE, {})
        return moment(last or 0)

    def _next_instant(self, newest: int) -> datetime:
        """Later than any before it, here and in what is to be replaced, whatever the clocks say (SR-10)."""
        last = max(self._last or moment(0), moment(newest))
        self._last = max(self._clock().astimezone(UTC), last + MICROSECOND)
        return self._last

    async def read(self, rtype: str, rid: str, access: Access = EVERYTHING) -> Stored | None:
        return await self._batches.read(rtype, rid, access)

    async def sighted(self, rtype: str, rids: Sequence[str], access: Access, on: HangsOn) -> tuple[Sighted, ...]:
        return await self._batches.sighted(rtype, rids, access, on)

    async def vread(self, rtype: str, rid: str, version: int, access: Access = EVERYTHING) -> Stored | None:
        async with self._searchers.session() as session:
            return await session.driven(visible.version(rtype, rid, version, access))

    async def search(self, query: SearchQuery, access: Access = EVERYTHING) -> Page:
        if by_words(query):
            await self._catch_up()
        shaped = shape_of(query)
        pool = self._planned if is_planned_once(query, shaped[0], access) else self._searchers
        if is_at_once(query, shaped[0]):
            async with self._searching(pool) as (session, left):
                page = await session.driven(found_at_once(query, access, shaped), left)
            if page is not None:
                return page
        if not is_alone(query, shaped[0]):
            return await self._asked(lambda: found(query, access, shaped), pool)
        async with self._searching(pool) as (session, left):
            return await session.driven(found(query, access, shaped), left)

    async def ask(self, asked: Callable[[], Steps[T]], *, short: bool = False) -> T:
        if short:
            async with self._searching(self._searchers) as (session, left):
                return await session.driven(asked(), left)
        return await self._asked(asked, self._searchers)

    async def _asked(self, asked: Callable[[], Steps[T]], pool: Pool) -> T:
        async with self._searching(pool) as (session, left):
            try:
                await session.script("BEGIN ISOLATION LEVEL REPEATABLE READ")
                return await session.driven(asked(), left)
            finally:
                await undone(session)

    @asynccontextmanager
    async def _searching(self, pool: Pool) -> AsyncIterator[tuple[Session, float]]:
        """A connection for a search, and the seconds that it may take: to wait for a connection counts, too."""
        begun = time.monotonic()
        async with pool.session(self._deadline) as session:
            yield session, self._deadline - (time.monotonic() - begun)

    async def note(self, noted: Callable[[], Steps[T]]) -> T:
        for _ in range(TRIES):
            async with self._writers.session() as session:
                try:
                    await session.script("BEGIN")
                    value = await session.driven(noted())
                    await session.script("COMMIT")
                except Again:
                    continue
                else:
                    return value
                finally:
                    await undone(session)
        raise Unavailable("Others were at work on the same all the time")

    async def on_duty(self) -> bool:
        return await self._duty.is_ours()

    async def close(self) -> None:
        await self._duty.close()
        await self._groups.close()
        for pool in self._pools:
            await pool.close()
