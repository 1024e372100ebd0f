"""INV-01 and INV-02 in the database: decision 35, SR-12, SR-13."""

import asyncio

import pytest

from fhir_service.storage.port import Changes, InForceConflict, PersonJoin, Reads, Repository, StorageError, Write
from tests.contract.database import Database, delete, next_write, put
from tests.contract.resources import patient, plan


def test_second_plan_of_a_person_is_refused(database: Database) -> None:  # SR-12
    async def story(repository: Repository) -> None:
        await put(repository, plan("one"), person="p1")
        with pytest.raises(InForceConflict):
            await put(repository, plan("two", of="arne-elsewhere"), person="p1")
        assert await repository.read("CarePlan", "two") is None
        await put(repository, plan("three"), person="p2")

    database.run(story)


@pytest.mark.parametrize("status", ["completed", "revoked", "entered-in-error"])
def test_plan_that_left_makes_room(database: Database, status: str) -> None:
    async def story(repository: Repository) -> None:
        await put(repository, plan("one"), person="p1")
        await put(repository, plan("one", status=status), person="p1")
        await put(repository, plan("two"), person="p1")
        with pytest.raises(InForceConflict):
            await put(repository, plan("one"), person="p1")

    database.run(story)


def test_deleted_plan_makes_room(database: Database) -> None:
    async def story(repository: Repository) -> None:
        await put(repository, plan("one"), person="p1")
        await delete(repository, "CarePlan", "one")
        await put(repository, plan("two"), person="p1")
        assert await repository.read("CarePlan", "two")

    database.run(story)


def test_plan_may_be_changed_while_in_force(database: Database) -> None:
    async def story(repository: Repository) -> None:
        for status in ("draft", "active", "on-hold"):
            await put(repository, plan("one", status=status), person="p1")
        now = await repository.read("CarePlan", "one")
        assert now
        assert now.version == 3

    database.run(story)


def test_one_transaction_swaps_the_plan_whichever_comes_first(database: Database) -> None:  # decision 31
    async def story(repository: Repository) -> None:
        await put(repository, plan("old"), person="p1")
        await put(repository, plan("new"), plan("old", status="completed"), person="p1")
        await put(repository, plan("new", status="revoked"), plan("newest"), person="p1")
        with pytest.raises(InForceConflict):
            await put(repository, plan("other"), person="p1")

    database.run(story)


def test_claim_without_a_person_is_refused(database: Database) -> None:
    async def story(repository: Repository) -> None:
        with pytest.raises(StorageError):
            await put(repository, plan("one"), person=None)
        assert await repository.read("CarePlan", "one") is None

    database.run(story)


def test_of_many_creators_one_a_person_succeeds(database: Database) -> None:  # SR-12
    persons, creators = 20, 10

    async def create(repository: Repository, person: int, attempt: int) -> bool:
        async def work(tx: Reads) -> tuple[None, Changes]:
            write = await next_write(tx, plan(f"p{person}-{attempt}"), f"person-{person}")
            return None, Changes(writes=(write,))

        try:
            await repository.run(work)
        except InForceConflict:
            return False
        return True

    async def story(repository: Repository) -> None:
        answers = await asyncio.gather(
            *[create(repository, person, attempt) for attempt in range(creators) for person in range(persons)]
        )
        assert sum(answers) == persons
        for person in range(persons):
            stored = [await repository.read("CarePlan", f"p{person}-{a}") for a in range(creators)]
            assert sum(s is not None for s in stored) == 1

    database.run(story)


def join(repository: Repository, person: str, to: str, *writes: Write) -> "asyncio.Future[None]":
    async def work(tx: Reads) -> tuple[None, Changes]:
        return None, Changes(joins=(PersonJoin(person, to),), writes=writes)

    return asyncio.ensure_future(repository.run(work))


def test_join_takes_the_place_in_force_along(database: Database) -> None:  # SR-14
    async def story(repository: Repository) -> None:
        await put(repository, patient("arne"), plan("one"), person="p1")
        await join(repository, "p1", "p2")
        with pytest.raises(InForceConflict):
            await put(repository, plan("two", of="other"), person="p2")
        with pytest.raises(InForceConflict):  # whoever still takes them for the person they were comes too late
            await put(repository, plan("three", of="other"), person="p1")

    database.run(story)


def test_join_with_a_person_with_a_plan_is_refused_whole(database: Database) -> None:  # SR-14
    async def story(repository: Repository) -> None:
        await put(repository, patient("arne"), plan("one"), person="p1")
        await put(repository, patient("bjarne"), plan("two", of="bjarne"), person="p2")
        with pytest.raises(InForceConflict):
            await join(repository, "p1", "p2")
        for rtype, rid in (("Patient", "arne"), ("CarePlan", "one")):
            there = await repository.read(rtype, rid)
            assert there
            assert there.person_id == "p1"

    database.run(story)


def test_join_and_end_of_one_plan_go_together(database: Database) -> None:  # SR-14, merge with two plans
    async def story(repository: Repository) -> None:
        await put(repository, patient("arne"), plan("one"), person="p1")
        await put(repository, patient("bjarne"), plan("two", of="bjarne"), person="p2")

        async def work(tx: Reads) -> tuple[None, Changes]:
            ended = await next_write(tx, plan("one", status="revoked"), "p2")
            return None, Changes(joins=(PersonJoin("p1", "p2"),), writes=(ended,))

        await repository.run(work)
        one = await repository.read("CarePlan", "one")
        assert one
        assert (one.person_id, one.version) == ("p2", 2)

    database.run(story)
