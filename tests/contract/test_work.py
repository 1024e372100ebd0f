"""`repo.run(work)`: decision 31, SR-1, SR-15."""

import asyncio
from datetime import datetime, timedelta

import pytest

from fhir_service.storage.port import NOTHING, Changes, Reads, Repository, StorageError, TooMuch, Write
from tests.contract.database import Database, next_write, put, query
from tests.contract.resources import patient


async def add_one(repository: Repository, rid: str) -> int:
    """Read the version, write the next one; the answer is its number."""

    async def work(tx: Reads) -> tuple[int, Changes]:
        write = await next_write(tx, patient(rid))
        return write.version, Changes(writes=(write,))

    return await repository.run(work)


def test_answer_comes_after_commit(database: Database) -> None:  # SR-1
    async def story(repository: Repository) -> None:
        assert await add_one(repository, "arne") == 1
        assert await repository.read("Patient", "arne") is not None

    database.run(story)
    database.run(lambda repository: repository.read("Patient", "arne"))


def test_what_was_committed_is_there_after_reopening(database: Database) -> None:
    database.run(lambda repository: add_one(repository, "arne"))
    found = database.run(lambda repository: repository.read("Patient", "arne"))
    assert found
    assert (found.rid, found.version, found.body) == ("arne", 1, b"Patient/arne 1")


def test_a_work_with_too_much_to_be_found_by_is_cut_before_it_writes(database: Database) -> None:
    """SR-8: others do not wait for more than they have patience for."""

    async def endless(tx: Reads) -> tuple[None, Changes]:
        names = [{"family": f"f{n}"} for n in range(2000)]
        writes = [await next_write(tx, patient(f"p{n}", name=names)) for n in range(60)]
        return None, Changes(writes=tuple(writes))

    async def story(repository: Repository) -> None:
        results = await asyncio.gather(add_one(repository, "a"), repository.run(endless), return_exceptions=True)
        assert (results[0], type(results[1])) == (1, TooMuch)
        assert await repository.read("Patient", "p0") is None
        assert await add_one(repository, "a") == 2

    database.run(story)


def test_failing_work_writes_nothing_and_harms_no_neighbour(database: Database) -> None:
    class Refused(Exception):
        pass

    async def failing(tx: Reads) -> tuple[None, Changes]:
        await tx.get("Patient", "arne")
        raise Refused

    async def unlawful(tx: Reads) -> tuple[None, Changes]:
        good = await next_write(tx, patient("half"))
        gap = Write("Patient", "ghost", 7, tx.now, patient("ghost"), b"{}")
        return None, Changes(writes=(good, gap))

    async def story(repository: Repository) -> None:
        results = await asyncio.gather(
            add_one(repository, "before"),
            repository.run(failing),
            add_one(repository, "between"),
            repository.run(unlawful),
            add_one(repository, "after"),
            return_exceptions=True,
        )
        assert results[0] == results[2] == results[4] == 1
        assert isinstance(results[1], Refused)
        assert isinstance(results[3], StorageError)
        there = [await repository.read("Patient", rid) is not None for rid in ("before", "between", "after", "half")]
        assert there == [True, True, True, False]

    database.run(story)


def test_suspending_work_is_an_error_and_writes_nothing(database: Database) -> None:
    async def suspending(tx: Reads) -> tuple[None, Changes]:
        await asyncio.sleep(0)
        return None, Changes(writes=(await next_write(tx, patient("arne")),))

    async def story(repository: Repository) -> None:
        with pytest.raises(RuntimeError, match="decision 31"):
            await repository.run(suspending)
        assert await add_one(repository, "other") == 1
        assert await repository.read("Patient", "arne") is None

    database.run(story)


def test_work_without_changes_gives_its_answer(database: Database) -> None:
    async def asking(tx: Reads) -> tuple[str, Changes]:
        return "asked", NOTHING

    assert database.run(lambda repository: repository.run(asking)) == "asked"


def test_work_sees_what_earlier_works_of_its_group_wrote(database: Database) -> None:
    async def story(repository: Repository) -> None:
        versions = await asyncio.gather(*[add_one(repository, "arne") for _ in range(20)])
        assert sorted(versions) == list(range(1, 21))

    database.run(story)


def test_hundred_concurrent_writers_are_all_written(database: Database) -> None:
    async def story(repository: Repository) -> None:
        assert await asyncio.gather(*[add_one(repository, f"p{i}") for i in range(100)]) == [1] * 100
        found = [await repository.read("Patient", f"p{i}") for i in range(100)]
        assert all(found)

    database.run(story)


def test_of_hundred_writers_with_one_if_match_one_succeeds(database: Database) -> None:  # SR-15
    async def update(repository: Repository) -> bool:
        async def work(tx: Reads) -> tuple[bool, Changes]:
            before = await tx.get("Patient", "arne")
            assert before
            if before.version != 1:
                return False, NOTHING
            return True, Changes(writes=(await next_write(tx, patient("arne")),))

        return await repository.run(work)

    async def story(repository: Repository) -> None:
        await put(repository, patient("arne"))
        assert sum(await asyncio.gather(*[update(repository) for _ in range(100)])) == 1
        found = await repository.read("Patient", "arne")
        assert found
        assert found.version == 2

    database.run(story)


def test_now_grows_with_every_work_also_when_the_clock_stands_or_is_set_back(database: Database) -> None:  # SR-10
    async def instant(repository: Repository) -> datetime:
        async def work(tx: Reads) -> tuple[datetime, Changes]:
            assert tx.now == tx.now
            return tx.now, Changes(writes=(await next_write(tx, patient("arne")),))

        return await repository.run(work)

    async def story(repository: Repository) -> list[datetime]:
        seen = sorted(await asyncio.gather(*[instant(repository) for _ in range(5)]))
        database.clock.move(hours=-1)
        return [*seen, await instant(repository)]

    first = database.run(story)
    again = database.run(instant)
    assert [*first, again] == sorted({*first, again})
    assert first[0].utcoffset() == timedelta(0)


def test_caller_who_gives_up_does_not_hold_others(database: Database) -> None:
    async def story(repository: Repository) -> None:
        impatient = asyncio.create_task(add_one(repository, "impatient"))
        patient_one = asyncio.create_task(add_one(repository, "patient"))
        await asyncio.sleep(0)
        impatient.cancel()
        assert await patient_one == 1
        with pytest.raises(asyncio.CancelledError):
            await impatient

    database.run(story)


def test_reads_do_not_wait_for_writers_and_see_whole_commits(database: Database) -> None:
    async def both(tx: Reads) -> tuple[None, Changes]:
        return None, Changes(writes=(await next_write(tx, patient("a")), await next_write(tx, patient("b"))))

    async def story(repository: Repository) -> None:
        await repository.run(both)
        writers = [asyncio.create_task(repository.run(both)) for _ in range(50)]
        seen = []
        while not all(w.done() for w in writers):
            await asyncio.sleep(0)  # a short search on SQLite gives nobody else a turn
            page = await repository.search(query("Patient", ("_id", "a,b")))
            seen.append({match.version for match in page.matches})
        assert len(seen) > 0
        assert all(len(versions) == 1 for versions in seen)

    database.run(story)
