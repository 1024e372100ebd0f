"""What is PostgreSQL's own about the repository: decisions 18, 21 and 31; the rest is in tests/contract."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import BigInteger, bindparam, literal_column, select

from fhir_service.search import parse
from fhir_service.storage import StaleSchema, is_current, migrate, open_repository
from fhir_service.storage.access import EVERYTHING, Access
from fhir_service.storage.port import NOTHING, Changes, Lock, Reads, StorageError, TooSlow, Unavailable, Write
from fhir_service.storage.postgres import PostgresRepository
from fhir_service.storage.postgres_url import PostgresUrl
from fhir_service.storage.prepared import prepare
from fhir_service.storage.sighted import HangsOn
from fhir_service.storage.steps import Steps
from tests import postgres
from tests.contract.database import BASE_URL, HeldClock, next_write, put, query
from tests.contract.resources import patient, plan, resource
from tests.unit.storage.processes import EXTRACT, tell
from tests.waiting import GUARD, until_found


async def version_of(repository: PostgresRepository, rtype: str, rid: str) -> int:
    found = await repository.read(rtype, rid)
    assert found
    return found.version


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


def test_statements_of_a_search_have_one_deadline_together(url: PostgresUrl) -> None:  # SR-8
    slow = prepare(select(literal_column("pg_sleep(0.1)")))
    put_to_it: list[None] = []

    def asked() -> Steps[Any]:
        while True:
            put_to_it.append(None)
            yield slow, {}

    async def looking(views: Any, answer: None) -> None:
        while True:
            await views.search(query("Patient", ("family", "x")))

    async def story(repository: PostgresRepository) -> None:
        with pytest.raises(TooSlow):
            await repository.ask(asked)
        with pytest.raises(TooSlow):
            await repository.run(writing, looking)
        assert await repository.read("Patient", "one") is None

    async def writing(tx: Reads) -> tuple[None, Changes]:
        return None, Changes(writes=(await next_write(tx, patient("one")),))

    tell(url, story, search_deadline=0.25)
    assert len(put_to_it) <= 4


def test_waiting_for_a_connection_counts_as_searching(url: PostgresUrl) -> None:  # SR-8
    slow = prepare(select(literal_column("pg_sleep(60)")))
    put_to_it: list[None] = []

    def asked() -> Steps[Any]:
        put_to_it.append(None)
        return (yield slow, {})

    async def story(repository: PostgresRepository) -> None:
        found = await asyncio.gather(*[repository.ask(asked) for _ in range(60)], return_exceptions=True)
        assert len(put_to_it) < 60  # one after the other, all would have had their turn
        assert all(isinstance(one, Unavailable) for one in found)
        assert await repository.read("Patient", "x") is None

    tell(url, story, search_deadline=0.5)


def test_searches_of_a_work_have_one_deadline_together(url: PostgresUrl) -> None:  # SR-8
    async def asking(tx: Reads) -> tuple[None, Changes]:
        while True:
            await tx.matches(query("Patient", ("family", "x")))

    async def story(repository: PostgresRepository) -> None:
        async with asyncio.timeout(GUARD):
            with pytest.raises(TooSlow):
                await repository.run(asking)

    tell(url, story, search_deadline=0.1)


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


def test_reads_of_one_caller_are_answered_by_what_is_open_when_the_last_of_them_asked(url: PostgresUrl) -> None:
    """SR-27: what was withdrawn meanwhile is not told, and what was not asked for yet cannot have been promised."""

    def at(now: int) -> Access:
        return Access("until", lambda table: bindparam("access_now", type_=BigInteger()) < 2, {"access_now": now})

    async def story(repository: PostgresRepository) -> None:
        await put(repository, *(patient(rid) for rid in "abc"))
        for nows, expected in (((1, 1, 1), 3), ((1, 1, 2), 0)):
            wanted = list(zip("abc", map(at, nows), strict=True))
            found = await asyncio.gather(*[repository.read("Patient", *one) for one in wanted])
            assert sum(one is not None for one in found) == expected
            asked = [repository.sighted("Patient", [rid], access, HangsOn()) for rid, access in wanted]
            assert sum(len(one) for one in await asyncio.gather(*asked)) == expected

    tell(url, story)


def test_reads_with_what_they_hang_on_are_asked_together(url: PostgresUrl) -> None:
    async def story(repository: PostgresRepository) -> None:
        await put(repository, *(patient(f"p{n}") for n in range(150)), resource("Goal", "p1"))
        together = await repository.sighted("Patient", [f"p{n}" for n in range(150)] + ["none"], EVERYTHING, HangsOn())
        assert [one.stored.rid for one in together] == [f"p{n}" for n in range(150)]
        kinds = (("Goal", HangsOn()), ("Patient", HangsOn()), ("Patient", HangsOn(own=("Goal",))))
        asked = [repository.sighted(rtype, ["p1"], EVERYTHING, on) for rtype, on in kinds]
        found = [(one.stored.rtype, len(one.beside)) for (one,) in await asyncio.gather(*asked)]
        assert found == [("Goal", 0), ("Patient", 0), ("Patient", 1)]

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
        two = msgspec.structs.replace(one, version=2, body=b"second", updated=tx.now + timedelta(microseconds=1))
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


def test_work_that_looks_at_an_earlier_version_is_done_once(url: PostgresUrl) -> None:
    tries = []

    async def work(tx: Any) -> tuple[tuple[int, int], Changes]:
        tries.append(tx.now)
        now = await tx.get("Patient", "arne")
        before = await tx.vread("Patient", "arne", 1)
        assert now
        assert before
        return (now.version, before.version), NOTHING

    async def story(repository: PostgresRepository) -> None:
        await put(repository, patient("arne"))
        await put(repository, patient("arne"))
        assert await repository.run(work) == (2, 1)

    tell(url, story)
    assert len(tries) == 1


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


def test_all_who_ask_at_once_learn_that_the_duty_is_ours(url: PostgresUrl) -> None:
    async def story(repository: PostgresRepository) -> None:
        assert await asyncio.gather(*[repository.on_duty() for _ in range(8)]) == [True] * 8
        name = url.dsn.partition("?")[0].rpartition("/")[2]
        connected = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert await asyncio.to_thread(postgres.server().command, connected, name) == 1

    tell(url, story)


def test_table_that_doubled_is_counted(url: PostgresUrl) -> None:
    async def story(repository: PostgresRepository) -> None:
        assert await repository.on_duty()
        await put(repository, *(patient(f"p{n}") for n in range(600)))
        name = url.dsn.partition("?")[0].rpartition("/")[2]
        counted = "SELECT analyze_count FROM pg_stat_user_tables WHERE relname = 'resource'"
        before = await asyncio.to_thread(postgres.server().command, counted, name)

        async def seen() -> bool:
            await put(repository, patient("late"))  # the server hears of it when something happens a second later
            await repository.on_duty()
            return await asyncio.to_thread(postgres.server().command, counted, name) > before

        await until_found(seen, pause=0.2)

    tell(url, story)


# Schema


def test_several_may_migrate_at_once() -> None:
    server = postgres.server()
    server.command("CREATE DATABASE unmigrated")
    url = server.url("unmigrated")
    try:
        assert not is_current(url)
        with pytest.raises(StaleSchema, match="knutepunkt migrate"):
            open_repository(url, base_url=BASE_URL, clock=lambda: datetime.now(UTC))

        async def at_once() -> None:
            await asyncio.gather(*[asyncio.to_thread(migrate, url) for _ in range(3)])

        asyncio.run(at_once())
        assert is_current(url)
    finally:
        server.command("DROP DATABASE unmigrated WITH (FORCE)")


def _query(rtype: str, *params: tuple[str, str]) -> Any:
    return parse(rtype, params, base_url=BASE_URL).query
