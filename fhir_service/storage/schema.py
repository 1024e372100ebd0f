"""Is the schema the one this version needs, and bring it there (decision 40).

alembic is imported only when there is something to do: it must not slow an ordinary start.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from fhir_service.storage import sqlite_schema
from fhir_service.storage.port import StorageError
from fhir_service.storage.postgres_url import is_postgres, postgres_url

if TYPE_CHECKING:
    from sqlalchemy import Connection

HEAD = "0010"
"""Newest revision in `migrations/versions`."""
MIGRATIONS = Path(__file__).with_name("migrations")


class StaleSchema(StorageError):
    """The database has another schema than this version needs."""


def is_current(url: str) -> bool:
    """Whether the database is there with the schema of this version. Makes nothing.

    Raises ValueError for a URL that cannot be served, Unavailable when it cannot be read, which says nothing about its
    schema.
    """
    if is_postgres(url):
        from fhir_service.storage import postgres_schema

        return postgres_schema.revision(postgres_url(url)) == HEAD
    return sqlite_schema.revision(sqlite_schema.sqlite_path(url)) == HEAD


def migrate(url: str) -> None:
    """Bring the database to the schema of this version; make the file if it is not there.

    Raises ValueError when it cannot be made there, Unavailable when the database cannot do it. Several may do it at
    once: on PostgreSQL one does it and the others wait.
    """
    if is_current(url):
        return
    if is_postgres(url):
        from fhir_service.storage import postgres_schema

        postgres_schema.upgrade(postgres_url(url), _upgrade)
    else:
        sqlite_schema.upgrade(sqlite_schema.sqlite_path(url), _upgrade)


Upgrade = Callable[["Connection"], None]


def _upgrade(connection: "Connection") -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
