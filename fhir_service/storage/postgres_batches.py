"""Reads by id that arrive together are asked together (stack.md 5, read path).

While one question is on its way to the server, those who come meanwhile are the next. A read begins after it was asked
for, so it sees all that was committed before; what the caller may see is part of the question, at the time at which the
last of those asked who wait for the same one.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import and_, select

from fhir_service.storage.access import EVERYTHING, Access
from fhir_service.storage.port import Stored
from fhir_service.storage.postgres_connection import Session
from fhir_service.storage.postgres_pool import Pool
from fhir_service.storage.postgres_writing import columns_of, given
from fhir_service.storage.prepared import Prepared, prepare
from fhir_service.storage.rows import stored
from fhir_service.storage.sighted import HangsOn, Sighted, sighted
from fhir_service.storage.statements import stored_columns
from fhir_service.storage.tables import RESOURCE

LARGEST = 64
FLIGHTS = 2
"""Questions on their way at a time: the answer to one is taken apart while the server works at the other."""
Reference: TypeAlias = tuple[str, str]
Waiting: TypeAlias = "dict[Reference, list[asyncio.Future[Any]]]"


class Asker(NamedTuple):
    """What is asked by one statement. `on`: with what a view is made from, of this type; None: rows of any type."""

    access: Access
    bound: tuple[tuple[str, Any], ...]
    rtype: str = ""
    on: HangsOn | None = None


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
        self._latest: dict[Asker, Access] = {}
        """At the time at which the last one asked."""
        self._flights: set[asyncio.Task[None]] = set()

    async def read(self, rtype: str, rid: str, access: Access) -> Stored | None:
        """The current version; None where it is hidden. Raises Unavailable."""
        found: Stored | None = await self._asked_for((rtype, rid), Asker(access, _frozen(access.bound)), access)
        return found

    async def several(self, references: Iterable[Reference]) -> dict[Reference, Stored]:
        """Current versions by (type, id); unknown ids are left out. Raises Unavailable."""
        everything = Asker(EVERYTHING, ())
        answers = await asyncio.gather(*[self._asked_for(one, everything, EVERYTHING) for one in references])
        return {(one.rtype, one.rid): one for one in answers if one is not None}

    async def sighted(self, rtype: str, rids: Iterable[str], access: Access, on: HangsOn) -> tuple[Sighted, ...]:
        """Current versions and what views of them are made from; hidden ones are left out. Raises Unavailable."""
        asker = Asker(access, _frozen(access.bound), rtype, on)
        answers = await asyncio.gather(*[self._asked_for((rtype, rid), asker, access) for rid in rids])
        return tuple(one for one in answers if one is not None)

    def _asked_for(self, reference: Reference, asker: Asker, access: Access) -> "asyncio.Future[Any]":
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Any] = loop.create_future()
        self._waiting[asker].setdefault(reference, []).append(answer)
        self._latest[asker] = access
        if len(self._flights) < FLIGHTS:
            flight = loop.create_task(self._fly())
            self._flights.add(flight)
            flight.add_done_callback(self._flights.discard)
        return answer

    async def _fly(self) -> None:
        while self._waiting:
            asker, access, batch = self._next()
            try:
                found = await self._asked(asker, access, batch)
            except Exception as error:  # whatever it is, it belongs to those who asked
                for answer in _waiting_still(batch):
                    answer.set_exception(error)
                continue
            for reference, answers in batch.items():
                for answer in answers:
                    if not answer.done():
                        answer.set_result(found.get(reference))

    def _next(self) -> tuple[Asker, Access, Waiting]:
        asker, waiting = next(iter(self._waiting.items()))
        access = self._latest[asker]
        batch = dict(islice(waiting.items(), LARGEST))
        for reference in batch:
            del waiting[reference]
        if not waiting:
            del self._waiting[asker], self._latest[asker]
        return asker, access, batch

    async def _asked(self, asker: Asker, access: Access, batch: Iterable[Reference]) -> Mapping[Reference, Any]:
        async with self._pool.session() as session:
            if asker.on is None:
                return await named(session, batch, access)
            rids = [rid for _, rid in batch]
            rows = await session.driven(sighted(asker.rtype, rids, access, asker.on))
            return {(asker.rtype, one.stored.rid): one for one in rows}


def _frozen(bound: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    """The values as part of a key: two callers with the same rights ask the same, the one a moment later."""
    return tuple([(name, bound[name]) for name in sorted(bound) if name != "access_now"]) if bound else ()


def _waiting_still(batch: Waiting) -> "list[asyncio.Future[Any]]":
    return [answer for answers in batch.values() for answer in answers if not answer.done()]
