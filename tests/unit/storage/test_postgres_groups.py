"""Works that come together are written by one statement, and none of them feels the others: decision 31."""

import asyncio
from typing import Any

import asyncpg
import pytest

from fhir_service.storage import postgres_groups
from fhir_service.storage.port import Changes, Reads, Unavailable, Write
from fhir_service.storage.postgres import PostgresRepository
from fhir_service.storage.postgres_url import PostgresUrl
from tests.contract.database import put, query
from tests.contract.resources import patient, plan, task
from tests.unit.storage.processes import tell

COMMITS = "SELECT count(DISTINCT xmin::text) FROM resource WHERE rtype = $1"
"""How many transactions wrote the current versions."""


async def commits(url: PostgresUrl, rtype: str) -> int:
    connection = await asyncpg.connect(url.dsn)
    try:
        return int(await connection.fetchval(COMMITS, rtype))
    finally:
        await connection.close()


async def versions(repository: PostgresRepository, rtype: str, rids: list[str]) -> list[int]:
    found = await asyncio.gather(*[repository.read(rtype, rid) for rid in rids])
    return [one.version if one else 0 for one in found]


def test_works_that_come_together_share_commits(url: PostgresUrl) -> None:
    rids = [f"p{n}" for n in range(40)]

    async def story(repository: PostgresRepository) -> None:
        for version in (1, 2):
            await asyncio.gather(*[put(repository, patient(rid)) for rid in rids])
            assert await versions(repository, "Patient", rids) == [version] * len(rids)
            assert await commits(url, "Patient") <= len(rids) // 2
        found = await repository.search(query("Patient", ("_count", "100")))
        assert {one.rid for one in found.matches} == set(rids)

    tell(url, story)


def test_index_rows_of_a_group_are_each_one_s_own(url: PostgresUrl) -> None:
    async def story(repository: PostgresRepository) -> None:
        for _ in range(2):
            await asyncio.gather(*[put(repository, task(f"t{n}", of=f"p{n}")) for n in range(20)])
            for n in range(20):
                found = await repository.search(query("Task", ("patient", f"Patient/p{n}")))
                assert [one.rid for one in found.matches] == [f"t{n}"]

    tell(url, story)


def test_work_that_fails_does_not_fail_its_group(url: PostgresUrl) -> None:
    async def gap(tx: Reads) -> tuple[None, Changes]:
        await tx.get("Patient", "ghost")  # so that it comes with the others
        return None, Changes(writes=(Write("Patient", "ghost", 7, tx.now, patient("ghost"), b"{}"),))

    async def story(repository: PostgresRepository) -> None:
        rids = [f"p{n}" for n in range(10)]
        await asyncio.gather(*[put(repository, patient(rid)) for rid in rids])
        works = [put(repository, patient(rid)) for rid in rids]
        *done, failed = await asyncio.gather(*works, repository.run(gap), return_exceptions=True)
        assert done == [None] * len(rids)
        assert isinstance(failed, Unavailable)
        assert await versions(repository, "Patient", [*rids, "ghost"]) == [2] * len(rids) + [0]

    tell(url, story)


def test_works_on_one_resource_come_one_after_the_other(url: PostgresUrl) -> None:
    async def story(repository: PostgresRepository) -> None:
        await put(repository, patient("one"))
        await asyncio.gather(*[put(repository, patient("one")) for _ in range(2)])
        assert await versions(repository, "Patient", ["one"]) == [3]

    tell(url, story)


def test_works_of_different_kinds_are_written_apart(url: PostgresUrl) -> None:
    async def story(repository: PostgresRepository) -> None:
        kinds: list[Any] = [patient("p"), task("t"), plan("c", status="completed")]
        await asyncio.gather(*[put(repository, one) for one in kinds])
        for one in kinds:
            assert await versions(repository, one["resourceType"], [one["id"]]) == [1]

    tell(url, story)


def test_group_has_no_more_writes_than_it_may(url: PostgresUrl, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_groups, "MOST_WRITES", 5)

    async def story(repository: PostgresRepository) -> None:
        await asyncio.gather(*[put(repository, patient(f"p{n}"), patient(f"q{n}")) for n in range(10)])
        assert await commits(url, "Patient") >= 5

    tell(url, story)


def test_those_who_wait_for_a_lock_keep_no_others_waiting(url: PostgresUrl) -> None:
    """As many statements as may be on their way wait for somebody at work elsewhere."""

    async def story(repository: PostgresRepository) -> None:
        rids = [f"p{n}" for n in range(postgres_groups.FLIGHTS)]
        await put(repository, *map(patient, rids))
        elsewhere = await asyncpg.connect(url.dsn)
        async with elsewhere.transaction():
            await elsewhere.execute("SELECT 1 FROM resource FOR UPDATE")
            stuck = []
            for rid in rids:
                stuck.append(asyncio.create_task(put(repository, patient(rid))))
                await asyncio.sleep(0.01)
            await put(repository, patient("other"))
            assert not any(one.done() for one in stuck)
        await elsewhere.close()
        await asyncio.gather(*stuck)
        assert await versions(repository, "Patient", [*rids, "other"]) == [2] * len(rids) + [1]

    tell(url, story)


def test_what_is_on_its_way_is_written_before_the_database_is_closed(url: PostgresUrl) -> None:
    async def leave(repository: PostgresRepository) -> None:
        await put(repository, patient("before"))
        works = [asyncio.create_task(put(repository, patient(f"p{n}"))) for n in range(5)]
        while not repository._groups._flights:
            await asyncio.sleep(0)
        for one in works:
            one.cancel()
        await asyncio.wait(works)

    async def look(repository: PostgresRepository) -> list[int]:
        return await versions(repository, "Patient", ["p0"])

    tell(url, leave)
    assert tell(url, look) in ([[1]], [[0]])


def test_who_does_not_wait_any_more_is_passed_over(url: PostgresUrl) -> None:
    async def story(repository: PostgresRepository) -> None:
        await put(repository, patient("before"))
        groups = repository._groups
        works = [asyncio.create_task(put(repository, patient(f"p{n}"))) for n in range(5)]
        while not groups._waiting:
            await asyncio.sleep(0)
        for one in works:
            one.cancel()
        await asyncio.wait(works)
        await put(repository, patient("after"))
        assert await versions(repository, "Patient", ["after", *(f"p{n}" for n in range(5))]) == [1] + [0] * 5

    tell(url, story)
