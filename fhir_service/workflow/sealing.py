"""Seals the audit log each second, and looks whether it is still what was sealed (decision 25, SR-33)."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import msgspec
import structlog

from fhir_service.storage import sealing
from fhir_service.storage.audit import AuditStore
from fhir_service.storage.instants import micros, moment
from fhir_service.storage.port import Repository, StorageError
from fhir_service.storage.sealing import CHAINS, READS, Seal

log = structlog.get_logger()
EVERY = 1.0
SETTLED = timedelta(seconds=45)
"""After it nobody writes a row of an earlier time on PostgreSQL: no statement takes longer."""


class Break(msgspec.Struct, frozen=True):
    """Where a chain does not hold. `what`: `changed`, `removed`, `inserted`, `seal` or `cut`; `at`: time of the row."""

    chain: str
    seal: int
    what: str
    at: datetime


class Verified(msgspec.Struct, frozen=True):
    """What a look found. `heads`: the newest seal of each chain, to be kept elsewhere."""

    rows: int
    seals: int
    heads: dict[str, str]
    breaks: tuple[Break, ...] = ()


class Sealer:
    """Seals what one process, or the one on duty, finds. `settles`: whether other processes write, too."""

    def __init__(
        self, repository: Repository, audit: AuditStore, clock: Callable[[], datetime], *, settles: bool
    ) -> None:
        self._repository = repository
        self._audit = audit
        self._clock = clock
        self._settles = settles
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to seal each second."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Seal once more and end."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            await self._try()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            await self._try()

    async def _try(self) -> None:
        try:
            if await self._repository.on_duty():
                for chain in CHAINS:
                    await self.seal(chain)
        except StorageError as failure:  # the next second tries again; nothing is lost
            log.warning("audit log not sealed", failure=type(failure).__name__)

    async def seal(self, chain: str) -> None:
        """Seal what a chain has more."""
        while True:
            before = await self._audit.ask(partial(sealing.last, chain))
            settled = micros(self._clock() - SETTLED) if self._settles else None
            source: Any = self._audit if chain == READS else self._repository
            upto, rows = await source.ask(partial(sealing.unsealed, chain, before.upto, settled))
            if not rows:
                return
            made = await asyncio.to_thread(sealing.following, before, upto, rows)
            await self._audit.note(partial(sealing.add, chain, made))
            await self._repository.note(partial(sealing.noted, chain, made))
            if len(rows) < sealing.MOST:
                return


async def verified(repository: Repository, audit: AuditStore) -> Verified:
    """Look at every seal and every row that it stands for."""
    rows, seals, heads, breaks = 0, 0, {}, []
    for chain in CHAINS:
        before = sealing.NONE
        noted, expected = await repository.ask(partial(sealing.head, chain))
        async for seal in _seals(audit, chain):
            if seal.number == noted and seal.seal != expected:
                breaks.append(Break(chain, noted, "seal", moment(seal.upto)))
            source: Any = audit if chain == READS else repository
            found = await source.ask(partial(sealing.rows, chain, before.upto, seal.upto))
            breaks += _breaks(chain, before, seal, found)
            rows, seals, before = rows + len(found), seals + 1, seal
        if before.number < noted:
            breaks.append(Break(chain, noted, "cut", moment(before.upto)))
        heads[chain] = before.seal
    return Verified(rows, seals, heads, tuple(breaks))


async def every_seal(audit: AuditStore) -> frozenset[str]:
    """The seals of all chains."""
    return frozenset([seal.seal for chain in CHAINS async for seal in _seals(audit, chain)])


async def _seals(audit: AuditStore, chain: str) -> AsyncIterator[Seal]:
    number = 0
    while (seal := await audit.ask(partial(sealing.after, chain, number))) is not None:
        yield seal
        number = seal.number


def _breaks(chain: str, before: Seal, seal: Seal, rows: Any) -> list[Break]:
    held = (
        seal.number == before.number + 1
        and sealing.hashed(before.seal, seal.number, seal.upto, seal.digests) == seal.seal
    )
    found = [] if held else [Break(chain, seal.number, "seal", moment(seal.upto))]
    told = Counter(sealing.unpacked(seal.digests))
    there = Counter(sealing.digest(row) for row in rows)
    gone, new = [at for at, _ in (told - there).elements()], [at for at, _ in (there - told).elements()]
    for at in sorted({*gone, *new}):
        what = "changed" if at in gone and at in new else "removed" if at in gone else "inserted"
        found.append(Break(chain, seal.number, what, moment(at)))
    return found
