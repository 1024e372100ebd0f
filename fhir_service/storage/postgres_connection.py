"""Connections to PostgreSQL: their settings, read back (SR-2), and what becomes of its errors (SR-7).

Whatever the server is in trouble with (gone, starting, full, read-only) comes out as `Unavailable`; that a unit of work
met another one, and has to be done again, as `Again`.
"""

import asyncio
import time
from collections.abc import Mapping
from typing import Any, TypeVar

import asyncpg
from asyncpg import exceptions as pg

from fhir_service.storage.port import InForceConflict, StorageError, TooSlow, Unavailable
from fhir_service.storage.postgres_url import PostgresUrl
from fhir_service.storage.prepared import Prepared
from fhir_service.storage.steps import Rows, Steps

T = TypeVar("T")
CONNECT_SECONDS = 5.0
STATEMENTS_KEPT = 1024
HANGS_SECONDS = 30.0
"""A statement that takes longer has lost its server: nothing else here is without a limit of its own."""
COMMON: Mapping[str, str] = {"application_name": "knutepunkt", "jit": "off", "client_encoding": "UTF8"}
KEYED: Mapping[str, str] = {"plan_cache_mode": "force_generic_plan", "enable_seqscan": "off"}
"""For statements that always go along an index: planned once, also while the tables are still empty."""
WRITES: Mapping[str, str] = {
    **COMMON,
    **KEYED,
    "synchronous_commit": "on",
    "default_transaction_isolation": "read committed",
    "lock_timeout": "10000",
    "idle_in_transaction_session_timeout": "60000",
}
READS: Mapping[str, str] = {
    **COMMON,
    "default_transaction_read_only": "on",
    "idle_in_transaction_session_timeout": "60000",
}
"""What is read in a process that stands still keeps the server from clearing up for a minute at most."""


class Lost(Unavailable):
    """The connection broke: what the server made of the last command is not known."""


class Again(Exception):
    """The unit of work met another one: undo it and do it once more."""


class Session:
    """One connection, used by one task at a time."""

    def __init__(self, raw: Any) -> None:
        self.raw = raw

    async def rows(self, statement: Prepared, values: Mapping[str, Any], seconds: float | None = None) -> Rows:
        """All rows of a statement. Raises TooSlow if it takes longer than `seconds`."""
        compiled = statement.postgres
        with trouble(self.raw):
            try:
                rows: Rows = await self.raw.fetch(compiled.sql, *compiled.arguments(values), timeout=seconds)
            except TimeoutError as late:
                if seconds is None:
                    raise
                raise TooSlow("The search took longer than it may") from late
        return rows

    async def driven(self, steps: Steps[T], seconds: float | None = None) -> T:
        """Ask what `steps` ask, and return what they make of it. Raises TooSlow if it takes longer than `seconds`.

        The server breaks off a statement that takes too long by itself; several of them would add up (SR-8).
        """
        until = None if seconds is None else time.monotonic() + seconds
        try:
            statement, values = next(steps)
            while True:
                left = None if until is None else until - time.monotonic()
                if left is not None and left <= 0:
                    raise TooSlow("The statements of a search take too long together")
                statement, values = steps.send(await self.rows(statement, values, left))
        except StopIteration as end:
            answer: T = end.value
            return answer
        finally:
            steps.close()

    async def script(self, commands: str) -> None:
        """BEGIN, COMMIT, locks and the like; several in one trip."""
        with trouble(self.raw):
            await self.raw.execute(commands)

    async def value(self, command: str) -> Any:
        """The one value of a command without parameters."""
        with trouble(self.raw):
            return await self.raw.fetchval(command)

    async def undo(self) -> None:
        """ROLLBACK, if there is something to undo and somebody to tell."""
        if not self.raw.is_closed():
            await self.script("ROLLBACK")

    @property
    def pid(self) -> int:
        """The server's process at the other end."""
        return int(self.raw.get_server_pid())

    @property
    def usable(self) -> bool:
        """Whether it can be used again: open, and in no transaction."""
        return not self.raw.is_closed() and not self.raw.is_in_transaction()

    async def close(self) -> None:
        """Take leave of the server."""
        try:
            await self.raw.close(timeout=1)
        except (OSError, pg.InterfaceError, pg.PostgresError):
            self.drop()

    def drop(self) -> None:
        """Let go of it at once; the server undoes what was not committed."""
        self.raw.terminate()


async def connected(url: PostgresUrl, settings: Mapping[str, str]) -> Session:
    """A new connection with these settings. Raises Unavailable, StorageError if it does not take them."""
    with trouble():
        raw = await asyncpg.connect(
            url.dsn,
            timeout=CONNECT_SECONDS,
            command_timeout=HANGS_SECONDS,
            statement_cache_size=STATEMENTS_KEPT,
            max_cached_statement_lifetime=0,
            max_cacheable_statement_size=0,
            server_settings=dict(settings),
        )
    session = Session(raw)
    try:
        found = await settings_of(session, settings)
    except BaseException:
        session.drop()
        raise
    if found != settings:
        await session.close()
        raise StorageError(f"PostgreSQL did not take its settings: {found}, wanted {dict(settings)}")
    return session


async def settings_of(session: Session, names: Mapping[str, str]) -> dict[str, str]:
    """What these settings are now, as the server says."""
    with trouble():
        rows = await session.raw.fetch("SELECT name, setting FROM pg_settings WHERE name = ANY ($1)", list(names))
    return {row[0]: row[1] for row in rows}


class trouble:  # noqa: N801 - reads as `with trouble():`
    """What PostgreSQL cannot do now becomes Unavailable; what we did wrong stays what it is.

    A connection of which a command was broken off on our side is let go of: it does not know what state it is in.
    """

    __slots__ = ("_raw",)

    def __init__(self, raw: Any = None) -> None:
        self._raw = raw

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if error is None or isinstance(error, StorageError):
            return
        if self._raw is not None and isinstance(error, _BROKEN_OFF):
            self._raw.terminate()
        if isinstance(error, pg.UniqueViolationError):
            raise _violated(error) from error
        for kinds, raised, text in _TROUBLES:
            if isinstance(error, kinds):
                raise raised(f"PostgreSQL: {text} ({type(error).__name__})") from error


def _violated(error: Any) -> Exception:
    if error.constraint_name == "in_force_pk":
        return InForceConflict("The person has another one in force")
    return Again(f"Another one came first: {error.constraint_name}")


_BROKEN_OFF = (asyncio.CancelledError, TimeoutError, pg.InternalClientError)
_TROUBLES: tuple[tuple[tuple[type[BaseException], ...], type[Exception], str], ...] = (
    ((pg.DeadlockDetectedError, pg.SerializationError, pg.DivisionByZeroError), Again, "met another one"),
    ((pg.QueryCanceledError,), TooSlow, "the search took longer than it may"),
    ((pg.LockNotAvailableError,), Unavailable, "a lock was not free in time"),
    ((pg.ReadOnlySQLTransactionError,), Unavailable, "it takes no changes now"),
    ((pg.AdminShutdownError, pg.CrashShutdownError), Lost, "it ended"),
    (
        (pg.InsufficientResourcesError, pg.OperatorInterventionError, pg.PostgresSystemError),
        Unavailable,
        "it is out of order",
    ),
    ((pg.InvalidAuthorizationSpecificationError, pg.InvalidCatalogNameError), Unavailable, "it does not let us in"),
    (
        (
            pg.PostgresConnectionError,
            pg.InterfaceError,
            pg.InternalClientError,  # asked in the moment in which the server takes leave
            pg.IdleInTransactionSessionTimeoutError,
        ),
        Lost,
        "the connection broke",
    ),
    ((OSError,), Lost, "it cannot be reached"),
    ((pg.IntegrityConstraintViolationError,), StorageError, "a constraint refused the change"),
)
"""First match first. A division by zero is how our own statements say that a version they replace has gone."""
