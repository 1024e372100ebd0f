"""Many units of work, one COMMIT (decision 31).

Works are driven one after the other on the loop, each to its end before the next one starts. One that turns out to take
long is undone and done again in a thread, so that those who read do not wait for it. One that fails after it
has written spoils the transaction for the others: they are all done again, each in a savepoint, which would cost more
than it saves while nobody fails. COMMIT waits until nobody comes in a turn of the loop: pages that all of a group touch
are written once, so that twice as many commits cost more than a thread busy beside the loop saves. It runs in a thread,
as BEGIN does where it has to wait for a lock; those who come meanwhile are the next group. Nobody gets an answer before
the COMMIT: what a work read may be another one's of the same group.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from fhir_service.storage.checkpoints import Checkpoints
from fhir_service.storage.port import StorageError, Unavailable
from fhir_service.storage.sqlite_connection import Connection, SqliteFile, trouble

T = TypeVar("T")
Unit = Callable[[Connection], T]
LARGEST_GROUP = 256
TURN = 0.002
"""Seconds that works may keep the loop before others get a turn."""
AT_ONCE = 0.02
"""Seconds after which a work that is not done is done again in the thread."""


@dataclass(slots=True)
class _Member:
    unit: Unit[Any]
    answer: "asyncio.Future[Any]"
    value: Any = None
    error: Exception | None = None
    long: bool = False

    def tell(self) -> None:
        """Give the caller what came of it, if somebody still waits."""
        if self.answer.done():
            return
        if self.error is None:
            self.answer.set_result(self.value)
        else:
            self.answer.set_exception(self.error)


class GroupCommit:
    """The one writer of a SQLite file."""

    def __init__(self, file: SqliteFile) -> None:
        self._file = file
        self._connection: Connection | None = Connection(file, writes=True)
        self._checkpoints = Checkpoints(file)
        self._identity = _identity(file.path)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="commit")
        self._waiting: deque[_Member] = deque()
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def connection(self) -> Connection | None:
        """The connection that writes; None while there is trouble."""
        return self._connection

    @property
    def connections(self) -> tuple[Connection, ...]:
        """Those open: the one that writes and the one that checkpoints."""
        return tuple(c for c in (self._connection, self._checkpoints.connection) if c)

    async def do(self, unit: Unit[T]) -> T:
        """Run `unit` in a transaction and return its value after the durable commit (SR-1)."""
        if self._closed:
            raise Unavailable("The database is closed")
        loop = asyncio.get_running_loop()
        member = _Member(unit, loop.create_future())
        self._waiting.append(member)
        if self._task is None:
            self._task = loop.create_task(self._serve())
        value: T = await member.answer
        return value

    async def close(self) -> None:
        """Finish what waits, then let go of the file."""
        self._closed = True
        while self._task is not None:
            await asyncio.wait([self._task])
        await self._checkpoints.close()
        connection, self._connection = self._connection, None
        if connection is not None:
            await self._apart(connection.close)
        self._thread.shutdown()

    async def _serve(self) -> None:
        members: list[_Member] = []
        try:
            while self._waiting:
                members = []
                await self._group(members)
        finally:
            self._task = None
            for member in (*members, *self._waiting):  # nobody is left to wait for ever, whatever went wrong
                member.error = Unavailable("The writer stopped")
                member.tell()
            self._waiting.clear()

    async def _group(self, members: list[_Member]) -> None:
        try:
            if self._checkpoints.overdue:
                await self._checkpoints.catch_up()
            if not self._begun_at_once():
                await self._apart(self._begin)
            await self._gather(members)
            await self._apart(self._commit)
            self._checkpoints.after_commit()
        except StorageError as error:
            await self._apart(self._abandon)
            if not members:  # it did not even begin: those who waited for it have waited long enough
                members.extend(self._waiting)
                self._waiting.clear()
            for member in members:
                member.error = error
        for member in members:
            member.tell()

    async def _gather(self, members: list[_Member]) -> None:
        """Drive all who wait, until nobody has come in a turn of the loop."""
        loop, apart = asyncio.get_running_loop(), False
        while self._waiting and len(members) < LARGEST_GROUP:
            turn_ends = loop.time() + TURN
            while self._waiting and len(members) < LARGEST_GROUP and loop.time() < turn_ends:
                member = self._waiting.popleft()
                if member.answer.done():
                    continue
                members.append(member)
                if not await self._done(member, apart):
                    self._waiting.extendleft(reversed(members))
                    members.clear()
                    await self._apart(self._begin_again)
                    apart = True
            await asyncio.sleep(0)

    async def _done(self, member: _Member, apart: bool) -> bool:
        """Do one work, on the loop if it is short; False: it left something behind and all are to be done again."""
        if not member.long:
            connection = self._open()
            with connection.hurry(AT_ONCE):
                alone = self._drive(member, apart)
            member.long = connection.broken_off
            if not (member.long and alone):
                return alone
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._drive, member, apart)

    def _drive(self, member: _Member, apart: bool) -> bool:
        """Do one work; False: it failed and left something behind in the transaction."""
        connection = self._open()
        member.error, before = None, connection.raw.total_changes
        try:
            with trouble():
                member.value = _in_savepoint(connection, member.unit) if apart else member.unit(connection)
        except Exception as error:  # whatever a work raises belongs to its caller, and to nobody else in the group
            member.error = error
        if not connection.raw.in_transaction:  # SQLite broke off the transaction: disk full, I/O error
            raise Unavailable("The transaction was broken off")
        return apart or member.error is None or connection.raw.total_changes == before

    def _begun_at_once(self) -> bool:
        """Begin on the loop, as no other process writes: a trip through the thread costs more than the rest."""
        connection = self._connection
        if connection is None or _identity(self._file.path) != self._identity:
            return False
        try:
            with connection.impatient():
                connection.script("BEGIN IMMEDIATE")
        except Unavailable:
            return False
        return True

    def _begin(self) -> None:
        if self._connection is None:
            self._connection = Connection(self._file, writes=True)
        if _identity(self._file.path) != self._identity:
            raise Unavailable("The file of the database is gone")
        self._connection.script("BEGIN IMMEDIATE")

    def _begin_again(self) -> None:
        self._open().script("ROLLBACK")
        self._begin()

    def _commit(self) -> None:
        self._open().script("COMMIT")

    def _abandon(self) -> None:
        """Leave no transaction open (stack.md 5, trap 4); a connection that cannot do that is thrown away."""
        connection = self._connection
        if connection is None:
            return
        try:
            if connection.raw.in_transaction:
                connection.script("ROLLBACK")
        except Unavailable:
            self._connection = None
            connection.raw.close()

    def _open(self) -> Connection:
        if self._connection is None:
            raise Unavailable("There is no connection to the database")
        return self._connection

    async def _apart(self, step: Callable[[], None]) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, step)


def _in_savepoint(connection: Connection, unit: Unit[T]) -> T:
    connection.script("SAVEPOINT work")
    try:
        value = unit(connection)
    except BaseException:
        if connection.raw.in_transaction:
            connection.script("ROLLBACK TO work")
            connection.script("RELEASE work")
        raise
    connection.script("RELEASE work")
    return value


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file it is; None while it is not there."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
