"""Which of several processes does what one alone has to do: take up what others left, deliver the outbox.

Whoever holds a lock of the server has the duty. A process that dies or loses its connection lets go of it, and the next
one that asks gets it.
"""

from fhir_service.storage.port import Unavailable
from fhir_service.storage.postgres_connection import COMMON, Session, connected
from fhir_service.storage.postgres_locks import number
from fhir_service.storage.postgres_url import PostgresUrl

TAKE = f"SELECT pg_try_advisory_lock({number('duty')})"


class Duty:
    """The duty of one database, as one process sees it."""

    def __init__(self, url: PostgresUrl) -> None:
        self._url = url
        self._session: Session | None = None
        self._held = False

    async def is_ours(self) -> bool:
        """Whether this process has the duty; takes it when nobody has."""
        try:
            if self._session is None:
                self._session = await connected(self._url, COMMON)
            if self._held:
                await self._session.script("SELECT 1")
            else:
                self._held = await self._session.value(TAKE)
        except Unavailable:
            self._let_go()
        return self._held

    def _let_go(self) -> None:
        session, self._session = self._session, None
        self._held = False
        if session is not None:
            session.drop()

    async def close(self) -> None:
        """Leave it to the others."""
        session, self._session = self._session, None
        self._held = False
        if session is not None:
            await session.close()
