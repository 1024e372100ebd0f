"""The write-ahead log is emptied beside the writer, and stays bounded: stack.md 5, trap 4, SR-8."""

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fhir_service.storage import checkpoints
from fhir_service.storage.audit import Kept
from fhir_service.storage.sqlite import SqliteRepository
from fhir_service.storage.sqlite_audit import SqliteAudit
from tests.contract.database import put
from tests.contract.resources import patient, resource
from tests.unit.storage.conftest import Tell
from tests.waiting import until_true

LARGE = [{"text": "x" * 50_000}]


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "PAUSE", 0.0)


def in_the_file_itself(path: Path) -> bool:
    """Whether the file alone, without its log, has a Patient."""
    with closing(sqlite3.connect(f"{path.as_uri()}?immutable=1", uri=True)) as alone:
        return bool(alone.execute("SELECT 1 FROM resource WHERE rtype = 'Patient'").fetchall())


@pytest.mark.usefixtures("at_once")
def test_what_is_committed_soon_lies_in_the_file(told: Tell[None], path: Path) -> None:
    async def story(repository: SqliteRepository) -> None:
        await put(repository, patient("arne"))
        await until_true(lambda: repository._writer._checkpoints._task is None)
        assert in_the_file_itself(path)

    told(story)


def test_no_commit_carries_a_checkpoint(told: Tell[None], path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "PAUSE", 60.0)

    async def story(repository: SqliteRepository) -> None:
        for i in range(100):  # 1,000 pages and more: SQLite alone would have made one
            await put(repository, resource("Patient", f"p{i}", address=LARGE))
        assert not in_the_file_itself(path)

    told(story)
    assert in_the_file_itself(path)


async def commits(repository: SqliteRepository, path: Path, *, with_pauses: bool) -> int:
    """Commit 5 MB; returns how many bytes the log then takes."""
    for i in range(100):
        repository._writer._checkpoints.overdue = with_pauses and i % 10 == 0
        await put(repository, resource("Patient", f"p{i}", address=LARGE))
    return path.with_name(path.name + "-wal").stat().st_size


@pytest.mark.parametrize("with_pauses", [True, False])
def test_log_is_begun_anew_only_where_the_writer_pauses(
    told: Tell[None], path: Path, monkeypatch: pytest.MonkeyPatch, with_pauses: bool
) -> None:
    monkeypatch.setattr(checkpoints, "PAUSE", 60.0)

    async def story(repository: SqliteRepository) -> None:
        log = await commits(repository, path, with_pauses=with_pauses)
        assert (log < 1_500_000) is with_pauses

    told(story)


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize(("most", "overdue"), [(0, True), (100, False)])
def test_large_log_asks_the_writer_to_pause(told: Tell[None], most: int, overdue: bool) -> None:
    async def story(repository: SqliteRepository) -> None:
        made = repository._writer._checkpoints
        made._file = replace(made._file, log_mib=most)
        await put(repository, patient("arne"))
        await until_true(lambda: made._task is None)
        assert made.overdue is overdue

    told(story)


@pytest.mark.usefixtures("at_once")
def test_checkpoint_in_trouble_harms_nobody_and_comes_back(told: Tell[None]) -> None:
    async def story(repository: SqliteRepository) -> None:
        connection = repository._writer._checkpoints.connection
        assert connection
        connection.raw.close()
        for i in range(3):
            await put(repository, patient(f"p{i}"))
            await until_true(lambda: repository._writer._checkpoints._task is None)
        assert len(repository.settings) == 3
        assert await repository.read("Patient", "p2")

    told(story)


@pytest.mark.usefixtures("at_once")
def test_log_of_the_audit_log_stays_small(tmp_path: Path) -> None:
    """SR-8: it is written without a break, and never grows to what it has held in all."""

    async def written() -> int:
        audit = SqliteAudit(tmp_path / "k.audit.db", lambda: datetime.now(UTC))
        audit._checkpoints._file = replace(audit._file, log_mib=1)
        event = Kept(200, 1, 1, "read", "Patient", "x" * 64, "", "", "", "", "r" * 900, "", "", "", ("p" * 36,))
        for _ in range(40):
            await asyncio.gather(*(audit.keep(event) for _ in range(512)))
            await until_true(lambda: audit._checkpoints._task is None)
        size = (tmp_path / "k.audit.db-wal").stat().st_size
        await audit.close()
        return size

    assert asyncio.run(written()) < 6 << 20 < 20 << 20 < (tmp_path / "k.audit.db").stat().st_size
