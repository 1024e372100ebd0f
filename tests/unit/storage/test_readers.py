"""What runs on the loop, what in threads, and for how long: decision 41."""

import asyncio
import threading
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import func, literal, select

from fhir_service.storage.port import Changes, Reads, TooSlow
from fhir_service.storage.prepared import prepare
from fhir_service.storage.sqlite import SqliteRepository
from fhir_service.storage.sqlite_connection import Connection, SqliteFile
from fhir_service.storage.steps import Steps
from tests.contract.database import ids, next_write, put, query, search
from tests.contract.resources import patient, plan, task
from tests.unit.storage.conftest import Tell

SLOW = query("Patient", ("family:contains", f"{'x' * 1000}y"))
"""Compares every position of every name below."""


async def many_long_names(repository: SqliteRepository) -> None:
    async def work(tx: Reads) -> tuple[None, Changes]:
        people = [patient(f"p{i}", name=[{"family": "x" * 2000 + str(i)}]) for i in range(2000)]
        return None, Changes(writes=tuple([await next_write(tx, p) for p in people]))

    await repository.run(work)


def test_search_that_takes_too_long_is_broken_off_and_the_next_one_works(
    told: Tell[None], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(repository: SqliteRepository) -> None:
        await many_long_names(repository)
        monkeypatch.setattr(repository._readers, "_deadline", 0.001)
        for _ in range(5):
            with pytest.raises(TooSlow):
                await repository.search(SLOW)
        monkeypatch.undo()
        assert await search(repository, "Patient", ("_id", "p1")) == ["p1"]
        assert await repository.read("Patient", "p2")

    told(story)


def _endless(begun: list[None]) -> Steps[None]:
    begun.append(None)
    every = select(literal(1).label("x")).cte("every", recursive=True)
    yield prepare(select(func.count()).select_from(every.union_all(select(every.c.x + 1)))), {}


def test_waiting_for_a_thread_counts_as_searching(told: Tell[None], monkeypatch: pytest.MonkeyPatch) -> None:  # SR-8
    async def story(repository: SqliteRepository) -> None:
        await put(repository, patient("p2"))
        monkeypatch.setattr(repository._readers, "_deadline", 0.3)
        begun: list[None] = []
        endless = [repository.ask(lambda: _endless(begun)) for _ in range(40)]
        found = await asyncio.gather(*endless, return_exceptions=True)
        assert len(begun) < 40  # one after the other, all would have had their turn
        assert {type(one) for one in found} == {TooSlow}
        assert await repository.read("Patient", "p2")

    told(story)


def test_search_of_a_work_is_broken_off_without_harm_to_its_group(
    told: Tell[None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fhir_service.storage.sqlite_reads.SEARCH_SECONDS", 0.001)

    async def asking(tx: Reads) -> tuple[int, Changes]:
        return len(await tx.matches(SLOW)), Changes()

    async def story(repository: SqliteRepository) -> None:
        await many_long_names(repository)
        results = await asyncio.gather(put(repository, task("t")), repository.run(asking), return_exceptions=True)
        assert results[0] is None
        assert isinstance(results[1], TooSlow)
        assert await repository.read("Task", "t")

    told(story)


def test_searches_of_a_work_have_one_deadline_together(told: Tell[None], monkeypatch: pytest.MonkeyPatch) -> None:
    """SR-8: a Bundle of a thousand conditional entries, each nearly too slow, must not keep everybody waiting."""
    clock = count(0, 400)  # what each search takes
    monkeypatch.setattr("fhir_service.storage.sqlite_reads.SEARCH_SECONDS", 1000)
    monkeypatch.setattr("fhir_service.storage.allowance.time", SimpleNamespace(monotonic=lambda: next(clock)))
    done: list[int] = []

    async def asking(tx: Reads) -> tuple[None, Changes]:
        for number in range(1000):
            await tx.matches(query("Patient", ("family:contains", f"y{number}")))
            done.append(number)
        return None, Changes()

    async def story(repository: SqliteRepository) -> None:
        with pytest.raises(TooSlow):
            await repository.run(asking)
        assert done == [0, 1, 2]
        await put(repository, task("t"))

    told(story)


def test_searches_that_know_where_to_start_run_on_the_loop(told: Tell[None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fhir_service.storage.sqlite_readers.INLINE_SECONDS", 60)  # on the slowest machine, too
    monkeypatch.setattr("fhir_service.storage.sqlite_readers.TURN", 60)
    seen: list[bool] = []
    rows = Connection.rows

    def noted(connection: Connection, *rest: object) -> object:
        seen.append(threading.current_thread() is threading.main_thread())
        return rows(connection, *rest)  # type: ignore[arg-type]

    async def on_loop(repository: SqliteRepository, *params: tuple[str, str]) -> set[bool]:
        seen.clear()
        await repository.search(query("CarePlan", *params))
        return set(seen)

    async def story(repository: SqliteRepository) -> None:
        await put(repository, patient("a"), plan("one", of="a"), person="p1")
        monkeypatch.setattr(Connection, "rows", noted)
        assert await on_loop(repository, ("patient", "a"), ("status", "active")) == {True}
        assert await on_loop(repository, ("patient", "a"), ("_lastUpdated", "ge2026"), ("_sort", "-date")) == {True}
        assert await on_loop(repository, ("patient", "a"), ("category", "x")) == {True}
        assert await on_loop(repository, ("patient", "a"), ("_sort", "category")) == {True}
        assert await on_loop(repository, ("category", "x")) == {True}
        assert await on_loop(repository, ("_sort", "category")) == {False}
        assert await on_loop(repository, ("status", "active")) == {True}
        assert await on_loop(repository, ("status", "active"), ("_sort", "date")) == {False}
        assert await on_loop(repository, ("patient", "a"), ("_include", "CarePlan:patient")) == {True}
        assert await on_loop(repository, ("patient", "a"), ("_total", "accurate")) == {False}

    told(story)


def test_searches_keep_the_loop_for_one_turn_and_no_longer(told: Tell[None], monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch of a hundred searches, each nearly too slow for the loop, must not keep it for half a second (SR-8)."""
    monkeypatch.setattr("fhir_service.storage.sqlite_readers.TURN", 0)
    monkeypatch.setattr("fhir_service.storage.sqlite_readers.INLINE_SECONDS", 60)
    seen: list[bool] = []
    rows = Connection.rows

    def noted(connection: Connection, *rest: object) -> object:
        seen.append(threading.current_thread() is threading.main_thread())
        return rows(connection, *rest)  # type: ignore[arg-type]

    async def story(repository: SqliteRepository) -> None:
        await put(repository, task("t"))
        monkeypatch.setattr(Connection, "rows", noted)
        for _ in range(2):
            seen.clear()
            pages = await asyncio.gather(*[search(repository, "Task", ("patient", "arne")) for _ in range(3)])
            assert pages == [["t"]] * 3
            assert sorted(seen) == [False, False, True]

    told(story)


def test_search_that_turns_out_long_goes_on_in_a_thread(told: Tell[None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fhir_service.storage.sqlite_readers.INLINE_SECONDS", -1)
    monkeypatch.setattr("fhir_service.storage.sqlite_connection.CHECK_EVERY", 1)

    async def story(repository: SqliteRepository) -> None:
        await put(repository, task("t"))
        page = await repository.search(query("Task", ("patient", "arne")))
        assert ids(page) == ["t"]

    told(story)


def test_deadline_that_is_over_leaves_no_transaction_open(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a connection sees would never change again, and no other transaction could begin on it."""
    monkeypatch.setattr("fhir_service.storage.sqlite_connection.CHECK_EVERY", 1)  # at every step of SQLite
    Connection(SqliteFile(path), writes=True).close()
    connection = Connection(SqliteFile(path), writes=False)
    with connection.deadline(-1):
        connection.script("BEGIN")
        with pytest.raises(TooSlow):
            connection.rows(prepare(select(literal(1))), {})
        connection.script("ROLLBACK")
    assert not connection.raw.in_transaction
    connection.close()
