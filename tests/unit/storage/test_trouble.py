"""Trouble with the file is an answer, and over when it is over: SR-7, stack.md 5 trap 4."""

import asyncio
import contextlib
import resource as limits
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from fhir_service.storage.port import Changes, Reads, Unavailable
from fhir_service.storage.sqlite import SqliteRepository
from fhir_service.storage.sqlite_connection import Connection
from tests.contract.database import put
from tests.contract.resources import patient, resource
from tests.unit.storage.conftest import Tell


async def works_as_usual(repository: SqliteRepository, rid: str) -> None:
    await put(repository, patient(rid))
    assert await repository.read("Patient", rid)
    assert await repository.unfinished() is None


def test_locked_file_is_unavailable_to_writers_only(told: Tell[None], path: Path) -> None:
    async def story(repository: SqliteRepository) -> None:
        await put(repository, patient("before"))
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            results = await asyncio.gather(
                *[put(repository, patient(f"p{i}")) for i in range(5)], return_exceptions=True
            )
            assert all(isinstance(r, Unavailable) for r in results)
            assert await repository.read("Patient", "before")
            other.execute("ROLLBACK")
        await works_as_usual(repository, "p0")

    told(story)


def test_waiting_for_a_lock_does_not_stop_the_loop(told: Tell[None], path: Path) -> None:
    async def story(repository: SqliteRepository) -> None:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            connection = repository._writer.connection
            assert connection
            connection.settings = {**connection.settings, "busy_timeout": 60_000}
            waiting = asyncio.ensure_future(put(repository, patient("p")))
            for _ in range(100):
                await asyncio.sleep(0.001)
            assert not waiting.done()  # were the loop stopped, its wait would be over by now
            other.execute("ROLLBACK")
            await waiting

    told(story)


def test_closing_leaves_all_in_one_file(told: Tell[None], path: Path) -> None:
    """A copy of the file alone is a copy of everything once the service has ended."""

    async def story(repository: SqliteRepository) -> None:
        await works_as_usual(repository, "p")

    told(story)
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@contextlib.contextmanager
def full_disk(path: Path) -> Iterator[None]:
    """No file of this process can grow beyond what the database's files are now."""
    before = limits.getrlimit(limits.RLIMIT_FSIZE)
    largest = max(p.stat().st_size for p in path.parent.iterdir())
    limits.setrlimit(limits.RLIMIT_FSIZE, (largest, before[1]))
    try:
        yield
    finally:
        limits.setrlimit(limits.RLIMIT_FSIZE, before)


def test_full_disk_is_unavailable_and_reads_go_on(told: Tell[None], path: Path) -> None:
    big = [{"text": f"{number} " + "x" * 1_000} for number in range(100)]

    async def story(repository: SqliteRepository) -> None:
        await put(repository, patient("before"))
        with full_disk(path):
            large = [resource("Patient", f"p{i}", address=big) for i in range(5)]
            results = await asyncio.gather(*[put(repository, p) for p in large], return_exceptions=True)
            assert all(isinstance(r, Unavailable) for r in results), results
            with pytest.raises(Unavailable):
                await put(repository, resource("Patient", "again", address=big))
            assert await repository.read("Patient", "before")
            assert await repository.read("Patient", "p0") is None
        await works_as_usual(repository, "p0")

    told(story)


def test_missing_file_is_unavailable_until_it_is_back(told: Tell[None], path: Path, tmp_path: Path) -> None:
    async def story(repository: SqliteRepository) -> None:
        await put(repository, patient("before"))
        aside = tmp_path / "aside.db"
        path.rename(aside)
        with pytest.raises(Unavailable):
            await put(repository, patient("lost"))
        aside.rename(path)
        await works_as_usual(repository, "after")
        assert await repository.read("Patient", "lost") is None

    told(story)


def test_failed_commit_fails_the_whole_group_and_nothing_is_written(
    told: Tell[None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A COMMIT that fails cannot be had from outside at will: the command itself is spoilt."""

    async def story(repository: SqliteRepository) -> None:
        connection = repository._writer.connection
        assert connection
        script = connection.script

        def spoilt(command: str) -> None:
            if command == "COMMIT":
                raise Unavailable("disk full")
            script(command)

        monkeypatch.setattr(connection, "script", spoilt)
        results = await asyncio.gather(*[put(repository, patient(f"p{i}")) for i in range(5)], return_exceptions=True)
        assert all(isinstance(r, Unavailable) for r in results)
        monkeypatch.undo()
        assert await repository.read("Patient", "p0") is None
        assert not connection.raw.in_transaction
        await works_as_usual(repository, "p0")

    told(story)


def test_closed_repository_takes_no_more_work(told: Tell[None]) -> None:
    async def story(repository: SqliteRepository) -> None:
        last = asyncio.ensure_future(put(repository, patient("last")))
        await asyncio.sleep(0)
        await repository.close()
        await last
        with pytest.raises(Unavailable):
            await put(repository, patient("late"))
        with pytest.raises(Unavailable):
            await repository.read("Patient", "last")
        with pytest.raises(Unavailable):
            await repository.inbox()

    told(story)


def test_connection_that_cannot_roll_back_is_replaced(told: Tell[None], monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(repository: SqliteRepository) -> None:
        connection = repository._writer.connection
        assert connection
        script = connection.script

        def spoilt(command: str) -> None:
            if command in ("COMMIT", "ROLLBACK"):
                raise Unavailable("I/O error")
            script(command)

        monkeypatch.setattr(connection, "script", spoilt)
        with pytest.raises(Unavailable):
            await put(repository, patient("lost"))
        assert repository._writer.connection is None
        await works_as_usual(repository, "after")
        assert repository._writer.connection is not connection
        assert await repository.read("Patient", "lost") is None

    told(story)


def test_transaction_that_sqlite_broke_off_fails_the_group(told: Tell[None]) -> None:
    async def story(repository: SqliteRepository) -> None:
        connection = repository._writer.connection
        assert connection

        async def breaking(_: Reads) -> tuple[None, Changes]:
            connection.raw.execute("ROLLBACK")  # as SQLite does by itself after some I/O errors
            raise Unavailable("I/O error")

        works = [put(repository, patient("before")), repository.run(breaking), put(repository, patient("behind"))]
        results = await asyncio.gather(*works, return_exceptions=True)
        assert [type(r) for r in results[:2]] == [Unavailable, Unavailable]
        assert await repository.read("Patient", "before") is None
        await works_as_usual(repository, "after")

    told(story)


def test_reader_in_trouble_is_replaced(told: Tell[None], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> object:
        raise Unavailable("SQLITE_IOERR")

    async def story(repository: SqliteRepository) -> None:
        await put(repository, patient("arne"))
        await repository.inbox()
        before = repository._readers.connections
        with monkeypatch.context() as spoilt:
            spoilt.setattr(Connection, "row", broken)
            spoilt.setattr(Connection, "rows", broken)
            with pytest.raises(Unavailable):
                await repository.read("Patient", "arne")
            with pytest.raises(Unavailable):
                await repository.inbox()
        assert await repository.read("Patient", "arne")
        await repository.inbox()
        assert len(repository._readers.connections) == 2
        assert not set(repository._readers.connections) & set(before)

    told(story)
