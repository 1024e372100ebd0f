"""Open the database that a URL names."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from fhir_service.storage.audit import AuditStore
from fhir_service.storage.port import Repository
from fhir_service.storage.postgres_url import is_postgres, postgres_url
from fhir_service.storage.schema import StaleSchema, is_current
from fhir_service.storage.sqlite_schema import sqlite_path


def open_repository(url: str, *, base_url: str, clock: Callable[[], datetime]) -> Repository:
    """The repository at `url`. `base_url`: address of the FHIR endpoint, by which absolute references are ours.

    Raises ValueError for a URL that cannot be served, StaleSchema before `migrate`, Unavailable if it cannot be opened.
    """
    if not is_current(url):
        raise StaleSchema("The database has not the schema of this version: run `knutepunkt migrate`")
    # Each back-end is imported only where it is used.
    from fhir_service.search import extract

    extracted = partial(extract, base_url=base_url)
    if is_postgres(url):
        from fhir_service.storage.postgres import PostgresRepository

        return PostgresRepository(postgres_url(url), extract=extracted, clock=clock)
    from fhir_service.storage.sqlite import SqliteRepository
    from fhir_service.storage.sqlite_connection import SqliteFile

    return SqliteRepository(SqliteFile(sqlite_path(url)), extract=extracted, clock=clock)


def open_audit(url: str, *, clock: Callable[[], datetime], durable: bool = False) -> AuditStore:
    """The audit log of the database at `url`. `durable`: it waits for the disk. Raises as `open_repository`."""
    if is_postgres(url):
        from fhir_service.storage.postgres_audit import PostgresAudit

        return PostgresAudit(postgres_url(url), clock, durable=durable)
    from fhir_service.storage.sqlite_audit import SqliteAudit, beside

    return SqliteAudit(beside(sqlite_path(url)), clock, durable=durable)
