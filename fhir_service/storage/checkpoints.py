"""Moves what was committed from the write-ahead log into the database file, beside the writer (stack.md 5, trap 4).

SQLite does that within a COMMIT, which then takes ten times as long. Here a connection of its own does it in a thread
of its own, waiting for nobody and holding nobody up (PASSIVE). While commits follow each other without a break it never
catches up with them, and the log would grow for ever: `overdue` then asks the writer to pause for one.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from fhir_service.storage.port import Unavailable
from fhir_service.storage.sqlite_connection import Connection, SqliteFile, trouble

PAUSE = 0.2
"""Seconds from a commit to the checkpoint: pages that are written again meanwhile are moved once."""
FRAME = 4_096
"""Bytes of a page in the log."""


class Checkpoints:
    """The checkpoints of one file."""

    def __init__(self, file: SqliteFile) -> None:
        self._file = file
        self._connection: Connection | None = Connection(file, writes=True)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="checkpoint")
        self._task: asyncio.Task[None] | None = None
        self.overdue = False
        """Whether the log is so large that the writer is to `catch_up` before it goes on."""

    @property
    def connection(self) -> Connection | None:
        """The connection in use; None while there is trouble."""
        return self._connection

    def after_commit(self) -> None:
        """Have a checkpoint made soon, unless one is under way."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._soon())

    async def _soon(self) -> None:
        try:
            await asyncio.sleep(PAUSE)
            self.overdue = await self._made() * FRAME > self._file.log_mib << 20
        finally:
            self._task = None

    async def catch_up(self) -> None:
        """Move all there is while nobody writes: who writes next begins the log anew."""
        await self._made()
        self.overdue = False

    async def _made(self) -> int:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._make)

    def _make(self) -> int:
        """Make one; returns how many pages were in the log."""
        try:
            if self._connection is None:
                self._connection = Connection(self._file, writes=True)
            with trouble():
                _, frames, _ = self._connection.raw.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            return int(frames)
        except Unavailable:  # those who write hear of it; the log keeps what it has
            connection, self._connection = self._connection, None
            if connection is not None:
                connection.raw.close()
            return 0

    async def close(self) -> None:
        """Let go of the file; whoever closes it last moves what is left."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        await asyncio.to_thread(self._thread.shutdown)
        if self._connection is not None:
            self._connection.raw.close()
