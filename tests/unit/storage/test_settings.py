"""Durability is set on every connection and read back: SR-2."""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fhir_service.search import extract
from fhir_service.storage.port import StorageError
from fhir_service.storage.sqlite import SqliteRepository
from fhir_service.storage.sqlite_connection import Connection, SqliteFile
from tests.contract.database import search
from tests.unit.storage.conftest import Tell


def test_every_connection_is_durable_and_read_back(told: Tell[None]) -> None:
    async def story(repository: SqliteRepository) -> None:
        await search(repository, "Task", ("_total", "accurate"))  # opens a connection of a thread
        assert len(repository.settings) == 4
        assert [s.pop("query_only") for s in map(dict, repository.settings)] == [0, 0, 1, 1]
        for settings in repository.settings:
            assert settings["journal_mode"] == "wal"
            assert settings["synchronous"] == 2
            assert settings["foreign_keys"] == 1
            assert settings["busy_timeout"] == 50

    told(story)


def test_default_waits_five_seconds_for_a_lock(path: Path) -> None:
    connection = Connection(SqliteFile(path), writes=True)
    assert connection.raw.execute("PRAGMA busy_timeout").fetchone() == (5000,)
    connection.close()


def test_readers_cannot_write(path: Path) -> None:
    Connection(SqliteFile(path), writes=True).close()
    connection = Connection(SqliteFile(path), writes=False)
    with pytest.raises(sqlite3.OperationalError):
        connection.raw.execute("DELETE FROM resource")
    connection.close()


def test_setting_that_is_not_taken_stops_the_start(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite ignores what it does not know without a word: here a level that does not exist."""
    monkeypatch.setattr("fhir_service.storage.sqlite_connection.FULL", 77)
    with pytest.raises(StorageError, match="synchronous"):
        SqliteRepository(SqliteFile(path), extract=extract, clock=lambda: datetime.now(UTC))
