"""A commit whose answer is lost is neither told as done nor as undone by a guess: SR-1, SR-3."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import asyncpg
import pytest

from fhir_service.storage.messages import Outgoing, Settled
from fhir_service.storage.port import Afterwards, Changes, Reads, Unavailable, Uncertain
from fhir_service.storage.postgres import PostgresRepository
from fhir_service.storage.postgres_connection import Lost, Session
from fhir_service.storage.postgres_outcome import was_written
from fhir_service.storage.postgres_url import PostgresUrl, postgres_url
from mappings.message import Answer, Verdict
from tests import postgres
from tests.contract.database import next_write
from tests.contract.resources import patient
from tests.contract.test_messages import MESSAGE
from tests.unit.storage.processes import EXTRACT
from tests.waiting import GUARD, until_found

Command = Callable[..., Awaitable[Any]]


@pytest.fixture
def url() -> Iterator[PostgresUrl]:
    with postgres.empty_database() as made:
        yield postgres_url(made)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fhir_service.storage.postgres_outcome.SECONDS", GUARD)
    monkeypatch.setattr("fhir_service.storage.postgres_outcome.PAUSE", 0.01)


@dataclass
class Breaking:
    """Breaks the connection at a command, before or after the server has done it."""

    command: str
    done: bool
    times: int = 1

    def wrapped(self, run: Command) -> Command:
        async def at(session: Session, asked: Any, *values: Any) -> Any:
            text = asked if isinstance(asked, str) else asked.postgres.sql
            if self.command not in text or not self.times:
                return await run(session, asked, *values)
            self.times -= 1
            if self.done:
                await run(session, asked, *values)
            session.drop()
            return await run(session, asked, *values)

        return at


@asynccontextmanager
async def opened(url: PostgresUrl) -> AsyncIterator[PostgresRepository]:
    repository = PostgresRepository(url, extract=EXTRACT, clock=lambda: datetime.now(UTC))
    try:
        yield repository
    finally:
        await repository.close()


async def create(repository: PostgresRepository, rid: str, afterwards: Afterwards[str] | None = None) -> str:
    async def work(tx: Reads) -> tuple[str, Changes]:
        return rid, Changes(writes=(await next_write(tx, patient(rid)),))

    return await repository.run(work, afterwards)


async def looked(views: object, answer: str) -> str:
    return answer + " seen"


WAYS = [("INSERT INTO resource", None), ("COMMIT", looked)]
"""One statement that commits by itself, and a transaction with a COMMIT of its own."""


def broken(monkeypatch: pytest.MonkeyPatch, breaking: Breaking) -> None:
    for name in ("rows", "script"):
        monkeypatch.setattr(Session, name, breaking.wrapped(getattr(Session, name)))


@pytest.mark.parametrize(("command", "afterwards"), WAYS)
def test_what_was_committed_is_told_though_the_answer_was_lost(
    url: PostgresUrl, monkeypatch: pytest.MonkeyPatch, command: str, afterwards: Any
) -> None:
    async def story() -> None:
        async with opened(url) as repository:
            assert await create(repository, "first", afterwards)
            broken(monkeypatch, Breaking(command, done=True))
            assert (await create(repository, "lost", afterwards)).startswith("lost")
            found = await repository.read("Patient", "lost")
            assert found
            assert found.version == 1
            assert await create(repository, "lost", afterwards)  # goes on where it was: the next version

    asyncio.run(story())


@pytest.mark.parametrize(("command", "afterwards"), WAYS)
def test_what_was_not_committed_is_not_told(
    url: PostgresUrl, monkeypatch: pytest.MonkeyPatch, command: str, afterwards: Any
) -> None:
    async def story() -> None:
        async with opened(url) as repository:
            broken(monkeypatch, Breaking(command, done=False))
            with pytest.raises(Unavailable):
                await create(repository, "lost", afterwards)
            assert await repository.read("Patient", "lost") is None
            assert await create(repository, "lost", afterwards)

    asyncio.run(story())


def test_unknown_is_told_where_nobody_can_be_asked(url: PostgresUrl, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        async with opened(url) as repository:
            broken(monkeypatch, Breaking("INSERT INTO resource", done=True))
            monkeypatch.setattr(Session, "value", gone)
            monkeypatch.setattr("fhir_service.storage.postgres_outcome.SECONDS", 0.2)
            with pytest.raises(Uncertain):
                await create(repository, "lost")

    async def gone(session: Session, command: str) -> Any:
        raise Unavailable(command)

    asyncio.run(story())


def test_server_that_is_still_at_work_is_waited_for(url: PostgresUrl) -> None:
    async def story() -> None:
        async with (
            opened(url) as repository,
            repository._writers.session() as session,
            repository._writers.session() as other,
        ):

            async def waits() -> bool:
                return bool(await other.value(f"SELECT cardinality(pg_blocking_pids({session.pid}))"))

            await other.script("SELECT pg_advisory_lock(8)")
            asking = asyncio.create_task(session.script("SELECT pg_advisory_lock(8)"))
            await until_found(waits)
            looking = asyncio.create_task(was_written(repository._searchers.session, session.pid, Changes()))
            await asyncio.sleep(0.1)
            assert not looking.done()
            await other.script("SELECT pg_advisory_unlock(8)")
            assert await looking is True
            await asking

    asyncio.run(story())


def test_messages_and_deliveries_are_looked_for_as_well(url: PostgresUrl) -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    settled = Settled("m1", Answer(Verdict.APPLIED, "AA", b"AA", ()), at)
    sent = Outgoing("o1", "hl7v2", "RRI^I12", "DIPS|HUS", {}, "k", at)

    async def story() -> None:
        async with opened(url) as repository:

            async def is_there(changes: Changes) -> bool:
                return await was_written(repository._searchers.session, 0, changes)

            for changes in (Changes(received=(MESSAGE,)), Changes(settled=(settled,)), Changes(outgoing=(sent,))):
                assert not await is_there(changes)

                async def work(tx: Reads, changes: Changes = changes) -> tuple[None, Changes]:
                    return None, changes

                await repository.run(work)
                assert await is_there(changes)

    asyncio.run(story())


def test_work_that_is_broken_off_leaves_nothing_to_others(url: PostgresUrl) -> None:
    """A client hangs up while its work waits for a lock: its connection is not handed on in whatever state it is."""

    async def story() -> None:
        async with opened(url) as repository, repository._writers.session() as held:
            await held.script("BEGIN;SELECT pg_advisory_xact_lock(7)")
            for _ in range(20):
                async with repository._writers.session() as session:
                    waiting = asyncio.create_task(session.script("BEGIN;SELECT pg_advisory_xact_lock(7)"))
                    await asyncio.sleep(0.005)
                    waiting.cancel()
                    with pytest.raises(asyncio.CancelledError):
                        await waiting
                async with repository._writers.session() as session:
                    assert await session.value("SELECT 1") == 1
                    assert session.usable
            await held.script("ROLLBACK")

    asyncio.run(story())


def test_connection_that_the_server_just_ended_is_lost(url: PostgresUrl) -> None:  # SR-7
    """Its farewell may be read between two turns of the loop, before the connection is known to be closed."""

    async def story() -> None:
        async with opened(url) as repository, repository._writers.session() as session:

            async def confused(*_: Any) -> Any:
                raise asyncpg.InternalClientError("cannot switch to state 12")

            session.raw = SimpleNamespace(fetchval=confused, terminate=session.raw.terminate, is_closed=lambda: True)
            with pytest.raises(Lost):
                await session.value("SELECT 1")

    asyncio.run(story())
