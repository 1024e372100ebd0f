"""Held connections, the one used last first; no question is put to the server to hand one over (stack.md 5, trap 3).

A connection that broke, or that was left in a transaction, is thrown away. While the server is gone whoever comes tries
to connect anew and is told so: it is in use again as soon as it is back (SR-7).
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from fhir_service.storage.port import Unavailable
from fhir_service.storage.postgres_connection import Session, connected
from fhir_service.storage.postgres_url import PostgresUrl

WAIT_SECONDS = 10.0


class Pool:
    """At most `size` connections with the same settings."""

    def __init__(self, url: PostgresUrl, settings: Mapping[str, str], size: int) -> None:
        self._url = url
        self.settings = settings
        self._free = size
        self._idle: list[Session] = []
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._closed = False

    @asynccontextmanager
    async def session(self, wait: float | None = None) -> AsyncIterator[Session]:
        """A connection for the time within; `wait`: seconds at most until there is one. Raises Unavailable."""
        await self._turn(WAIT_SECONDS if wait is None else wait)
        session: Session | None = None
        try:
            session = await self._held_or_new()
            yield session
        finally:
            self._leave(session)

    async def _turn(self, wait: float) -> None:
        """Wait until one more may be in use."""
        if self._closed:
            raise Unavailable("The database is closed")
        if self._free > 0:
            self._free -= 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(wait):
                await turn
        except BaseException as ended:
            if turn.done() and not turn.cancelled():  # it was given a turn that it does not take
                self._pass_on()
            if isinstance(ended, TimeoutError):
                raise Unavailable("All connections to the database are busy") from ended
            raise

    async def _held_or_new(self) -> Session:
        while self._idle:
            session = self._idle.pop()
            if session.usable:
                return session
            session.drop()
        return await connected(self._url, self.settings)

    def _leave(self, session: Session | None) -> None:
        if session is not None:
            if session.usable and not self._closed:
                self._idle.append(session)
            else:
                session.drop()
        self._pass_on()

    def _pass_on(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1

    async def close(self) -> None:
        """Let go of those that are not in use; the others follow when they are given back."""
        self._closed = True
        idle, self._idle = self._idle, []
        for session in idle:
            await session.close()
        await asyncio.sleep(0)  # those that were dropped let go of their sockets in the next turn of the loop
