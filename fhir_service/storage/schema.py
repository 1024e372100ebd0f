"""Is the schema the one this version needs, and bring it there (decision 40).

alembic is imported only when there is something to do: it must not slow an ordinary start.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from fhir_service.storage.port import StorageError, Unavailable

HEAD = "0003"
"""Newest revision in `migrations/versions`."""
MIGRATIONS = Path(__file__).with_name("migrations")
SQLITE = "sqlite:///"


_NO_TABLE = (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_NOTADB)


class StaleSchema(StorageError):
    """The database has another schema than this version needs."""


def sqlite_path(url: str) -> Path:
    """`sqlite:///relative.db`, `sqlite:////absolute.db` -> path. Raises ValueError that says what is expected."""
    if url.startswith(("postgresql:", "postgres:", "postgresql+")):
        raise ValueError("PostgreSQL comes with the next version: use sqlite:///FILE")
    name = url.removeprefix(SQLITE).partition("?")[0]
    if not url.startswith(SQLITE) or not name or name == ":memory:":
        raise ValueError("The database must be sqlite:///FILE, or sqlite:////FILE for a path from the root")
    return Path(name)


def is_current(url: str) -> bool:
    """Whether the database is there with the schema of this version. Makes nothing.

    Raises Unavailable when the file cannot be read, which says nothing about its schema.
    """
    path = sqlite_path(url)
    if not path.is_file():
        return False
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            return connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(HEAD,)]
    except sqlite3.DatabaseError as failed:
        if failed.sqlite_errorcode in _NO_TABLE:
            return False
        raise Unavailable(f"SQLite: {failed}") from failed


def migrate(url: str) -> None:
    """Bring the database to the schema of this version; make the file if it is not there.

    Raises ValueError when there is no folder for it, Unavailable when SQLite cannot do it.
    """
    if is_current(url):
        return
    path = sqlite_path(url)
    if not path.absolute().parent.is_dir():
        raise ValueError(f"There is no folder {path.parent} to put the database in")
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine
    from sqlalchemy.exc import OperationalError

    engine = create_engine(SQLITE + str(path))
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except OperationalError as failed:
        raise Unavailable(f"SQLite: {failed.orig}") from failed
    finally:
        engine.dispose()
