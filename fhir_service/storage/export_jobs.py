"""Jobs of the bulk export in the database, for both back-ends (`steps`): any process may take one up.

`state`: `queued`, `running`, `done` or `failed`; a cancelled or expired job has no row.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, bindparam, delete, func, insert, not_, or_, select, update

from fhir_service.storage.prepared import prepare
from fhir_service.storage.steps import Steps
from fhir_service.storage.tables import EXPORT_JOB as JOB

OPEN = ("queued", "running")
_COLUMNS = tuple(column.name for column in JOB.c)


@dataclass(frozen=True, slots=True)
class ExportJob:
    """One row. `asked` and `output` are JSON texts of whoever runs it; times are microseconds since 1970 UTC.

    `started`: the instant whose state of the data is told; `beat`: the last sign of life of the `worker`.
    """

    job_id: str
    state: str
    asked: str
    started: int
    expires: int
    beat: int = 0
    attempts: int = 0
    worker: str = ""
    progress: str = ""
    output: str = ""


_OPEN = or_(JOB.c.state == "queued", JOB.c.state == "running")
_FREE = or_(JOB.c.state == "queued", and_(JOB.c.state == "running", JOB.c.beat < bindparam("stale")))
_NEXT = select(JOB.c.job_id).where(_FREE).order_by(JOB.c.started, JOB.c.job_id).limit(1)
_MINE = and_(JOB.c.job_id == bindparam("of_job"), JOB.c.worker == bindparam("of_worker"), JOB.c.state == "running")
_ADD = prepare(insert(JOB).returning(JOB.c.job_id), _COLUMNS)
_COUNT = prepare(select(func.count()).select_from(JOB).where(_OPEN))
_FIND = prepare(select(*JOB.c).where(JOB.c.job_id == bindparam("of_job")))
_ANY_FREE = prepare(_NEXT)
_TAKE = prepare(
    update(JOB)
    .where(JOB.c.job_id == _NEXT.scalar_subquery(), _FREE)
    .values(
        state="running", worker=bindparam("by"), beat=bindparam("now"), attempts=JOB.c.attempts + 1, progress="started"
    )
    .returning(*JOB.c)
)
_BEAT = prepare(
    update(JOB).where(_MINE).values(beat=bindparam("now"), progress=bindparam("how_far")).returning(JOB.c.job_id)
)
_END = prepare(
    update(JOB)
    .where(_MINE)
    .values(state=bindparam("now_in"), output=bindparam("made"), expires=bindparam("until"))
    .returning(JOB.c.job_id)
)
_REMOVE = prepare(delete(JOB).where(JOB.c.job_id == bindparam("of_job")).returning(JOB.c.job_id))
_OVER = and_(JOB.c.expires < bindparam("now"), not_(_OPEN))
_ANY_OVER = prepare(select(JOB.c.job_id).where(_OVER).limit(1))
_EXPIRE = prepare(delete(JOB).where(_OVER).returning(JOB.c.job_id))
_REQUEUE = prepare(update(JOB).where(JOB.c.state == "running").values(state="queued").returning(JOB.c.job_id))
_RELEASE = prepare(
    update(JOB)
    .where(JOB.c.worker == bindparam("of_worker"), JOB.c.state == "running")
    .values(state="queued", attempts=JOB.c.attempts - 1)
    .returning(JOB.c.job_id)
)
_ALL = prepare(select(JOB.c.job_id))


def added(job: ExportJob, most: int) -> Steps[bool]:
    """Keep a new job, unless `most` are under way."""
    rows = yield _COUNT, {}
    if rows[0][0] >= most:
        return False
    yield _ADD, {name: getattr(job, name) for name in _COLUMNS}
    return True


def found(job_id: str) -> Steps[ExportJob | None]:
    """The job of this id."""
    rows = yield _FIND, {"of_job": job_id}
    return ExportJob(*rows[0]) if rows else None


def is_waiting(stale: int) -> Steps[bool]:
    """Whether a job waits for a worker, or lost the one it had: no sign of life since `stale`."""
    rows = yield _ANY_FREE, {"stale": stale}
    return bool(rows)


def taken(worker: str, now: int, stale: int) -> Steps[ExportJob | None]:
    """Take up the oldest job that waits; of several workers one gets it."""
    rows = yield _TAKE, {"by": worker, "now": now, "stale": stale}
    return ExportJob(*rows[0]) if rows else None


def alive(job: ExportJob, now: int, progress: str) -> Steps[bool]:
    """Give a sign of life; False when the job is no longer this worker's: cancelled, or taken up by another one."""
    rows = yield _BEAT, {**_of(job), "now": now, "how_far": progress}
    return bool(rows)


def ended(job: ExportJob, state: str, output: str, expires: int) -> Steps[bool]:
    """Note what came of it; False when the job is no longer this worker's."""
    rows = yield _END, {**_of(job), "now_in": state, "made": output, "until": expires}
    return bool(rows)


def removed(job_id: str) -> Steps[bool]:
    """Forget a job; whoever works at it finds out at the next sign of life."""
    rows = yield _REMOVE, {"of_job": job_id}
    return bool(rows)


def is_over(now: int) -> Steps[bool]:
    """Whether the time of a job is over."""
    rows = yield _ANY_OVER, {"now": now}
    return bool(rows)


def expired(now: int) -> Steps[tuple[str, ...]]:
    """Forget the jobs whose time is over; their ids."""
    rows = yield _EXPIRE, {"now": now}
    return tuple(row[0] for row in rows)


def requeued() -> Steps[int]:
    """Put what was running back into the queue: for the one process that knows that no other one works."""
    rows = yield _REQUEUE, {}
    return len(rows)


def released(worker: str) -> Steps[int]:
    """Put back what a worker had taken up that ends in good order: this was no attempt."""
    rows = yield _RELEASE, {"of_worker": worker}
    return len(rows)


def known() -> Steps[frozenset[str]]:
    """The ids of all jobs."""
    rows = yield _ALL, {}
    return frozenset(row[0] for row in rows)


def _of(job: ExportJob) -> Mapping[str, Any]:
    return {"of_job": job.job_id, "of_worker": job.worker}
