"""The audit log beside a SQLite database: a file of its own, `<name>.audit.db` (decision 25).

It does not wait for the disk: what is acknowledged survives the end of the process, not that of the machine; with
`durable` that, too. So a commit is short and is made on the loop.

Rows are committed before they are acknowledged. What finds them by person is worked out from them, and is written for
some hundred at once: each person's lie on a page of their own. It is brought up to date before somebody asks, at the
end, and at the next start for the newest rows.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy import bindparam, insert, select
from sqlalchemy.dialects import sqlite as dialect
from sqlalchemy.schema import CreateIndex, CreateTable

from fhir_service.storage import audit_statements as sql
from fhir_service.storage.audit import LARGEST, Groups, Kept, Values
from fhir_service.storage.audit_tables import AUDIT, AUDIT_METADATA, AUDIT_PERSON
from fhir_service.storage.checkpoints import Checkpoints
from fhir_service.storage.port import Unavailable
from fhir_service.storage.prepared import prepare
from fhir_service.storage.sqlite_connection import Connection, SqliteFile, trouble
from fhir_service.storage.sqlite_readers import Readers
from fhir_service.storage.sqlite_reads import in_one_view
from fhir_service.storage.steps import Steps

T = TypeVar("T")
DEADLINE = 10.0
BEHIND = 400
"""Rows, and persons of rows, that cannot be found by person yet."""
FIND_BY_PERSON = prepare(insert(AUDIT_PERSON).prefix_with("OR IGNORE"), AUDIT_PERSON.c.keys())
_NEWEST = prepare(
    select(AUDIT.c.at, AUDIT.c.writer, AUDIT.c.persons)
    .order_by(AUDIT.c.at.desc(), AUDIT.c.writer.desc())
    .limit(bindparam("limit"))
)


def beside(database: Path) -> Path:
    """`k.db` -> `k.audit.db`"""
    return database.with_name(f"{database.stem}.audit.db")


def made(path: Path) -> Path:
    """The file with its tables, made if it is not there. Raises Unavailable."""
    with trouble(), closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        for table in AUDIT_METADATA.sorted_tables:
            create = CreateTable(table, if_not_exists=True)
            connection.execute(str(create.compile(dialect=dialect.dialect())))
            for index in table.indexes:
                connection.execute(str(CreateIndex(index, if_not_exists=True).compile(dialect=dialect.dialect())))
        connection.commit()
    return path


class SqliteAudit:
    """`AuditStore` on a file."""

    def __init__(self, path: Path, clock: Callable[[], datetime], *, durable: bool = False) -> None:
        self._file = SqliteFile(made(path), durable=durable, writer_kib=4_096, reader_kib=4_096, log_mib=16)
        self._durable = durable
        self._connection: Connection | None = Connection(self._file, writes=True)
        self._identity = self._found()
        self._checkpoints = Checkpoints(self._file)
        self._readers = Readers(self._file, DEADLINE, threads=2)
        self._turn = asyncio.Lock()
        self._closed = False
        self._groups = Groups(self._write, clock)
        newest = self._readers.at_once(lambda c: c.row(sql.NEWEST, {}))
        self._groups.after(newest[0] if newest else 0)
        self._behind = self._newest()
        """Rows of `AUDIT_PERSON` that are not written yet."""
        self._since = BEHIND if self._behind else 0
        """Rows of `AUDIT` since they were written; at the start it is not known how many."""

    def _newest(self) -> Values:
        """Those that a process before this one may not have written."""
        rows = self._readers.at_once(lambda c: c.rows(_NEWEST, {"limit": BEHIND + LARGEST}))
        return [(person, at, writer) for at, writer, persons in rows for person in persons.split()]

    async def keep(self, kept: Kept) -> None:
        if self._closed:
            raise Unavailable("The audit log is closed")
        await self._groups.keep(kept)

    async def ask(self, asked: Callable[[], Steps[T]]) -> T:
        await self._catch_up()
        return await self._readers.apart(lambda c: in_one_view(c, asked()))

    async def note(self, noted: Callable[[], Steps[T]]) -> T:
        async with self._turn:
            return await self._do(lambda c: c.driven(noted()))

    async def _write(self, rows: Values, persons: Values) -> None:
        async with self._turn:
            behind, since = [*self._behind, *persons], self._since + len(rows)
            due = sorted(behind) if max(len(behind), since) > BEHIND else []

            def unit(connection: Connection) -> None:
                connection.change_many(sql.INSERT, rows)
                connection.change_many(FIND_BY_PERSON, due)

            await self._do(unit)
            self._behind, self._since = ([], 0) if due or not behind else (behind, since)

    async def _catch_up(self) -> None:
        """Let all rows be found by person."""
        async with self._turn:
            if self._behind:
                await self._do(lambda c: c.change_many(FIND_BY_PERSON, sorted(self._behind)))
                self._behind, self._since = [], 0

    async def _do(self, unit: Callable[[Connection], T]) -> T:
        """In one transaction, by whoever has the turn."""
        if self._checkpoints.overdue:
            await self._checkpoints.catch_up()
        done = await asyncio.to_thread(self._committed, unit) if self._durable else self._committed(unit)
        self._checkpoints.after_commit()
        return done

    def _committed(self, unit: Callable[[Connection], T]) -> T:
        connection = self._connection or self._anew()
        if self._found() != self._identity:
            raise Unavailable("The file of the audit log is gone")
        try:
            with trouble():
                connection.script("BEGIN IMMEDIATE")
                value = unit(connection)
                connection.script("COMMIT")
        except BaseException:  # whatever it is, it leaves no transaction open
            self._connection = None
            connection.raw.close()
            raise
        return value

    def _anew(self) -> Connection:
        self._connection = Connection(self._file, writes=True)
        return self._connection

    def _found(self) -> tuple[int, int] | None:
        try:
            found = self._file.path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    async def close(self) -> None:
        self._closed = True
        await self._groups.finish()
        with suppress(Unavailable):  # then it is caught up with at the next start
            await self._catch_up()
        await self._readers.close()
        await self._checkpoints.close()
        if self._connection is not None:
            self._connection.close()
