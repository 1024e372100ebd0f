"""The worker of the bulk export when something goes wrong, on either database."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from fhir_service.principal import DEVELOPER
from fhir_service.storage import export_jobs as jobs
from fhir_service.storage.export_jobs import ExportJob
from fhir_service.storage.port import HistoryQuery, Repository, Unavailable
from fhir_service.workflow import export
from fhir_service.workflow.export import Exports, Ground, Limits, outputs
from fhir_service.workflow.export_files import Making, content, tidy
from fhir_service.workflow.export_scope import Asked, types_at
from tests.contract.database import BASE_URL, Database, put
from tests.waiting import until_found, until_true

T = TypeVar("T")
ASKED = Asked("http://example.org/$export", "system", ("Group", "Patient"), DEVELOPER)
LIMITS = Limits(poll=0.01, stale=30.0, page=2)


class Troubled:
    """A repository that fails so many times when versions are read."""

    def __init__(self, repository: Repository, *failures: Exception) -> None:
        self._repository = repository
        self.failures = list(failures)
        self.reads = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._repository, name)

    async def history(self, query: HistoryQuery, *access: Any) -> Any:
        self.reads += 1
        if self.failures:
            raise self.failures.pop(0)
        return await self._repository.history(query, *access)


def told(database: Database, folder: Path, story: Callable[[Repository, Exports], Awaitable[T]], **ground: Any) -> T:
    """Tell a story with a worker that is started when the story says so."""

    async def opened(repository: Repository) -> T:
        for number in range(5):
            await put(repository, {"resourceType": "Patient", "id": str(number)})
        made = {"repository": repository, "folder": folder, "base": BASE_URL, "clock": database.clock, "limits": LIMITS}
        exports = Exports(Ground(**(made | {k: v(repository) if callable(v) else v for k, v in ground.items()})))
        try:
            return await story(repository, exports)
        finally:
            await exports.stop()

    return database.run(opened)


async def ended(exports: Exports, job: ExportJob | None) -> ExportJob:
    assert job is not None

    async def look() -> ExportJob | None:
        found = await exports.find(job.job_id)
        assert found is not None
        return None if found.state in jobs.OPEN else found

    return await until_found(look)


async def _as_running(exports: Exports, job: ExportJob) -> ExportJob | None:
    found = await exports.find(job.job_id)
    return found if found and found.state == "running" else None


def test_export_is_done_in_pages(database: Database, tmp_path: Path) -> None:
    async def story(_: Repository, exports: Exports) -> tuple[ExportJob, bytes | None]:
        await exports.start()
        job = await ended(exports, await exports.take(ASKED))
        return job, await exports.file(job.job_id, "Patient.1.ndjson")

    job, lines = told(database, tmp_path, story)
    assert job.state == "done"
    assert [(one.rtype, one.count) for one in outputs(job)] == [("Patient", 5)]
    assert sorted((lines or b"").splitlines()) == [b"Patient/%d 1" % n for n in range(5)]


def test_export_that_fails_is_told_as_failed(database: Database, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    async def story(_: Repository, exports: Exports) -> ExportJob:
        await exports.start()
        return await ended(exports, await exports.take(ASKED))

    job = told(database, tmp_path / "file" / "below", story)
    assert (job.state, job.output) == ("failed", "error")


def test_export_waits_while_the_database_cannot_be_reached(database: Database, tmp_path: Path) -> None:
    """SR-7: what is temporary ends no job."""

    async def story(repository: Repository, exports: Exports) -> ExportJob:
        await exports.start()
        return await ended(exports, await exports.take(ASKED))

    def troubled(repository: Repository) -> Troubled:
        return Troubled(repository, Unavailable("gone for a moment"))

    limits = replace(LIMITS, stale=-1.0)  # at once: the clock of the test stands still
    job = told(database, tmp_path, story, repository=troubled, limits=limits)
    assert (job.state, job.attempts) == ("done", 2)


def test_export_that_was_broken_off_too_often_is_failed(database: Database, tmp_path: Path) -> None:
    async def story(repository: Repository, exports: Exports) -> ExportJob:
        job = await exports.take(ASKED)
        for _ in range(LIMITS.attempts):
            await repository.note(lambda: jobs.taken("dead", 0, 0))
            await repository.note(jobs.requeued)
        await exports.start()
        return await ended(exports, job)

    job = told(database, tmp_path, story)
    assert (job.state, job.output) == ("failed", "attempts")


def test_what_an_earlier_process_left_is_taken_up(database: Database, tmp_path: Path) -> None:
    async def story(repository: Repository, exports: Exports) -> ExportJob:
        job = await exports.take(ASKED)
        await repository.note(lambda: jobs.taken("dead", 2**60, 0))
        await exports.start()
        return await ended(exports, job)

    assert told(database, tmp_path, story).state == "done"


def test_job_of_another_process_that_lives_is_left_alone(database: Database, tmp_path: Path) -> None:
    async def story(repository: Repository, exports: Exports) -> ExportJob | None:
        job = await exports.take(ASKED)
        assert job
        await repository.note(lambda: jobs.taken("alive", 2**60, 0))
        await exports.start()
        await asyncio.sleep(0.1)
        return await exports.find(job.job_id)

    job = told(database, tmp_path, story, alone=False)
    assert job is not None
    assert (job.state, job.worker) == ("running", "alive")


def test_worker_that_ends_in_good_order_gives_its_job_back(database: Database, tmp_path: Path) -> None:
    """SR-9"""

    async def story(repository: Repository, exports: Exports) -> ExportJob | None:
        await exports.start()
        job = await exports.take(ASKED)
        assert job
        await until_found(lambda: _as_running(exports, job))
        await exports.stop()
        return await repository.ask(lambda: jobs.found(job.job_id))

    job = told(database, tmp_path, story, limits=replace(LIMITS, settle=60.0))
    assert job is not None
    assert (job.state, job.attempts) == ("queued", 0)


def test_cancelled_export_leaves_no_files(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "BEAT", -1)

    async def story(_: Repository, exports: Exports) -> list[Path]:
        await exports.start()
        job = await exports.take(ASKED)
        assert job
        assert await exports.cancel(job.job_id)
        assert not await exports.cancel(job.job_id)
        await ended(exports, await exports.take(ASKED))
        return [file for file in tmp_path.iterdir() if file.name.startswith(job.job_id)]

    assert told(database, tmp_path, story) == []


@pytest.mark.parametrize("beat", [-1, 10**12])
def test_export_cancelled_while_it_runs_leaves_no_files(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, beat: int
) -> None:
    """It finds out at the next sign of life, or at the end."""
    monkeypatch.setattr(export, "BEAT", beat)
    reading = asyncio.Event()

    class Slow(Troubled):
        async def history(self, query: HistoryQuery, *access: Any) -> Any:
            reading.set()
            return await super().history(query, *access)

    async def story(_: Repository, exports: Exports) -> list[Path]:
        await exports.start()
        job = await exports.take(ASKED)
        assert job
        await reading.wait()
        await exports.cancel(job.job_id)
        await ended(exports, await exports.take(ASKED))
        return [file for file in tmp_path.iterdir() if file.name.startswith(job.job_id)]

    assert told(database, tmp_path, story, repository=Slow) == []


def test_export_expires_with_its_files(database: Database, tmp_path: Path) -> None:
    async def story(repository: Repository, exports: Exports) -> tuple[Any, ...]:
        await exports.start()
        job = await ended(exports, await exports.take(ASKED))
        database.clock.move(days=2)
        found = await exports.find(job.job_id)
        await until_true(lambda: not list((tmp_path / "files").iterdir()))
        return found, await repository.ask(jobs.known)

    assert told(database, tmp_path / "files", story) == (None, frozenset())


def test_export_waits_for_transactions_that_began_before(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settles = 3600.0
    waits, over, sleep = asyncio.Event(), asyncio.Event(), asyncio.sleep

    async def held(seconds: float) -> None:
        if seconds < settles / 2:
            return await sleep(seconds)
        waits.set()
        await over.wait()

    async def story(_: Repository, exports: Exports) -> tuple[str, str]:
        await exports.start()
        job = await exports.take(ASKED)
        assert job
        await waits.wait()
        early = await exports.find(job.job_id)
        assert early
        over.set()
        return early.state, (await ended(exports, job)).state

    monkeypatch.setattr(asyncio, "sleep", held)
    assert told(database, tmp_path, story, limits=replace(LIMITS, settle=settles)) == ("running", "done")


def test_worker_goes_on_after_trouble_that_nobody_thought_of(database: Database, tmp_path: Path) -> None:
    class Broken(Troubled):
        async def ask(self, asked: Any) -> Any:
            if self.failures:
                raise self.failures.pop(0)
            return await self._repository.ask(asked)

    broken: list[Broken] = []

    def made(repository: Repository) -> Broken:
        broken.append(Broken(repository))
        return broken[0]

    async def story(_: Repository, exports: Exports) -> str:
        await exports.start()
        broken[0].failures.append(ValueError("a bug"))
        await until_true(lambda: not broken[0].failures)
        return (await ended(exports, await exports.take(ASKED))).state

    assert told(database, tmp_path, story, repository=made) == "done"


def test_folders_of_unknown_exports_are_removed_and_nothing_else(tmp_path: Path) -> None:
    known, gone, other = "a" * 32, "b" * 32, "important"
    for name in (known, gone, f"{gone}.part", other):
        (tmp_path / name).mkdir()
    tidy(tmp_path, frozenset({known}))
    assert {folder.name for folder in tmp_path.iterdir()} == {known, other}
    tidy(tmp_path / "nowhere", frozenset())


def test_files_begin_anew_whatever_an_attempt_before_has_left(tmp_path: Path) -> None:
    job_id = "c" * 32
    first = Making(tmp_path, job_id)
    first.begin()
    first.add("Patient", [b"old"])
    first.give_up()
    first.give_up()
    assert list(tmp_path.iterdir()) == []
    second = Making(tmp_path, job_id, largest=5)
    second.begin()
    second.add("Group", [b"one"])
    second.add("Patient", [b"two", b"three"])
    assert [(o.name, o.count) for o in second.end()] == [
        ("Group.1.ndjson", 1),
        ("Patient.1.ndjson", 1),
        ("Patient.2.ndjson", 1),
    ]
    assert content(tmp_path, job_id, "Patient.2.ndjson") == b"three\n"
    assert content(tmp_path, job_id, "Patient.3.ndjson") is None
    assert content(tmp_path, "../" + job_id, "Patient.2.ndjson") is None


def test_types_of_an_export_are_those_of_its_level() -> None:
    assert types_at("system", ("Location", "Patient")) == ("Location", "Patient")
    assert types_at("group", ("Location", "Observation", "Patient")) == ("Observation", "Patient")
