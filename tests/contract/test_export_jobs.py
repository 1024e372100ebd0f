"""Jobs of the bulk export, and which labels are in use: on either database."""

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import literal

from fhir_service.storage import export_jobs as jobs
from fhir_service.storage.access import EVERYTHING, Access
from fhir_service.storage.export_jobs import ExportJob
from fhir_service.storage.labels import labels, profiles
from fhir_service.storage.port import Repository
from fhir_service.storage.steps import Steps
from tests.contract.database import Database, delete, put

T = TypeVar("T")
NOTHING = Access("nothing", lambda _: literal(1) == literal(2))
SYSTEM = "http://example.org/tags"


def job(number: int, **values: Any) -> ExportJob:
    told = {"state": "queued", "asked": "{}", "started": number, "expires": 1_000}
    return ExportJob(job_id=f"{number:032x}", **(told | values))


def noted(database: Database, *steps: Callable[[], Steps[Any]]) -> list[Any]:
    """What each of the steps finds out, one after the other."""

    async def story(repository: Repository) -> list[Any]:
        return [await repository.note(step) for step in steps]

    return database.run(story)


def test_job_is_kept_and_found(database: Database) -> None:
    one = job(1)
    added, found, other = noted(
        database, lambda: jobs.added(one, 5), lambda: jobs.found(one.job_id), lambda: jobs.found("none")
    )
    assert (added, found, other) == (True, one, None)


def test_no_more_jobs_are_kept_than_may_be_under_way(database: Database) -> None:
    answers = noted(
        database,
        *(lambda n=n: jobs.added(job(n), 2) for n in range(3)),
        lambda: jobs.taken("w", 5, 0),
        lambda: jobs.added(job(3), 2),
        lambda: jobs.removed(job(0).job_id),
        lambda: jobs.added(job(3), 2),
    )
    assert [a for a in answers if isinstance(a, bool)] == [True, True, False, False, True, True]


def test_oldest_job_is_taken_up_and_by_one_worker(database: Database) -> None:
    first, second, third = noted(
        database,
        lambda: jobs.added(job(2), 5),
        lambda: jobs.added(job(1), 5),
        lambda: jobs.taken("a", 10, 0),
    )[2:] + noted(database, lambda: jobs.taken("b", 11, 0), lambda: jobs.taken("c", 12, 0))
    assert (first.job_id, first.worker, first.attempts, first.state) == (job(1).job_id, "a", 1, "running")
    assert (second.job_id, second.worker) == (job(2).job_id, "b")
    assert third is None


def test_job_without_a_sign_of_life_is_taken_up_again(database: Database) -> None:
    async def story(repository: Repository) -> tuple[Any, ...]:
        await repository.note(lambda: jobs.added(job(1), 5))
        dead = await repository.note(lambda: jobs.taken("a", 10, 0))
        assert dead
        waiting = [await repository.ask(lambda at=at: jobs.is_waiting(at)) for at in (10, 11)]
        alive = await repository.note(lambda: jobs.taken("b", 20, 11))
        late = await repository.note(lambda: jobs.alive(dead, 21, "x"))
        ended = await repository.note(lambda: jobs.ended(dead, "done", "[]", 5))
        return waiting, alive, late, ended

    waiting, alive, late, ended = database.run(story)
    assert waiting == [False, True]
    assert (alive.worker, alive.attempts) == ("b", 2)
    assert (late, ended) == (False, False)


def test_signs_of_life_and_the_end_are_noted(database: Database) -> None:
    async def story(repository: Repository) -> tuple[Any, ...]:
        await repository.note(lambda: jobs.added(job(1), 5))
        mine = await repository.note(lambda: jobs.taken("a", 10, 0))
        assert mine
        alive = await repository.note(lambda: jobs.alive(mine, 15, "half"))
        half = await repository.ask(lambda: jobs.found(mine.job_id))
        ended = await repository.note(lambda: jobs.ended(mine, "done", "[1]", 99))
        return alive, half, ended, await repository.ask(lambda: jobs.found(mine.job_id))

    alive, half, ended, done = database.run(story)
    assert (alive, half.beat, half.progress) == (True, 15, "half")
    assert (ended, done.state, done.output, done.expires) == (True, "done", "[1]", 99)


def test_jobs_go_back_into_the_queue(database: Database) -> None:
    """`requeued`: the process before died; `released`: this one ends in good order."""
    answers = noted(
        database,
        lambda: jobs.added(job(1), 5),
        lambda: jobs.taken("a", 10, 0),
        jobs.requeued,
        lambda: jobs.taken("b", 11, 0),
        lambda: jobs.released("a"),
        lambda: jobs.released("b"),
        lambda: jobs.taken("c", 12, 0),
    )
    assert (answers[2], answers[4], answers[5]) == (1, 0, 1)
    assert (answers[3].attempts, answers[6].attempts) == (2, 2)


def test_only_jobs_that_have_ended_expire(database: Database) -> None:
    answers = noted(
        database,
        lambda: jobs.added(job(1, expires=5), 5),
        lambda: jobs.added(job(2, expires=5, state="done"), 5),
        lambda: jobs.added(job(3, expires=50, state="failed"), 5),
        lambda: jobs.is_over(5),
        lambda: jobs.is_over(6),
        lambda: jobs.expired(6),
        jobs.known,
        lambda: jobs.removed("none"),
    )
    assert answers[3:] == [False, True, (job(2).job_id,), {job(1).job_id, job(3).job_id}, False]


def test_labels_in_use_are_those_of_current_resources_that_may_be_seen(database: Database) -> None:
    async def story(repository: Repository) -> tuple[Any, ...]:
        tagged = {"tag": [{"system": SYSTEM, "code": "a"}, {"code": "b"}], "profile": ["http://example.org/p"]}
        gone = {"tag": [{"system": SYSTEM, "code": "gone"}], "profile": ["http://example.org/gone"]}
        for rid, meta in (("1", tagged), ("2", tagged), ("3", gone)):
            await put(repository, {"resourceType": "Patient", "id": rid, "meta": meta})
        await put(repository, {"resourceType": "Group", "id": "1", "meta": {"security": [{"code": "R"}]}})
        await delete(repository, "Patient", "3")
        return (
            await repository.ask(lambda: labels(["Patient"], "_tag", EVERYTHING)),
            await repository.ask(lambda: labels(["Patient", "Group"], "_security", EVERYTHING)),
            await repository.ask(lambda: profiles(["Patient"], EVERYTHING)),
            await repository.ask(lambda: profiles(["Group"], EVERYTHING)),
            await repository.ask(lambda: labels(["Patient"], "_tag", NOTHING)),
            await repository.ask(lambda: profiles(["Patient"], NOTHING)),
        )

    tags, security, claimed, none, hidden, hidden_too = database.run(story)
    assert set(tags) == {(SYSTEM, "a"), ("", "b")}
    assert security == (("", "R"),)
    assert claimed == ("http://example.org/p",)
    assert none == hidden == hidden_too == ()
