"""One process serves a database file (decision 31: one writer, one memory of what is in work).

A second one would take up messages that the first has in work, and deliver the outbox twice. On PostgreSQL any number
may serve one database (decision 18); there the processes agree on who does that (`Repository.on_duty`).
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from fhir_service.storage.port import StorageError
from fhir_service.storage.postgres_url import is_postgres
from fhir_service.storage.sqlite_schema import sqlite_path

SUFFIX = "-serving"
"""The lock is on a file of this name beside the database: it hinders no reader, and a killed process lets go of it."""


class AlreadyServed(StorageError):
    """Another process serves this database."""


@contextmanager
def claimed(url: str) -> Iterator[None]:
    """Be the only process that serves the file within. Raises AlreadyServed; StorageError if it cannot be told."""
    if is_postgres(url):
        yield
        return
    path = sqlite_path(url).resolve()
    beside = path.with_name(path.name + SUFFIX)
    try:
        connection = sqlite3.connect(beside, timeout=0, isolation_level=None)
    except sqlite3.OperationalError as failed:
        raise StorageError(unusable(url)) from failed
    with closing(connection):
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as failed:
            if failed.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise StorageError(unusable(url)) from failed
            text = f"{path} is served by another process already: end that one, or give another file with --database"
            raise AlreadyServed(text) from failed
        yield


def unusable(url: str) -> str:
    """What to do about a database file that cannot be made or written."""
    path = sqlite_path(url).resolve()
    return f"{path} cannot be written: look at the rights of the file and of its folder, or give another --database"
