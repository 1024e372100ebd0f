"""What the inbox and outbox commands share: a look into the database beside a running service, for reading only."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar
from zoneinfo import ZoneInfo

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from fhir_service.cli.console import Problem

if TYPE_CHECKING:
    from fhir_service.storage.port import Repository

T = TypeVar("T")
Database = Annotated[
    str | None,
    typer.Option(
        "--database",
        help="The database of the service, sqlite:///FILE.",
        envvar="KNUTEPUNKT_DATABASE",
        show_default="as knutepunkt serve",
    ),
]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, help="How many at most.")]
OSLO = ZoneInfo("Europe/Oslo")
STYLES = {
    "applied": "green", "manual": "yellow", "refused": "red", "quarantined": "red",
    "sent": "green", "acknowledged": "green", "failed": "red", "parked": "yellow",
}  # fmt: skip


def look(database: str | None, question: "Callable[[Repository], Awaitable[T]]") -> T:
    """Ask the database a question. It is never made here: that is for the service."""
    from fhir_service.settings import Settings

    return asyncio.run(_ask(_existing(database or Settings().database), question))


def _existing(database: str) -> str:
    scheme, _, file = database.partition(":///")
    if scheme != "sqlite" or not file:
        raise Problem(f"--database {database!r} is not understood: give sqlite:///FILE, as to knutepunkt serve.")
    if not Path(file).is_file():
        raise Problem(
            f"there is no database {file} here: give the service's own with --database, or start it (knutepunkt serve)."
        )
    return database


async def _ask(database: str, question: "Callable[[Repository], Awaitable[T]]") -> T:
    from fhir_service.storage import StorageError, open_repository

    try:
        repository = await open_repository(database)
        try:
            return await question(repository)
        finally:
            await repository.close()
    except StorageError as failed:
        raise Problem(f"{database} cannot be read: {failed}") from failed


def table(*headings: str) -> Table:
    """An empty list of messages."""
    made = Table(box=box.SIMPLE_HEAD)
    for heading in headings:
        made.add_column(heading, overflow="fold")
    return made


def when(moment: datetime) -> str:
    """Local time, to the second."""
    return moment.astimezone(OSLO).strftime("%Y-%m-%d %H:%M:%S")


def state(word: str) -> Text:
    """A verdict or state in its colour."""
    return Text(word, style=STYLES.get(word, ""))
