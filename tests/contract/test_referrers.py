"""Who refers to a resource: referential integrity asks before it deletes."""

from fhir_service.storage.port import Changes, Reads, Repository
from tests.contract.database import Database, delete, put
from tests.contract.resources import condition, patient, reference, resource, task

NONE: frozenset[str] = frozenset()


def test_referrers_are_found_by_column_and_by_rows(database: Database) -> None:
    async def told(repository: Repository) -> None:
        async def asked(
            *targets: tuple[str, str], limit: int = 10, apart_from: frozenset[str] = NONE
        ) -> set[tuple[str, str]]:
            async def work(tx: Reads) -> tuple[set[tuple[str, str]], Changes]:
                return set(await tx.referrers(targets, limit, apart_from)), Changes()

            return await repository.run(work)

        await put(repository, patient("a"), patient("b"), resource("Group", "a", type="person", actual=True))
        await put(repository, task("t", of="a"), condition("c", of="a"), task("other", of="b"))
        target = [reference("Patient/a"), reference("Task/t")]
        await put(repository, resource("Provenance", "p", target=target, recorded="2026-01-01T00:00:00Z"))
        found = {("Task", "t"), ("Condition", "c"), ("Provenance", "p")}
        assert await asked(("Patient", "a")) == found
        assert await asked(("Patient", "a"), apart_from=frozenset({"Provenance"})) == found - {("Provenance", "p")}
        assert await asked(("Patient", "a"), apart_from=frozenset({"Task"})) == found - {("Task", "t")}
        assert await asked(("Patient", "a"), ("Patient", "b"), ("Task", "t")) == {*found, ("Task", "other")}
        assert len(await asked(("Patient", "a"), ("Patient", "b"), limit=2)) == 2
        assert await asked(("Group", "a")) == set()
        assert await asked(("Task", "t")) == {("Provenance", "p")}
        await delete(repository, "Provenance", "p")
        await put(repository, task("t", of="b"))
        assert await asked(("Task", "t")) == set()
        assert await asked(("Patient", "a")) == {("Condition", "c")}
        assert await asked() == set()

    database.run(told)


def test_our_own_parameters_refer_too(database: Database) -> None:
    async def told(repository: Repository) -> None:
        async def work(tx: Reads) -> tuple[tuple[tuple[str, str], ...], Changes]:
            return await tx.referrers([("Organization", "o")], 10), Changes()

        await put(repository, resource("Organization", "o"))
        await put(repository, task("t", owner=reference("Organization/o")))
        assert await repository.run(work) == (("Task", "t"),)

    database.run(told)
