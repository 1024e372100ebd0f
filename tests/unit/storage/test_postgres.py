"""What is PostgreSQL's own about the repository: decisions 18, 21 and 31; the rest is in tests/contract."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import pytest
from sqlalchemy import bindparam, literal_column, select

from fhir_service.search import extract, parse
from fhir_service.storage import StaleSchema, is_current, migrate, open_repository
from fhir_service.storage.access import EVERYTHING, Access
from fhir_service.storage.port import NOTHING, Changes, Lock, Reads, StorageError, TooSlow, Unavailable, Write
from fhir_service.storage.postgres import PostgresRepository
from fhir_service.storage.postgres_connection import WRITES, connected
from fhir_service.storage.postgres_pool import Pool
from fhir_service.storage.postgres_url import PostgresUrl, postgres_url
from fhir_service.storage.prepared import prepare
from fhir_service.storage.steps import Steps
from tests import postgres
from tests.contract.database import HeldClock, next_write, put
from tests.contract.resources import patient, plan

T = TypeVar("T")
Story = Callable[[PostgresRepository], Awaitable[T]]
BASE = "http://127.0.0.1:8000/fhir"
EXTRACT = partial(extract, base_url=BASE)


@pytest.fixture
def url() -> Iterator[PostgresUrl]:
    with postgres.empty_database() as made:
        yield postgres_url(made)


def tell(url: PostgresUrl, *stories: Story[Any], **more: Any) -> list[Any]:
    """Each story to a repository of its own, all at once: several processes, as the database sees them."""

    async def told(story: Story[Any]) -> Any:
        options = {"extract": EXTRACT, "clock": HeldClock()} | more
        repository = PostgresRepository(url, **options)
        try:
            return await story(repository)
        finally:
            await repository.close()

    async def all_told() -> list[Any]:
        return list(await asyncio.gather(*map(told, stories)))

    return asyncio.run(all_told())


async def version_of(repository: PostgresRepository, rtype: str, rid: str) -> int:
    found = await repository.read(rtype, rid)
    assert found
    return found.version


# Connections


def test_connection_that_does_not_take_its_settings_is_refused(url: PostgresUrl) -> None:  # SR-2
    async def story() -> None:
        session = await connected(url, WRITES)
        assert await session.value("SHOW synchronous_commit") == "on"
        await session.close()
        with pytest.raises(StorageError, match="did not take its settings"):
            await connected(url, {"synchronous_commit": "true"})  # it says `on`, which is not what was asked for

    asyncio.run(story())


def test_every_pool_tells_its_settings(url: PostgresUrl) -> None:
    async def story(repository: PostgresRepository) -> None:
        writers, searchers, readers = repository.settings
        assert writers["synchronous_commit"] == "on"
        assert searchers["plan_cache_mode"] == "force_custom_plan"  # stack.md 5, trap 1
        assert searchers["default_transaction_read_only"] == readers["default_transaction_read_only"] == "on"

    tell(url, story)


def test_server_that_is_not_there_is_unavailable(tmp_path: Any) -> None:
    nowhere = postgres_url(f"postgresql://postgres@/none?host={tmp_path}")

    async def story(repository: PostgresRepository) -> None:
        for ask in (
            lambda: repository.read("Patient", "x"),
            lambda: repository.secret(),
            lambda: put(repository, patient("x")),
        ):
            with pytest.raises(Unavailable):
                await ask()
        assert not await repository.on_duty()

    tell(nowhere, story)


def test_database_that_is_not_there_is_unavailable(url: PostgresUrl) -> None:
    async def story(repository: PostgresRepository) -> None:
        with pytest.raises(Unavailable):
            await repository.read("Patient", "x")

    tell(postgres_url(url.dsn.replace("/test_", "/no_test_")), story)


def test_pool_hands_over_turns_in_order_and_gives_up_after_a_while(
    url: PostgresUrl, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        pool = Pool(url, WRITES, 1)
        order = []

        async def use(name: str) -> None:
            async with pool.session() as session:
                await session.script("SELECT 1")
                order.append(name)

        async with pool.session():
            tasks = [asyncio.create_task(use(name)) for name in "abc"]
            await asyncio.sleep(0)
            tasks[1].cancel()
            monkeypatch.setattr("fhir_service.storage.postgres_pool.WAIT_SECONDS", 0.01)
            with pytest.raises(Unavailable, match="busy"):
                await use("late")
        await asyncio.gather(*tasks, return_exceptions=True)
        assert order == ["a", "c"]
        await pool.close()
        with pytest.raises(Unavailable, match="closed"):
            await use("closed")

    asyncio.run(story())


def test_turn_that_is_given_to_one_who_left_goes_to_the_next(url: PostgresUrl) -> None:
    async def story() -> None:
        pool = Pool(url, WRITES, 1)

        async def use() -> None:
            async with pool.session():
                pass

        held = pool.session()
        await held.__aenter__()
        waiting = asyncio.create_task(use())
        await asyncio.sleep(0)
        await held.__aexit__(None, None, None)  # the turn is given here
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await asyncio.wait_for(use(), 5)
        await pool.close()

    asyncio.run(story())


def test_connection_that_broke_is_replaced(url: PostgresUrl) -> None:  # SR-7
    async def story() -> None:
        pool = Pool(url, WRITES, 2)
        async with pool.session() as session:
            pid = await session.value("SELECT pg_backend_pid()")
        async with pool.session() as session:
            assert await session.value("SELECT pg_backend_pid()") == pid  # the one used last first
            session.drop()
        async with pool.session() as session:
            assert await session.value("SELECT pg_backend_pid()") != pid
            await session.script("BEGIN")
        async with pool.session() as session:  # that one was left in a transaction
            assert not session.raw.is_in_transaction()
            await pool.close()
        assert session.raw.is_closed()

    asyncio.run(story())


def test_idle_connection_that_the_server_ended_is_an_error_of_one_call_at_most(url: PostgresUrl) -> None:
    kill = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{}'"
    name = url.dsn.partition("?")[0].rpartition("/")[2]

    async def told(repository: PostgresRepository) -> None:
        await put(repository, patient("arne"))
        await repository.read("Patient", "arne")
        await asyncio.to_thread(postgres.server().command, kill.format(name))
        await asyncio.sleep(0.05)
        assert await repository.read("Patient", "arne")  # it is known to be gone, and another one is made

    tell(url, told)


# Searches and reads


def test_search_that_takes_too_long_is_broken_off(url: PostgresUrl) -> None:  # decision 41
    slow = prepare(select(literal_column("pg_sleep(5)")))

    def asked() -> Steps[Any]:
        return (yield slow, {})

    async def story(repository: PostgresRepository) -> None:
        with pytest.raises(TooSlow):
            await repository.ask(asked)
        assert await repository.read("Patient", "x") is None

    tell(url, story, search_deadline=0.05)


def test_reads_that_come_together_are_asked_together(url: PostgresUrl) -> None:
    async def story(repository: PostgresRepository) -> None:
        await put(repository, *(patient(f"p{n}") for n in range(150)))
        asked = [f"p{n}" for n in range(150)] * 2 + ["none"]
        found = await asyncio.gather(*[repository.read("Patient", rid) for rid in asked])
        assert [f.rid if f else None for f in found] == [*asked[:-1], None]
        impatient = [asyncio.create_task(repository.read("Patient", "p1")) for _ in range(3)]
        await asyncio.sleep(0)
        impatient[0].cancel()
        others = await asyncio.gather(*impatient[1:])
        assert all(others)

    tell(url, story)


def test_reads_that_come_together_are_answered_by_what_each_may_see(url: PostgresUrl) -> None:  # SR-28
    def of(person: str) -> Access:
        return Access("own", condition, {"access_person": person})

    def condition(table: Any) -> Any:
        return table.c.person_id == bindparam("access_person")

    async def story(repository: PostgresRepository) -> None:
        await put(repository, patient("a"), person="pa")
        await put(repository, patient("b"), person="pb")
        wanted = [("a", of("pa")), ("a", of("pb")), ("b", of("pa")), ("b", of("pb")), ("a", EVERYTHING)]
        found = await asyncio.gather(*[repository.read("Patient", rid, access) for rid, access in wanted])
        assert [f is not None for f in found] == [True, False, False, True, True]

    tell(url, story)


# Writing


def test_work_that_meets_others_all_the_time_gives_up(url: PostgresUrl, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = []

    async def gap(tx: Reads) -> tuple[None, Changes]:
        tries.append(tx.now)
        return None, Changes(writes=(Write("Patient", "ghost", 7, tx.now, patient("ghost"), b"{}"),))

    async def story(repository: PostgresRepository) -> None:
        with pytest.raises(Unavailable, match="Others were at work"):
            await repository.run(gap)
        assert await repository.read("Patient", "ghost") is None

    tell(url, story)
    assert len(tries) == 4  # at most 3 re-runs


def test_version_is_later_than_the_one_before_whatever_the_clocks_say(url: PostgresUrl) -> None:  # SR-10
    ahead, behind = HeldClock(), HeldClock()
    ahead.move(hours=1)

    async def first(repository: PostgresRepository) -> datetime:
        await put(repository, patient("arne"))
        return (await repository.read("Patient", "arne")).updated  # type: ignore[union-attr]

    async def second(repository: PostgresRepository) -> datetime:
        repository._last = behind.now  # a process that began before the other one wrote
        await put(repository, patient("arne"))
        return (await repository.read("Patient", "arne")).updated  # type: ignore[union-attr]

    (before,) = tell(url, first, clock=ahead)
    (after,) = tell(url, second, clock=behind)
    assert after > before > behind.now


def test_resource_may_be_written_twice_in_one_transaction(url: PostgresUrl) -> None:
    async def twice(tx: Reads) -> tuple[None, Changes]:
        one = await next_write(tx, plan("one"), "p1")
        two = replace(one, version=2, body=b"second", updated=tx.now + timedelta(microseconds=1))
        return None, Changes(writes=(one, two))

    async def story(repository: PostgresRepository) -> None:
        await repository.run(twice)
        assert await version_of(repository, "CarePlan", "one") == 2
        before = await repository.vread("CarePlan", "one", 1)
        assert before
        assert before.body == b"CarePlan/one 1"
        found = await repository.search(_query("CarePlan", ("status", "active")))
        assert [s.body for s in found.matches] == [b"second"]

    tell(url, story)


def test_claim_without_a_person_is_refused(url: PostgresUrl) -> None:
    async def story(repository: PostgresRepository) -> None:
        with pytest.raises(StorageError, match="without a person"):
            await put(repository, plan("one"))

    tell(url, story)


def test_of_two_who_create_one_thing_the_second_sees_the_first(url: PostgresUrl) -> None:
    async def create(repository: PostgresRepository) -> bool:
        async def work(tx: Reads) -> tuple[bool, Changes]:
            found = await tx.matches(_query("Patient", ("identifier", "urn:x|1")))
            if found:
                return False, NOTHING
            rid = f"p{id(tx)}"
            one = patient(rid) | {"identifier": [{"system": "urn:x", "value": "1"}]}
            return True, Changes(writes=(await next_write(tx, one),))

        return await repository.run(work)

    assert sorted(tell(url, *[create] * 8)) == [False] * 7 + [True]


def test_what_is_referred_to_is_not_deleted_at_the_same_time(url: PostgresUrl) -> None:
    """Either the reference is refused or the deletion, in whatever order they come."""

    async def refer(repository: PostgresRepository) -> bool:
        async def work(tx: Reads) -> tuple[bool, Changes]:
            there = await tx.get_many([("Patient", "arne")], lock=Lock.KEEP)
            if there["Patient", "arne"].deleted:
                return False, NOTHING
            return True, Changes(writes=(await next_write(tx, plan(f"c{id(tx)}", status="completed")),))

        return await repository.run(work)

    async def delete(repository: PostgresRepository) -> bool:
        async def work(tx: Reads) -> tuple[bool, Changes]:
            there = await tx.get_many([("Patient", "arne")], lock=Lock.TAKE)
            if await tx.referrers([("Patient", "arne")], 1):
                return False, NOTHING
            before = there["Patient", "arne"]
            gone = Write("Patient", "arne", before.version + 1, tx.now, None, b"")
            return True, Changes(writes=(gone,))

        return await repository.run(work)

    tell(url, lambda repository: put(repository, patient("arne")))
    *referred, deleted = tell(url, refer, refer, refer, delete)
    assert deleted is not any(referred)


def test_work_sees_one_version_of_a_thing(url: PostgresUrl) -> None:
    seen = []

    async def story(repository: PostgresRepository) -> None:
        await put(repository, patient("arne"))

        async def work(tx: Reads) -> tuple[None, Changes]:
            first = await tx.get("Patient", "arne")
            if len(seen) == 0:
                await_other.append(asyncio.create_task(put(repository, patient("arne"))))
            for _ in range(30):
                await tx.get("Patient", "none")
            second = (await tx.get_many([("Patient", "arne"), ("Patient", "x")]))["Patient", "arne"]
            assert first
            seen.append((first.version, second.version))
            return None, NOTHING

        await_other: list[asyncio.Task[None]] = []
        await repository.run(work)
        await asyncio.gather(*await_other)

    tell(url, story)
    assert all(first == second for first, second in seen)


def test_key_of_the_installation_is_the_same_for_all(url: PostgresUrl) -> None:  # decision 39
    keys = set(tell(url, *[lambda repository: repository.secret()] * 8))
    assert len(keys) == 1
    assert len(keys.pop()) == 32


# Duty


def test_one_has_the_duty_and_another_takes_it_up(url: PostgresUrl) -> None:
    async def story() -> None:
        one, other = (PostgresRepository(url, extract=EXTRACT, clock=HeldClock()) for _ in range(2))
        assert [await one.on_duty(), await other.on_duty(), await one.on_duty()] == [True, False, True]
        name = url.dsn.partition("?")[0].rpartition("/")[2]
        holder = "SELECT count(pg_terminate_backend(pid)) FROM pg_locks WHERE locktype = 'advisory' AND database = "
        ours = "(SELECT oid FROM pg_database WHERE datname = current_database())"
        assert await asyncio.to_thread(postgres.server().command, holder + ours, name) == 1
        assert not await one.on_duty()
        assert await other.on_duty()
        assert not await one.on_duty()
        await other.close()
        assert await one.on_duty()
        await one.close()

    asyncio.run(story())


def test_table_that_doubled_is_counted(url: PostgresUrl) -> None:
    async def story(repository: PostgresRepository) -> None:
        assert await repository.on_duty()
        await put(repository, *(patient(f"p{n}") for n in range(600)))
        name = url.dsn.partition("?")[0].rpartition("/")[2]
        counted = "SELECT analyze_count FROM pg_stat_user_tables WHERE relname = 'resource'"
        before = await asyncio.to_thread(postgres.server().command, counted, name)
        for _ in range(50):
            await asyncio.sleep(0.2)
            await put(repository, patient("late"))  # the server hears of it when something happens a second later
            await repository.on_duty()
            if await asyncio.to_thread(postgres.server().command, counted, name) > before:
                return
        raise AssertionError("not counted")

    tell(url, story)


# Schema


def test_several_may_migrate_at_once() -> None:
    server = postgres.server()
    server.command("CREATE DATABASE unmigrated")
    url = server.url("unmigrated")
    try:
        assert not is_current(url)
        with pytest.raises(StaleSchema, match="knutepunkt migrate"):
            open_repository(url, base_url=BASE, clock=lambda: datetime.now(UTC))

        async def at_once() -> None:
            await asyncio.gather(*[asyncio.to_thread(migrate, url) for _ in range(3)])

        asyncio.run(at_once())
        assert is_current(url)
    finally:
        server.command("DROP DATABASE unmigrated WITH (FORCE)")


def _query(rtype: str, *params: tuple[str, str]) -> Any:
    return parse(rtype, params, base_url=BASE).query
