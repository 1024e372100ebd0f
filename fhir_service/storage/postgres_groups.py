"""Units of work that are written by one statement each share it, and its commit, when they come together (decision 31).

While one statement is on its way, those who come meanwhile are the next group: what a statement, a commit and its wait
for the disk cost is paid once for all of them. Only works that have locked nothing are written in this way. Those of a
group have the same parts (`Parts`) and touch nothing of each other's: to the server they are one work. When a group
fails, each of its works is written by itself, as what is wrong belongs to one of them.
"""

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from fhir_service.storage.port import Changes, Unavailable
from fhir_service.storage.postgres_apply import Given, Reference, joined, parts_of, question, writes_in
from fhir_service.storage.postgres_connection import Lost
from fhir_service.storage.postgres_outcome import was_written
from fhir_service.storage.postgres_pool import Pool
from fhir_service.storage.postgres_writing import Parts

FLIGHTS = 2
"""Statements on their way at a time: one waits for the disk while the server works at the other."""
MOST_WRITES = 64
"""Versions in a group."""
GRANTS = "grants of"
"""What a work that grants writes beside resources: all grants of a person."""
LATE = 0.05
"""Seconds after which others need not wait any more for one that waits itself, for a lock."""


@dataclass(slots=True, eq=False)
class _Member:
    """A work: what is given to its statement, what it writes, and what it relies on."""

    given: Given
    parts: Parts
    changes: Changes
    written: frozenset[Reference]
    relied: frozenset[Reference]
    done: "asyncio.Future[None]"

    def tell(self, error: Exception | None) -> None:
        """What came of it, if somebody still waits."""
        if self.done.done():
            return
        if error is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(error)


class WriteGroups:
    """The works of one process that need no transaction but the statement that writes them."""

    def __init__(self, writers: Pool, searchers: Pool) -> None:
        self._writers = writers
        self._searchers = searchers
        self._waiting: deque[_Member] = deque()
        self._servers: set[asyncio.Task[None]] = set()
        self._flights: set[asyncio.Task[None]] = set()

    async def write(self, given: Given, changes: Changes, relied: Iterable[Reference]) -> None:
        """Write it durably (SR-1). Raises Again when it met another one, Unavailable, and what a constraint refuses."""
        loop = asyncio.get_running_loop()
        written = frozenset((w.rtype, w.rid) for w in changes.writes) | {(GRANTS, g.person_id) for g in changes.grants}
        done: asyncio.Future[None] = loop.create_future()
        self._waiting.append(_Member(given, parts_of(given), changes, written, frozenset(relied) - written, done))
        if len(self._servers) < FLIGHTS:
            server = loop.create_task(self._serve())
            self._servers.add(server)
            server.add_done_callback(self._servers.discard)
        await done

    async def close(self) -> None:
        """Wait for what is on its way, whether somebody still waits for it or not."""
        while self._servers or self._flights:
            await asyncio.wait(self._servers | self._flights)

    async def _serve(self) -> None:
        while self._waiting:
            flight = asyncio.create_task(self._fly(self._next()))
            self._flights.add(flight)
            flight.add_done_callback(self._flights.discard)
            await asyncio.wait([flight], timeout=LATE)

    def _next(self) -> list[_Member]:
        """The first of those who wait, and those who can be written together with it."""
        first = self._waiting.popleft()
        group, left = [first], deque[_Member]()
        written, relied, room = set(first.written), set(first.relied), MOST_WRITES - writes_in(first.given)
        while self._waiting:
            one = self._waiting.popleft()
            apart = written.isdisjoint(one.written | one.relied) and relied.isdisjoint(one.written)
            fits = one.parts == first.parts and len(one.written) <= room
            if not (apart and fits):
                left.append(one)
                continue
            group.append(one)
            written |= one.written
            relied |= one.relied
            room -= len(one.written)
        self._waiting = left
        return group

    async def _fly(self, members: list[_Member]) -> None:
        group = [one for one in members if not one.done.done()]
        error: Exception | None = None
        try:
            if group:
                await self._written(group)
        except Exception as raised:  # whatever it is, it belongs to one of them
            error = raised
        if len(group) > 1 and not isinstance(error, Unavailable | None):
            for one in group:
                await self._fly([one])
            return
        for one in group:
            one.tell(error)

    async def _written(self, group: list[_Member]) -> None:
        """Raises Uncertain when it is not known what came of it."""
        async with self._writers.session() as session:
            pid = session.pid
            try:
                await session.rows(*question(joined([one.given for one in group])))
            except Lost:
                if not await was_written(self._searchers.session, pid, group[0].changes):
                    raise
