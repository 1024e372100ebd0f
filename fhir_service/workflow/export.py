"""Bulk exports in the background: one worker task in each process, jobs in the database, files in a folder.

An export tells the data as they were at the instant it was asked for: versions are read by key in pages, current and
earlier ones alike, so that it neither keeps a transaction open nor writers waiting, and may begin again at any time.
A job whose worker died is taken up by another one, or by the next process, and failed when that happened too often.
https://hl7.org/fhir/uv/bulkdata/export.html
"""

import asyncio
import contextlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import structlog

from fhir_service.logs import told
from fhir_service.storage import export_jobs as jobs
from fhir_service.storage.access import access_of
from fhir_service.storage.export_jobs import ExportJob
from fhir_service.storage.instants import micros
from fhir_service.storage.port import NOTHING, Changes, HistoryQuery, Reads, Repository, Unavailable
from fhir_service.workflow.export_files import Making, Output, content, discard, tidy
from fhir_service.workflow.export_scope import Asked, selected

log = structlog.get_logger()
BEAT = 1_000_000
"""Microseconds between two signs of life: each is a commit."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of SR-8. Seconds, but for `jobs` under way at a time, `attempts` of a job, and resources on a `page`.

    `settle`: how long transactions that began before the export may take to end; 0 where they end in order.
    """

    jobs: int = 10
    attempts: int = 3
    page: int = 500
    stale: float = 30.0
    poll: float = 5.0
    kept: float = 86_400.0
    settle: float = 0.0


@dataclass(frozen=True, slots=True)
class Ground:
    """What exports stand on. `alone`: no other process works on this database; `base`: address of the endpoint."""

    repository: Repository
    folder: Path
    base: str
    clock: Callable[[], datetime]
    alone: bool = True
    limits: Limits = Limits()


class Exports:
    """Takes exports, runs them, tells about them."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._worker = secrets.token_hex(8)
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to work: at what an earlier process has left, and then at what comes."""
        repository = self._ground.repository
        if self._ground.alone:
            await repository.note(jobs.requeued)
        await asyncio.to_thread(tidy, self._ground.folder, await repository.ask(jobs.known))
        self._task = asyncio.get_running_loop().create_task(self._serve())

    async def stop(self) -> None:
        """Break off; the job goes on when somebody takes it up again."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            with contextlib.suppress(Unavailable):
                await self._ground.repository.note(lambda: jobs.released(self._worker))

    async def take(self, asked: Asked) -> ExportJob | None:
        """Keep an export, to be begun at once; None when too many are under way."""
        job = ExportJob(
            job_id=secrets.token_hex(16),
            state="queued",
            asked=msgspec.json.encode(asked).decode(),
            started=micros(await self._ground.repository.run(_instant)),
            expires=self._until(),
            progress="waiting",
        )
        if not await self._ground.repository.note(lambda: jobs.added(job, self._ground.limits.jobs)):
            return None
        self._wake.set()
        return job

    async def find(self, job_id: str) -> ExportJob | None:
        """The job, as far as it has got; None where there is none, or its time is over."""
        job = await self._ground.repository.ask(lambda: jobs.found(job_id))
        over = job is not None and job.state not in jobs.OPEN and job.expires < micros(self._now())
        return None if over else job

    async def cancel(self, job_id: str) -> bool:
        """Forget a job and remove its files; False where there is none."""
        gone = await self._ground.repository.note(lambda: jobs.removed(job_id))
        if gone:
            await asyncio.to_thread(discard, self._ground.folder, job_id)
        return gone

    async def file(self, job_id: str, name: str) -> bytes | None:
        """The content of a file of a job that is done."""
        return await asyncio.to_thread(content, self._ground.folder, job_id, name)

    def _now(self) -> datetime:
        return self._ground.clock().astimezone(UTC)

    async def _serve(self) -> None:
        """Work until told to stop, whatever goes wrong with one job."""
        while True:
            self._wake.clear()
            try:
                while await self._one():
                    pass
            except Exception as failure:  # the top loop of this worker: it goes on, and tries again
                log.warning("export waits", **told(failure))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._ground.limits.poll):
                    await self._wake.wait()

    async def _one(self) -> bool:
        """Take up one job and see it to its end; False when none waits."""
        repository, limits = self._ground.repository, self._ground.limits
        now = self._now()
        stale = micros(now - timedelta(seconds=limits.stale))
        await self._tidy(micros(now))
        if not await repository.ask(lambda: jobs.is_waiting(stale)):
            return False
        job = await repository.note(lambda: jobs.taken(self._worker, micros(now), stale))
        if job is None:
            return False
        if job.attempts > limits.attempts:
            await self._failed(job, "attempts")
            return True
        try:
            await self._run(job)
        except Unavailable:
            raise
        except Exception as failure:  # the top loop of this worker: the job is told as failed
            log.error("export failed", job=job.job_id, **told(failure))  # noqa: TRY400 - its text may quote
            await self._failed(job, "error")
        return True

    async def _tidy(self, now: int) -> None:
        if not await self._ground.repository.ask(lambda: jobs.is_over(now)):
            return
        for job_id in await self._ground.repository.note(lambda: jobs.expired(now)):
            await asyncio.to_thread(discard, self._ground.folder, job_id)

    async def _failed(self, job: ExportJob, why: str) -> None:
        await self._ground.repository.note(lambda: jobs.ended(job, "failed", why, self._until()))

    def _until(self) -> int:
        return micros(self._now() + timedelta(seconds=self._ground.limits.kept))

    async def _run(self, job: ExportJob) -> None:
        asked = msgspec.json.decode(job.asked, type=Asked)
        making = Making(self._ground.folder, job.job_id)
        waited = (micros(self._now()) - job.started) / 1_000_000
        await asyncio.sleep(max(self._ground.limits.settle - waited, 0))
        try:
            await asyncio.to_thread(making.begin)
            if not await self._all(job, asked, making):
                return
            made = await asyncio.to_thread(making.end)
        finally:
            await asyncio.to_thread(making.give_up)
        output = msgspec.json.encode(made).decode()
        if await self._ground.repository.note(lambda: jobs.ended(job, "done", output, self._until())):
            log.info("exported", job=job.job_id, files=len(made), resources=sum(one.count for one in made))
        else:
            await asyncio.to_thread(discard, self._ground.folder, job.job_id)

    async def _all(self, job: ExportJob, asked: Asked, making: Making) -> bool:
        """Write everything; False when the job is no longer ours."""
        count, told_at = 0, 0
        for number, rtype in enumerate(asked.rtypes):
            query = _as_of(job, asked, rtype, self._ground.limits.page)
            while True:
                page = await self._ground.repository.history(query, access_of(asked.by, self._ground.clock()))
                lines = await asyncio.to_thread(selected, asked, page.versions, self._ground.base)
                await asyncio.to_thread(making.add, rtype, lines)
                count += len(lines)
                now = micros(self._now())
                if now - told_at > BEAT:
                    told_at, progress = now, f"{number} of {len(asked.rtypes)} types, {count} resources"
                    if not await self._alive(job, now, progress):
                        return False
                if page.following is None:
                    break
                query = replace(query, after=page.following)
        return True

    async def _alive(self, job: ExportJob, now: int, progress: str) -> bool:
        return await self._ground.repository.note(lambda: jobs.alive(job, now, progress))


async def _instant(tx: Reads) -> tuple[datetime, Changes]:
    """Later than all that was written before."""
    return tx.now, NOTHING


def _as_of(job: ExportJob, asked: Asked, rtype: str, page: int) -> HistoryQuery:
    """The versions of a type that were current at the instant of the export."""
    return HistoryQuery(rtype, count=page, since=asked.since, at=(job.started, job.started + 1), total=False)


def outputs(job: ExportJob) -> tuple[Output, ...]:
    """The files of a job that is done."""
    return msgspec.json.decode(job.output, type=tuple[Output, ...])


def asked_of(job: ExportJob) -> Asked:
    """What the job was asked for."""
    return msgspec.json.decode(job.asked, type=Asked)
