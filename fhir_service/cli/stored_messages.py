"""What the inbox and outbox commands share: a look into the database beside a running service, for reading only."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, TypeVar
from zoneinfo import ZoneInfo

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from fhir_service.cli.console import Problem
from fhir_service.cli.database import existing_database, shown

if TYPE_CHECKING:
    from fhir_service.storage.port import Repository

T = TypeVar("T")
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, help="How many at most.")]
OSLO = ZoneInfo("Europe/Oslo")
STYLES = {
    "applied": "green", "manual": "yellow", "refused": "red", "quarantined": "red",
    "withdrawn": "dim", "acknowledged": "green", "failed": "red", "parked": "yellow",
}  # fmt: skip


def look(database: str | None, question: "Callable[[Repository], Awaitable[T]]") -> T:
    """Ask the database a question. It is never made here: that is for the service."""
    return asyncio.run(_ask(existing_database(database), question))


async def _ask(database: str, question: "Callable[[Repository], Awaitable[T]]") -> T:
    from fhir_service.storage import open_repository
    from fhir_service.storage.port import StorageError

    try:
        repository = open_repository(database, base_url="", clock=lambda: datetime.now(UTC))
        try:
            return await question(repository)
        finally:
            await repository.close()
    except StorageError as failed:
        raise Problem(f"{shown(database)} cannot be read: {failed}") from failed


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


def partner(key: str) -> str:
    """The names in a sender key (MSH-3|MSH-4), without the numbers that stand beside them."""
    names = (part.partition("^")[0] for part in key.split("|"))
    return " ".join(filter(None, names)) or key or "(unknown)"
