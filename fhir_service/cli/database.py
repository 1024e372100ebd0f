"""The option `--database` and what can be said about it before anything is opened."""

import os
from pathlib import Path
from typing import Annotated

import typer

from fhir_service.cli.console import Problem

DEFAULT = "sqlite:///var/knutepunkt.db"
Database = Annotated[
    str | None,
    typer.Option(
        "--database",
        help="The database of the service: sqlite:///FILE, or postgresql://USER:PASSWORD@HOST/DATABASE.",
        envvar="KNUTEPUNKT_DATABASE",
        show_default=DEFAULT,
    ),
]
_SIGNATURE = b"SQLite format 3\0"


def database_file(url: str) -> Path | None:
    """The file behind the URL, which need not be there; None: it is no file.

    Raises Problem if it cannot be a database of ours.
    """
    from fhir_service.storage.postgres_url import is_postgres, postgres_url
    from fhir_service.storage.sqlite_schema import sqlite_path

    try:
        if is_postgres(url):
            postgres_url(url)
            return None
        file = sqlite_path(url)
    except ValueError as invalid:
        raise Problem(f"--database: {invalid}.") from invalid
    try:
        with file.open("rb") as opened:
            head = opened.read(len(_SIGNATURE))
    except FileNotFoundError:
        return file
    except OSError as refused:
        raise Problem(f"--database: {file} cannot be opened ({refused.strerror}).") from refused
    if head and head != _SIGNATURE:
        raise Problem(f"--database: {file} is not a SQLite database; give another file.")
    return file


def shown(url: str) -> str:
    """The URL as it may be told: without a password."""
    from fhir_service.storage.postgres_url import is_postgres, postgres_url

    return postgres_url(url).shown if is_postgres(url) else url


def existing_database(url: str | None) -> str:
    """The URL that was given or is configured; a file must be there: making it is for the service."""
    from fhir_service.settings import Settings

    url = url or Settings().database
    file = database_file(url)
    if file is not None and not file.is_file():
        raise Problem(
            f"there is no database {file} here: give the service's own with --database, or start it (knutepunkt serve)."
        )
    return url


def make_folder_of(url: str) -> None:
    """Make the folder of the database file, so that `sqlite:///var/knutepunkt.db` works at once; for nobody else.

    Raises Problem if the database cannot be written there.
    """
    file = database_file(url)
    if file is None:
        return
    folder = file.parent
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as refused:
        raise Problem(
            f"--database: the folder {folder} cannot be made ({refused.strerror}); give another file."
        ) from refused
    for place in (folder, file):  # SQLite keeps its journal beside the file
        if place.exists() and not os.access(place, os.W_OK):
            raise Problem(f"--database: {place} may not be written by this user; give another file.")
