"""The SQLite file: which one a URL names, which schema it has, and the connection that migrates it."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from fhir_service.storage.port import Unavailable

if TYPE_CHECKING:
    from sqlalchemy import Connection

SQLITE = "sqlite:///"
_NO_TABLE = (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_NOTADB)


def sqlite_path(url: str) -> Path:
    """`sqlite:///relative.db`, `sqlite:////absolute.db` -> path. Raises ValueError that says what is expected."""
    name = url.removeprefix(SQLITE).partition("?")[0]
    if not url.startswith(SQLITE) or not name or name == ":memory:":
        raise ValueError(
            "The database must be sqlite:///FILE, or sqlite:////FILE for a path from the root, "
            "or postgresql://USER:PASSWORD@HOST/DATABASE"
        )
    return Path(name)


def revision(path: Path) -> str | None:
    """The schema that the file has; None without one. Raises Unavailable when it cannot be read."""
    if not path.is_file():
        return None
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            found = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    except sqlite3.DatabaseError as failed:
        if failed.sqlite_errorcode in _NO_TABLE:
            return None
        raise Unavailable(f"SQLite: {failed}") from failed
    return str(found[0][0]) if found else None


def upgrade(path: Path, how: "Callable[[Connection], None]") -> None:
    """Open the file, made if need be, and have it migrated. Raises ValueError without a folder for it, Unavailable."""
    if not path.absolute().parent.is_dir():
        raise ValueError(f"There is no folder {path.parent} to put the database in")
    from sqlalchemy import create_engine
    from sqlalchemy.exc import OperationalError

    engine = create_engine(SQLITE + str(path))
    try:
        with engine.begin() as connection:
            how(connection)
    except OperationalError as failed:
        raise Unavailable(f"SQLite: {failed.orig}") from failed
    finally:
        engine.dispose()
