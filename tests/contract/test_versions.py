"""Create, update, delete, undelete; every version is kept."""

from decimal import Decimal

import pytest

from fhir_service.storage.port import Changes, Reads, Repository, StorageError, Write
from tests.contract.database import Database, delete, put, search
from tests.contract.resources import patient


def test_unknown_id_is_none(database: Database) -> None:
    async def story(repository: Repository) -> None:
        assert await repository.read("Patient", "nobody") is None
        assert await repository.vread("Patient", "nobody", 1) is None

    database.run(story)


def test_every_version_can_be_read(database: Database) -> None:
    async def story(repository: Repository) -> None:
        for _ in range(3):
            database.clock.move(minutes=1)
            await put(repository, patient("arne"))
        now = await repository.read("Patient", "arne")
        assert now
        assert (now.version, now.updated, now.deleted) == (3, database.clock.now, False)
        bodies = [(await repository.vread("Patient", "arne", v)) for v in (1, 2, 3, 4)]
        assert [b.body if b else None for b in bodies] == [
            b"Patient/arne 1",
            b"Patient/arne 2",
            b"Patient/arne 3",
            None,
        ]

    database.run(story)


def test_deleted_resource_is_read_as_deleted_and_not_found(database: Database) -> None:
    async def story(repository: Repository) -> None:
        await put(repository, patient("arne", gender="male"), person="p1")
        await delete(repository, "Patient", "arne")
        now = await repository.read("Patient", "arne")
        assert now
        assert (now.version, now.deleted, now.body, now.person_id) == (2, True, b"", "p1")
        gone = await repository.vread("Patient", "arne", 2)
        assert gone
        assert gone.deleted
        before = await repository.vread("Patient", "arne", 1)
        assert before
        assert before.body == b"Patient/arne 1"
        assert await search(repository, "Patient", ("gender", "male")) == []
        assert await search(repository, "Patient", ("_id", "arne")) == []
        assert await search(repository, "Patient") == []

    database.run(story)


def test_deleted_resource_comes_back_with_its_next_version(database: Database) -> None:
    async def story(repository: Repository) -> None:
        await put(repository, patient("arne", gender="male"))
        await delete(repository, "Patient", "arne")
        await put(repository, patient("arne", gender="male"))
        now = await repository.read("Patient", "arne")
        assert now
        assert (now.version, now.deleted) == (3, False)
        assert await search(repository, "Patient", ("gender", "male")) == ["arne"]

    database.run(story)


@pytest.mark.parametrize("version", [1, 3])
def test_version_that_does_not_follow_is_refused(database: Database, version: int) -> None:
    async def story(repository: Repository) -> None:
        await put(repository, patient("arne"))

        async def work(tx: Reads) -> tuple[None, Changes]:
            return None, Changes(writes=(Write("Patient", "arne", version, tx.now, patient("arne"), b"other"),))

        with pytest.raises(StorageError):
            await repository.run(work)
        now = await repository.read("Patient", "arne")
        assert now
        assert now.body == b"Patient/arne 1"

    database.run(story)


def test_clock_stays_until_a_write_brings_another(database: Database) -> None:
    clock = {"status": "2026-03-01T10:00:00Z", "cleared": ["period.end"], "weight": Decimal("1.10")}

    async def write(repository: Repository, version: int, remembered: dict[str, object] | None) -> None:
        async def work(tx: Reads) -> tuple[None, Changes]:
            write = Write("Patient", "arne", version, tx.now, patient("arne"), b"{}", clock=remembered)
            return None, Changes(writes=(write,))

        await repository.run(work)

    async def story(repository: Repository) -> None:
        await write(repository, 1, clock)
        await write(repository, 2, None)
        kept = await repository.read("Patient", "arne")
        assert kept
        assert kept.clock == clock
        then = await repository.vread("Patient", "arne", 2)
        assert then
        assert then.clock == clock
        await write(repository, 3, {})
        emptied = await repository.read("Patient", "arne")
        assert emptied
        assert emptied.clock == {}

    database.run(story)
