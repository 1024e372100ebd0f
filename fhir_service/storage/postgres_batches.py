"""Reads by id that arrive together are asked together (stack.md 5, read path).

While one question is on its way to the server, those who come meanwhile are the next. A read begins after it was asked
for, so it sees all that was committed before; what the caller may see is part of the question.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any, TypeAlias

from sqlalchemy import and_, select

from fhir_service.storage.access import EVERYTHING, Access
from fhir_service.storage.port import Stored
from fhir_service.storage.postgres_connection import Session
from fhir_service.storage.postgres_pool import Pool
from fhir_service.storage.postgres_writing import columns_of, given
from fhir_service.storage.prepared import Prepared, prepare
from fhir_service.storage.rows import stored
from fhir_service.storage.statements import stored_columns
from fhir_service.storage.tables import RESOURCE

LARGEST = 64
FLIGHTS = 2
"""Questions on their way at a time: the answer to one is taken apart while the server works at the other."""
Reference: TypeAlias = tuple[str, str]
Asker: TypeAlias = tuple[Access, tuple[tuple[str, Any], ...]]
Waiting: TypeAlias = "dict[Reference, list[asyncio.Future[Stored | None]]]"


@lru_cache(maxsize=64)
def _named(access: Access) -> Prepared:
    """The current versions of the bound types and ids."""
    wanted = given("wanted", columns_of(RESOURCE, ("rtype", "rid")))
    same = and_(RESOURCE.c.rtype == wanted.c.rtype, RESOURCE.c.rid == wanted.c.rid)
    return prepare(select(*stored_columns(RESOURCE)).join_from(wanted, RESOURCE, same).where(access.of(RESOURCE)))


async def named(
    session: Session, references: Iterable[Reference], access: Access = EVERYTHING
) -> dict[Reference, Stored]:
    """Current versions by (type, id), also deleted ones; what is not there or hidden is left out."""
    rtypes, rids = zip(*references, strict=True)
    rows = await session.rows(_named(access), {"wanted_rtype": rtypes, "wanted_rid": rids, **access.bound})
    return {(row[0], row[1]): stored(row) for row in rows}


class ReadBatches:
    """The reads by id of one process."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._waiting: defaultdict[Asker, Waiting] = defaultdict(dict)
        self._flights: set[asyncio.Task[None]] = set()

    async def read(self, rtype: str, rid: str, access: Access) -> Stored | None:
        """The current version; None where it is hidden. Raises Unavailable."""
        return await self._asked_for((rtype, rid), access)

    async def several(self, references: Iterable[Reference]) -> dict[Reference, Stored]:
        """Current versions by (type, id); unknown ids are left out. Raises Unavailable."""
        answers = await asyncio.gather(*[self._asked_for(reference, EVERYTHING) for reference in references])
        return {(one.rtype, one.rid): one for one in answers if one is not None}

    def _asked_for(self, reference: Reference, access: Access) -> "asyncio.Future[Stored | None]":
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Stored | None] = loop.create_future()
        self._waiting[access, _frozen(access.bound)].setdefault(reference, []).append(answer)
        if len(self._flights) < FLIGHTS:
            flight = loop.create_task(self._fly())
            self._flights.add(flight)
            flight.add_done_callback(self._flights.discard)
        return answer

    async def _fly(self) -> None:
        while self._waiting:
            asker, batch = self._next()
            try:
                found = await self._asked(asker, batch)
            except Exception as error:  # whatever it is, it belongs to those who asked
                for answer in _waiting_still(batch):
                    answer.set_exception(error)
                continue
            for reference, answers in batch.items():
                for answer in answers:
                    if not answer.done():
                        answer.set_result(found.get(reference))

    def _next(self) -> tuple[Asker, Waiting]:
        asker, waiting = next(iter(self._waiting.items()))
        batch = dict(islice(waiting.items(), LARGEST))
        for reference in batch:
            del waiting[reference]
        if not waiting:
            del self._waiting[asker]
        return asker, batch

    async def _asked(self, asker: Asker, batch: Iterable[Reference]) -> dict[Reference, Stored]:
        async with self._pool.session() as session:
            return await named(session, batch, asker[0])


def _frozen(bound: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    """The values as part of a key: two callers with the same rights ask the same."""
    return tuple((name, repr(value)) for name, value in sorted(bound.items())) if bound else ()


def _waiting_still(batch: Waiting) -> "list[asyncio.Future[Stored | None]]":
    return [answer for answers in batch.values() for answer in answers if not answer.done()]
