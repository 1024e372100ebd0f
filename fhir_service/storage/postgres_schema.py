"""The schema of a PostgreSQL database: which one it has, and the connection that migrates it.

Both are asked for by code that does not wait, within a loop or without one: they have a loop of their own in a thread.
"""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from asyncpg import exceptions as pg

from fhir_service.storage.port import Unavailable
from fhir_service.storage.postgres_connection import COMMON, connected, trouble
from fhir_service.storage.postgres_locks import number
from fhir_service.storage.postgres_url import PostgresUrl

if TYPE_CHECKING:
    from sqlalchemy import Connection

T = TypeVar("T")
ALONE = f"SELECT pg_advisory_xact_lock({number('migration')})"


def revision(url: PostgresUrl) -> str | None:
    """The schema that the database has; None without one. Raises Unavailable when it cannot be reached."""
    return _apart(_revision(url))


async def _revision(url: PostgresUrl) -> str | None:
    session = await connected(url, COMMON)
    try:
        found = await session.value("SELECT version_num FROM alembic_version")
    except pg.UndefinedTableError:
        return None
    finally:
        await session.close()
    return None if found is None else str(found)


def upgrade(url: PostgresUrl, how: "Callable[[Connection], None]") -> None:
    """Have the database migrated, by one process at a time. Raises Unavailable."""
    _apart(_upgraded(url, how))


async def _upgraded(url: PostgresUrl, how: "Callable[[Connection], None]") -> None:
    import asyncpg
    from sqlalchemy import text
    from sqlalchemy.exc import DBAPIError
    from sqlalchemy.ext.asyncio import create_async_engine
    from sqlalchemy.pool import NullPool

    async def connect() -> Any:
        with trouble():
            return await asyncpg.connect(url.dsn, server_settings=dict(COMMON))

    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.execute(text(ALONE))  # whoever waited for it finds nothing left to do
            await connection.run_sync(how)
    except DBAPIError as failed:
        raise Unavailable(f"PostgreSQL: the migration failed ({type(failed.orig).__name__})") from failed
    finally:
        await engine.dispose()


def _apart(question: Coroutine[Any, Any, T]) -> T:
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(asyncio.run, question).result()
