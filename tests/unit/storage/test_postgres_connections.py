"""Connections to PostgreSQL: their settings (SR-2), and how they are shared, lost and replaced (SR-7)."""

import asyncio
from typing import Any

import pytest

from fhir_service.storage.port import StorageError, Unavailable
from fhir_service.storage.postgres import PostgresRepository
from fhir_service.storage.postgres_connection import WRITES, connected
from fhir_service.storage.postgres_pool import Pool
from fhir_service.storage.postgres_url import PostgresUrl, postgres_url
from tests import postgres
from tests.contract.database import put
from tests.contract.resources import patient
from tests.unit.storage.processes import tell
from tests.waiting import GUARD, until_true


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
        writers, searchers, planned, readers = repository.settings
        assert writers["synchronous_commit"] == "on"
        assert searchers["plan_cache_mode"] == "force_custom_plan"  # stack.md 5, trap 1
        assert planned["plan_cache_mode"] == "force_generic_plan"
        assert {pool["default_transaction_read_only"] for pool in (searchers, planned, readers)} == {"on"}
        assert planned["statement_timeout"] == searchers["statement_timeout"] == "5000"

    tell(url, story, search_deadline=5.0)


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
        await asyncio.wait_for(use(), GUARD)
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
        held = [one for pool in repository._pools for one in pool._idle]
        assert held
        await until_true(lambda: all(one.raw.is_closed() for one in held))
        assert await repository.read("Patient", "arne")  # it is known to be gone, and another one is made

    tell(url, told)
