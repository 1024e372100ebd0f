"""Which of several processes does what one alone has to do: take up what others left, deliver the outbox.

Whoever holds a lock of the server has the duty. A process that dies or loses its connection lets go of it, and the next
one that asks gets it.

It also counts what lies in a table that has doubled: the server does that by itself once a minute, and until then it
plans searches as if next to nothing were there, which takes them a hundred times as long after a fast import.
"""

import asyncio

from fhir_service.storage.port import Unavailable
from fhir_service.storage.postgres_connection import COMMON, Session, connected
from fhir_service.storage.postgres_locks import number
from fhir_service.storage.postgres_url import PostgresUrl

TAKE = f"SELECT pg_try_advisory_lock({number('duty')})"
DOUBLED = """
SELECT string_agg(quote_ident(relname), ', ') FROM pg_stat_user_tables
WHERE schemaname = current_schema() AND n_mod_since_analyze > greatest(500, n_live_tup / 2)
"""


class Duty:
    """The duty of one database, as one process sees it."""

    def __init__(self, url: PostgresUrl) -> None:
        self._url = url
        self._session: Session | None = None
        self._held = False
        self._asked = asyncio.Lock()
        """Who delivers and who seals ask at any time: on one connection, one after the other."""

    async def is_ours(self) -> bool:
        """Whether this process has the duty; takes it when nobody has."""
        async with self._asked:
            return await self._is_ours()

    async def _is_ours(self) -> bool:
        try:
            if self._session is None:
                self._session = await connected(self._url, COMMON)
            if self._held:
                await self._count(self._session)
            else:
                self._held = await self._session.value(TAKE)
        except Unavailable:
            self._let_go()
        return self._held

    async def _count(self, session: Session) -> None:
        tables = await session.value(DOUBLED)
        if tables:
            await session.script(f"ANALYZE {tables}")

    def _let_go(self) -> None:
        session, self._session = self._session, None
        self._held = False
        if session is not None:
            session.drop()

    async def close(self) -> None:
        """Leave it to the others."""
        async with self._asked:
            session, self._session = self._session, None
            self._held = False
            if session is not None:
                await session.close()
