"""Reads by id that arrive together are asked together (stack.md 5, read path).

While one question is on its way to the server, those who come meanwhile are the next. A read begins after it was asked
for, so it sees all that was committed before; what the caller may see is part of the question.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from itertools import islice
from typing import Any, TypeAlias

from fhir_service.storage.access import Access
from fhir_service.storage.port import Stored
from fhir_service.storage.postgres_pool import Pool
from fhir_service.storage.rows import stored
from fhir_service.storage.visible import several

LARGEST = 64
FLIGHTS = 2
"""Questions on their way at a time: the answer to one is taken apart while the server works at the other."""
Asker: TypeAlias = tuple[str, Access, tuple[tuple[str, Any], ...]]
Waiting: TypeAlias = "dict[str, list[asyncio.Future[Stored | None]]]"


class ReadBatches:
    """The reads by id of one process."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._waiting: defaultdict[Asker, Waiting] = defaultdict(dict)
        self._flights: set[asyncio.Task[None]] = set()

    async def read(self, rtype: str, rid: str, access: Access) -> Stored | None:
        """The current version; None where it is hidden. Raises Unavailable."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Stored | None] = loop.create_future()
        self._waiting[rtype, access, _frozen(access.bound)].setdefault(rid, []).append(answer)
        if len(self._flights) < FLIGHTS:
            flight = loop.create_task(self._fly())
            self._flights.add(flight)
            flight.add_done_callback(self._flights.discard)
        return await answer

    async def _fly(self) -> None:
        while self._waiting:
            asker, batch = self._next()
            try:
                found = await self._asked(asker, list(batch))
            except Exception as error:  # whatever it is, it belongs to those who asked
                for answer in _waiting_still(batch):
                    answer.set_exception(error)
                continue
            for rid, answers in batch.items():
                for answer in answers:
                    if not answer.done():
                        answer.set_result(found.get(rid))

    def _next(self) -> tuple[Asker, Waiting]:
        asker, waiting = next(iter(self._waiting.items()))
        batch = dict(islice(waiting.items(), LARGEST))
        for rid in batch:
            del waiting[rid]
        if not waiting:
            del self._waiting[asker]
        return asker, batch

    async def _asked(self, asker: Asker, rids: list[str]) -> dict[str, Stored]:
        rtype, access, _ = asker
        async with self._pool.session() as session:
            rows = await session.rows(several(access), {"rtype": rtype, "rids": rids, **access.bound})
        return {row[1]: stored(row) for row in rows}


def _frozen(bound: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    """The values as part of a key: two callers with the same rights ask the same."""
    return tuple((name, repr(value)) for name, value in sorted(bound.items())) if bound else ()


def _waiting_still(batch: Waiting) -> "list[asyncio.Future[Stored | None]]":
    return [answer for answers in batch.values() for answer in answers if not answer.done()]
