"""Open the database that a URL names."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from fhir_service.storage.port import Repository
from fhir_service.storage.schema import StaleSchema, is_current, sqlite_path


def open_repository(url: str, *, base_url: str, clock: Callable[[], datetime]) -> Repository:
    """The repository at `url`. `base_url`: address of the FHIR endpoint, by which absolute references are ours.

    Raises ValueError for a URL that cannot be served, StaleSchema before `migrate`, Unavailable if it cannot be opened.
    """
    path = sqlite_path(url)
    if not is_current(url):
        raise StaleSchema("The database has not the schema of this version: run `knutepunkt migrate`")
    # Each back-end is imported only where it is used.
    from fhir_service.search import extract
    from fhir_service.storage.sqlite import SqliteRepository
    from fhir_service.storage.sqlite_connection import SqliteFile

    return SqliteRepository(SqliteFile(path), extract=partial(extract, base_url=base_url), clock=clock)
