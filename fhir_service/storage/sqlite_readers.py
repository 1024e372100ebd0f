"""Reading from SQLite beside the writer: on the loop what is short, in threads what may be long (decision 41)."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from fhir_service.storage.port import TooSlow, Unavailable
from fhir_service.storage.sqlite_connection import Connection, SqliteFile

T = TypeVar("T")
INLINE_SECONDS = 0.005
"""A search on the loop that takes longer is broken off and done again in a thread."""
TURN = 0.01
"""Seconds that searches may take in one turn of the loop; those of others then go to the threads at once."""


class Readers:
    """Read-only connections; each sees the last commit at every statement."""

    def __init__(self, file: SqliteFile, deadline: float, threads: int = 4) -> None:
        self._file = file
        self._deadline = deadline
        self._inline: Connection | None = Connection(file, writes=False)
        self._idle: list[Connection] = []
        self._closed = False
        self._spent = 0.0
        """What searches have taken in this turn of the loop."""
        self._threads = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="search")

    @property
    def connections(self) -> tuple[Connection, ...]:
        """Those open and not in use."""
        return tuple(c for c in (self._inline, *self._idle) if c)

    def at_once(self, unit: Callable[[Connection], T]) -> T:
        """Run a short read on the loop."""
        self._must_be_open()
        if self._inline is None:
            self._inline = Connection(self._file, writes=False)
        try:
            return unit(self._inline)
        except Unavailable as error:
            if not isinstance(error, TooSlow):
                self._inline.raw.close()
                self._inline = None
            raise

    async def quick(self, unit: Callable[[Connection], T]) -> T:
        """Run on the loop what is short as a rule; in a thread if it turns out not to be."""

        def within(connection: Connection) -> T:
            with connection.deadline(INLINE_SECONDS):
                return unit(connection)

        if self._spent > TURN:
            return await self.apart(unit)
        begun = time.monotonic()
        try:
            return self.at_once(within)
        except TooSlow:
            pass
        finally:
            self._spend(time.monotonic() - begun)
        return await self.apart(unit)

    def _spend(self, seconds: float) -> None:
        if not self._spent:
            asyncio.get_running_loop().call_soon(self._new_turn)
        self._spent += seconds

    def _new_turn(self) -> None:
        self._spent = 0.0

    async def apart(self, unit: Callable[[Connection], T]) -> T:
        """Run in a thread, with the deadline: to wait for a thread counts, too. Raises TooSlow."""
        self._must_be_open()
        until = time.monotonic() + self._deadline
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._in_thread, unit, until)

    def _in_thread(self, unit: Callable[[Connection], T], until: float) -> T:
        left = until - time.monotonic()
        if left <= 0:
            raise TooSlow("Others were searching all the time")
        connection = self._held_or_new()
        try:
            with connection.deadline(left):
                value = unit(connection)
        except TooSlow:
            self._idle.append(connection)
            raise
        except BaseException:
            connection.raw.close()
            raise
        self._idle.append(connection)
        return value

    def _held_or_new(self) -> Connection:
        try:
            return self._idle.pop()
        except IndexError:  # asking first would be too early: another thread may take the last one meanwhile
            return Connection(self._file, writes=False)

    def _must_be_open(self) -> None:
        if self._closed:
            raise Unavailable("The database is closed")

    async def close(self) -> None:
        """Wait for the threads and let go of the file."""
        self._closed = True
        await asyncio.to_thread(self._threads.shutdown)
        for connection in self.connections:
            connection.raw.close()
        self._inline, self._idle = None, []
