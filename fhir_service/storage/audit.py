"""The audit log of reads and refusals (decision 25, SR-33): what it keeps, and how it is asked."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import msgspec

from fhir_service.storage.instants import micros

if TYPE_CHECKING:
    from fhir_service.storage.steps import Steps

T = TypeVar("T")
LARGEST = 512
"""Rows that are committed together."""


class Kept(msgspec.Struct, frozen=True):
    """One interaction that was answered, in the order of `AUDIT`'s columns, without what the store gives it.

    `status`: of the answer; `found`: resources that it told; `parameters`: their names, never their values; `basis`:
    what let the caller in, one word for all or one for each of `persons`; those: of whom something was told.
    """

    status: int
    version: int
    found: int
    interaction: str
    rtype: str
    rid: str
    organization: str
    role: str
    person: str
    purpose: str
    reason: str
    basis: str
    request_id: str
    parameters: str
    persons: tuple[str, ...] = ()


class Row(msgspec.Struct, frozen=True):
    """A row as it lies there."""

    at: int
    writer: int
    kept: Kept


class AuditStore(Protocol):
    """Where events of reads and refusals lie."""

    async def keep(self, kept: Kept) -> None:
        """Return when it is committed. Raises Unavailable when it cannot be."""
        ...

    async def ask(self, asked: "Callable[[], Steps[T]]") -> T:
        """What the steps find out."""
        ...

    async def note(self, noted: "Callable[[], Steps[T]]") -> T:
        """What the steps change, in one transaction."""
        ...

    async def close(self) -> None:
        """Commit what waits, and let go."""
        ...


Values = list[tuple[Any, ...]]


class Groups:
    """Rows that come meanwhile are committed together: one commit after the other, and each caller waits for its own.

    `write` commits rows of `AUDIT` and `AUDIT_PERSON`.
    """

    def __init__(self, write: Callable[[Values, Values], Awaitable[None]], clock: Callable[[], datetime]) -> None:
        self._write = write
        self._clock = clock
        self._writer = secrets.randbits(31)
        self._last = 0
        self._waiting: list[tuple[Kept, asyncio.Future[None]]] = []
        self._task: asyncio.Task[None] | None = None

    def keep(self, kept: Kept) -> "asyncio.Future[None]":
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        self._waiting.append((kept, done))
        if self._task is None:
            self._task = loop.create_task(self._serve())
        return done

    def after(self, at: int) -> None:
        """Name rows later than this, whatever the clock says."""
        self._last = max(self._last, at)

    async def finish(self) -> None:
        """Wait until nothing waits."""
        while self._task is not None:
            await asyncio.wait([self._task])

    async def _serve(self) -> None:
        try:
            while self._waiting:
                await self._gathered()
                group, self._waiting = self._waiting[:LARGEST], self._waiting[LARGEST:]
                await self._commit(group)
        finally:
            self._task = None

    async def _gathered(self) -> None:
        """Wait until nobody comes in a turn of the loop: to commit costs more than to write a row."""
        there = 0
        while there < len(self._waiting) < LARGEST:
            there = len(self._waiting)
            await asyncio.sleep(0)

    async def _commit(self, group: "list[tuple[Kept, asyncio.Future[None]]]") -> None:
        failure: Exception | None = None
        try:
            await self._write(*self._rows([kept for kept, _ in group]))
        except Exception as failed:  # whatever it is, it belongs to those who wait
            failure = failed
        for _, done in group:
            if done.done():
                continue
            if failure is None:
                done.set_result(None)
            else:
                done.set_exception(failure)

    def _rows(self, group: list[Kept]) -> tuple[Values, Values]:
        rows: Values = []
        persons: Values = []
        now = micros(self._clock())
        for kept in group:
            self._last = at = max(now, self._last + 1)
            *plain, about = msgspec.structs.astuple(kept)
            rows.append((at, self._writer, *plain, " ".join(about)))
            persons += [(person, at, self._writer) for person in about]
        return rows, persons


class Span(msgspec.Struct, frozen=True):
    """Rows of a time [lo, hi), newest first, at most `limit`; `persons`: those of whom something was told; `entity`:
    (type, id) that was asked for."""

    lo: int
    hi: int
    limit: int
    persons: tuple[str, ...] | None = None
    entity: tuple[str, str] | None = None
