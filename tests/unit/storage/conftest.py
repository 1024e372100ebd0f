"""A SQLite file in a temporary folder, and the repository on it with settings that a test can reach."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import pytest

from fhir_service.search import extract
from fhir_service.storage import group_commit, migrate
from fhir_service.storage.postgres_url import PostgresUrl, postgres_url
from fhir_service.storage.sqlite import SqliteRepository
from fhir_service.storage.sqlite_connection import SqliteFile
from tests import postgres
from tests.waiting import GUARD

T = TypeVar("T")
Story = Callable[[SqliteRepository], Awaitable[T]]
Tell = Callable[[Story[T]], T]


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file, to read its schema or to copy it: migrating takes longer than most tests."""
    folder = tmp_path_factory.mktemp("schema") / "folder with space % and #"
    folder.mkdir()
    migrate(f"sqlite:///{folder / 'empty.db'}")
    return folder / "empty.db"


@pytest.fixture
def path(tmp_path: Path, migrated: Path) -> Path:
    """A database with the schema of this version."""
    folder = tmp_path / migrated.parent.name
    folder.mkdir()
    return Path(shutil.copy(migrated, folder / "knutepunkt.db"))


@pytest.fixture
def told(path: Path, monkeypatch: pytest.MonkeyPatch) -> Tell[T]:
    """Tell a story to an open repository that waits a twentieth of a second for locks, and takes no work for long."""
    monkeypatch.setattr(group_commit, "AT_ONCE", GUARD)

    async def tell(story: Story[T]) -> T:
        file = SqliteFile(path, busy_ms=50)
        repository = SqliteRepository(file, extract=extract, clock=lambda: datetime.now(UTC))
        try:
            return await story(repository)
        finally:
            await repository.close()

    return lambda story: asyncio.run(tell(story))


@pytest.fixture
def url() -> Iterator[PostgresUrl]:
    """An empty PostgreSQL database with the schema of this version."""
    with postgres.empty_database() as made:
        yield postgres_url(made)
