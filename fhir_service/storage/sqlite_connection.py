"""Connections to the SQLite file: their settings, read back (SR-2), and a deadline for searches (decision 41).

Whatever the file is in trouble with (locked, full, gone, damaged) comes out as `Unavailable` (SR-7).
"""

import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from fhir_service.storage.port import StorageError, TooSlow, Unavailable
from fhir_service.storage.prepared import Prepared
from fhir_service.storage.steps import Steps

T = TypeVar("T")
CHECK_EVERY = 5_000
"""Instructions of SQLite's machine between two looks at the clock; well under a millisecond."""
STATEMENTS_KEPT = 512
NORMAL, FULL = 1, 2


@dataclass(frozen=True, slots=True)
class SqliteFile:
    """Where the database is, and how long to wait for somebody else's lock on it."""

    path: Path
    busy_ms: int = 5_000
    durable: bool = True
    """Whether a commit waits for the disk; what does not survives the end of the process only (decision 25)."""
    writer_kib: int = 65_536
    reader_kib: int = 16_384
    """Pages that a connection keeps in memory (SR-8)."""
    log_mib: int = 128
    """What the write-ahead log may grow to before the writer waits for a checkpoint, and what is kept of it after."""


class Connection:
    """One connection, used by one thread at a time."""

    def __init__(self, file: SqliteFile, *, writes: bool) -> None:
        mode = "rw" if writes else "ro"
        with trouble():
            self.raw = sqlite3.connect(
                f"{file.path.absolute().as_uri()}?mode={mode}",
                uri=True,
                isolation_level=None,
                check_same_thread=False,
                cached_statements=STATEMENTS_KEPT,
            )
        try:
            self.settings = self._set(file, writes=writes)
        except BaseException:
            self.raw.close()
            raise
        self._until: float | None = None
        self._hurry: float | None = None
        self.broken_off = False
        """Whether what was done in a `hurry` was broken off because it took too long."""
        self.raw.set_progress_handler(self._is_late, CHECK_EVERY)

    def _set(self, file: SqliteFile, *, writes: bool) -> Mapping[str, Any]:
        wanted = {
            "busy_timeout": file.busy_ms,
            "foreign_keys": 1,
            "synchronous": FULL if file.durable else NORMAL,
            "query_only": int(not writes),
            "temp_store": 2,
            "wal_autocheckpoint": 0,
            "cache_size": -(file.writer_kib if writes else file.reader_kib),
            "journal_size_limit": file.log_mib << 20,
        }
        with trouble():
            for name, value in wanted.items():
                self.raw.execute(f"PRAGMA {name} = {value}")
            mode = "PRAGMA journal_mode = WAL" if writes else "PRAGMA journal_mode"
            journal = str(self.raw.execute(mode).fetchone()[0])
            found = {name: self.raw.execute(f"PRAGMA {name}").fetchone()[0] for name in wanted}
        if journal != "wal" or found != wanted:
            raise StorageError(f"SQLite did not take its settings: journal_mode={journal} {found}, wanted wal {wanted}")
        return {"journal_mode": journal, **found}

    def rows(self, statement: Prepared, values: Mapping[str, Any]) -> list[Any]:
        """All rows of a SELECT."""
        self._go_on()
        compiled = statement.sqlite
        with trouble():
            return self.raw.execute(compiled.sql, compiled.arguments(values)).fetchall()

    def row(self, statement: Prepared, values: Mapping[str, Any]) -> Any:
        """The first row of a SELECT, or None."""
        compiled = statement.sqlite
        with trouble():
            return self.raw.execute(compiled.sql, compiled.arguments(values)).fetchone()

    def driven(self, steps: Steps[T]) -> T:
        """Ask what `steps` ask, and return what they make of it."""
        try:
            statement, values = next(steps)
            while True:
                statement, values = steps.send(self.rows(statement, values))
        except StopIteration as end:
            answer: T = end.value
            return answer

    def change(self, statement: Prepared, values: Mapping[str, Any]) -> sqlite3.Cursor:
        """Run an INSERT, UPDATE or DELETE."""
        self._go_on()
        compiled = statement.sqlite
        return self.raw.execute(compiled.sql, compiled.arguments(values))

    def change_many(self, statement: Prepared, rows: Iterable[tuple[Any, ...]]) -> None:
        """Run one INSERT for each row; the values in the order of the statement."""
        self.raw.executemany(statement.sqlite.sql, rows)

    def script(self, command: str) -> None:
        """BEGIN, COMMIT, SAVEPOINT and the like; no deadline breaks them off.

        SQLite looks at the clock when a statement has made so many steps in all its runs, which a short one has, too,
        some day: a ROLLBACK that is broken off leaves its transaction, and with it an old view, open for good.
        """
        until, self._until = self._until, None
        try:
            with trouble():
                self.raw.execute(command)
        finally:
            self._until = until

    @contextmanager
    def deadline(self, seconds: float) -> Iterator[None]:
        """What is read within takes so long at most, or ends with TooSlow."""
        until = time.monotonic() + seconds
        self._until = until if self._hurry is None else min(until, self._hurry)
        try:
            yield
        finally:
            self._until = None

    @contextmanager
    def hurry(self, seconds: float) -> Iterator[None]:
        """What takes longer within is broken off with TooSlow, before its next statement or in a search.

        A change is never broken off while it is being made: SQLite would undo the whole transaction.
        """
        self._hurry, self.broken_off = time.monotonic() + seconds, False
        try:
            yield
        finally:
            self._hurry = None

    def _go_on(self) -> None:
        if self._hurry is not None and time.monotonic() > self._hurry:
            self.no_hurry()

    def no_hurry(self) -> None:
        """Break off what is done in a `hurry`: it is going to take long. Elsewhere it does nothing."""
        if self._hurry is not None:
            self.broken_off = True
            raise TooSlow("This takes longer than the loop can wait")

    @contextmanager
    def impatient(self) -> Iterator[None]:
        """What finds a lock within is told so at once instead of waiting for it."""
        self.raw.execute("PRAGMA busy_timeout = 0")
        try:
            yield
        finally:
            self.raw.execute(f"PRAGMA busy_timeout = {self.settings['busy_timeout']}")

    def _is_late(self) -> bool:
        late = self._until is not None and time.monotonic() > self._until
        self.broken_off |= late and self._until == self._hurry
        return late

    def close(self) -> None:
        """Let go of the file; what was not committed is gone."""
        with trouble():
            self.raw.close()


class trouble:  # noqa: N801 - reads as `with trouble():`
    """What SQLite cannot do now becomes Unavailable; what we did wrong stays what it is."""

    __slots__ = ()

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
            raise TooSlow("The search took longer than it may") from error
        if isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode == sqlite3.SQLITE_ERROR:
            return
        if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, _OUR_FAULT):
            raise Unavailable(f"SQLite: {error.sqlite_errorname}") from error


_OUR_FAULT = (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.DataError, sqlite3.NotSupportedError)
