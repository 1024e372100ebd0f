"""What a unit of work asks about persons and their resources: SR-14, decisions 27 and 35."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from fhir_service.storage.audit_changes import were
from fhir_service.storage.port import NOTHING, Changes, PersonJoin, Reads, Repository
from profiles import names
from tests.contract.database import Database, delete, next_write, put, search
from tests.contract.resources import condition, patient, plan, reference, resource, task

T = TypeVar("T")
FNR = (names.FNR, "15918512397")
DNR = (names.DNR, "55918512380")


async def asked(repository: Repository, question: Callable[[Reads], Awaitable[T]]) -> T:
    async def work(tx: Reads) -> tuple[T, Changes]:
        return await question(tx), NOTHING

    return await repository.run(work)


async def write(repository: Repository, changes: Changes) -> None:
    async def work(_: Reads) -> tuple[None, Changes]:
        return None, changes

    await repository.run(work)


def test_person_is_known_by_each_identifier(database: Database) -> None:
    async def story(repository: Repository) -> None:
        await write(repository, Changes(person_identifiers=((*FNR, "p1"), (*DNR, "p1"))))
        known = await asked(repository, lambda tx: tx.persons([FNR, DNR, (names.DNR, FNR[1])]))
        assert known == {FNR: "p1", DNR: "p1"}
        assert await asked(repository, lambda tx: tx.persons([])) == {}
        await write(repository, Changes(person_identifiers=((*DNR, "p2"),)))
        assert await asked(repository, lambda tx: tx.persons([DNR])) == {DNR: "p2"}

    database.run(story)


def test_get_many_leaves_unknown_out_and_shows_deleted(database: Database) -> None:
    async def story(repository: Repository) -> None:
        await put(repository, patient("a"), task("a"), task("b"))
        await delete(repository, "Task", "b")
        wanted = [("Patient", "a"), ("Task", "a"), ("Task", "b"), ("Task", "nobody"), ("Goal", "a")]
        found = await asked(repository, lambda tx: tx.get_many(wanted))
        assert {key: s.deleted for key, s in found.items()} == {
            ("Patient", "a"): False,
            ("Task", "a"): False,
            ("Task", "b"): True,
        }
        one = await asked(repository, lambda tx: tx.get("Task", "b"))
        assert one
        assert one.deleted
        assert await asked(repository, lambda tx: tx.get("Task", "nobody")) is None

    database.run(story)


def test_resources_are_known_by_type_and_identifier(database: Database) -> None:
    async def story(repository: Repository) -> None:
        same = [{"system": "urn:case", "value": "1"}]
        await put(repository, patient("a", FNR[1]), patient("b", FNR[1]), task("t", identifier=same))
        await put(repository, resource("ServiceRequest", "s", identifier=same), patient("gone", DNR[1]))
        await delete(repository, "Patient", "gone")
        wanted = [
            ("Patient", FNR),
            ("Patient", DNR),
            ("Patient", (names.DNR, FNR[1])),
            ("Task", ("urn:case", "1")),
            ("Goal", ("urn:case", "1")),
        ]
        found = await asked(repository, lambda tx: tx.by_identifiers(wanted))
        assert {key: [s.rid for s in rows] for key, rows in found.items()} == {
            ("Patient", FNR): ["a", "b"],
            ("Task", ("urn:case", "1")): ["t"],
        }
        assert await asked(repository, lambda tx: tx.by_identifiers([])) == {}

    database.run(story)


def test_resources_of_patients_and_of_persons(database: Database) -> None:
    async def story(repository: Repository) -> None:
        await put(
            repository, patient("a"), plan("plan-a", of="a"), condition("c-a", of="a"), task("t-a", of="a"), person="p1"
        )
        await put(repository, patient("b"), task("t-b", of="b"), task("gone", of="b"), person="p2")
        await put(repository, resource("Task", "group", **{"for": reference("Group/a")}))
        await delete(repository, "Task", "gone")
        types = ("Patient", "Task", "Condition", "Location")

        async def patients(tx: Reads) -> list[str]:
            return [s.rid for s in await tx.of_patients(["a", "b"], types)]

        async def persons(tx: Reads) -> list[str]:
            return [s.rid for s in await tx.of_persons(["p1", "p2"], types)]

        assert await asked(repository, patients) == ["a", "c-a", "t-a", "b", "t-b"]
        assert await asked(repository, persons) == ["a", "c-a", "t-a", "b", "t-b"]
        assert await asked(repository, lambda tx: tx.of_patients([], types)) == ()
        assert await asked(repository, lambda tx: tx.of_persons(["nobody"], types)) == ()

    database.run(story)


def test_join_takes_all_that_is_the_persons_and_nothing_else(database: Database) -> None:  # SR-14
    async def story(repository: Repository) -> None:
        mine = [patient("a"), plan("plan-a", of="a"), condition("c-a", of="a"), patient("a2"), task("t-a2", of="a2")]
        for _ in range(2):
            await put(repository, *mine, person="p1")
        await put(repository, patient("b"), task("t-b", of="b"), person="p2")
        several = [reference("Patient/a"), reference("Patient/b")]
        await put(repository, resource("Provenance", "both", target=several), person=None)
        joins = (PersonJoin("p1", "p9"), PersonJoin("nobody", "p9"))
        await write(repository, Changes(person_identifiers=((*FNR, "p1"), (*DNR, "p2"))))
        await write(repository, Changes(joins=joins))
        types = ("Patient", "CarePlan", "Condition", "Task", "Provenance")
        joined = await asked(repository, lambda tx: tx.of_persons(["p9"], types))
        assert [s.rid for s in joined] == ["a", "plan-a", "c-a", "a2", "t-a2"]
        assert await asked(repository, lambda tx: tx.of_persons(["p1"], types)) == ()
        stayed = await asked(repository, lambda tx: tx.of_persons(["p2"], types))
        assert [s.rid for s in stayed] == ["b", "t-b"]
        assert await asked(repository, lambda tx: tx.persons([FNR, DNR])) == {FNR: "p9", DNR: "p2"}
        old = await repository.vread("CarePlan", "plan-a", 1)
        assert old
        assert old.person_id == "p9"
        both = await repository.read("Provenance", "both")
        assert both
        assert both.person_id is None
        assert await search(repository, "Task", ("patient", "a2")) == ["t-a2"]

    database.run(story)


def test_join_takes_types_along_that_nobody_offers(database: Database) -> None:  # SR-14, decision 33
    async def story(repository: Repository) -> None:
        event = resource("AdverseEvent", "fall", subject=reference("Patient/a"), actuality="actual")
        weight = resource("Observation", "weight", subject=reference("Patient/a"), status="final")
        await put(repository, patient("a"), weight, event, person="p1")
        await delete(repository, "Observation", "weight")
        await write(repository, Changes(joins=(PersonJoin("p1", "p9"),)))
        of_new = await asked(repository, lambda tx: tx.of_persons(["p9"], ("Patient", "Observation", "AdverseEvent")))
        assert [s.rid for s in of_new] == ["a", "fall"]
        gone = await repository.read("Observation", "weight")
        assert gone
        assert (gone.deleted, gone.person_id) == (True, "p9")

    database.run(story)


def test_who_somebody_was_is_kept_by_the_join(database: Database) -> None:  # SR-14, decision 25
    async def story(repository: Repository) -> None:
        await write(repository, Changes(joins=(PersonJoin("p1", "p2"), PersonJoin("p2", "p3"))))
        await write(repository, Changes(joins=(PersonJoin("p9", "p3"),)))
        known = [await repository.ask(partial(were, [person])) for person in ("p3", "p2", "p1")]
        assert known == [{"p1", "p2", "p3", "p9"}, {"p1", "p2"}, {"p1"}]

    database.run(story)


def test_write_in_the_same_transaction_as_a_join_has_the_last_word(database: Database) -> None:
    async def story(repository: Repository) -> None:
        await put(repository, patient("a"), task("t"), person="p1")

        async def work(tx: Reads) -> tuple[None, Changes]:
            return None, Changes(writes=(await next_write(tx, patient("a"), "p2"),), joins=(PersonJoin("p1", "p2"),))

        await repository.run(work)
        found = await repository.read("Patient", "a")
        assert found
        assert (found.version, found.person_id) == (2, "p2")

    database.run(story)


def test_who_has_a_number_is_told_whether_a_patient_states_it_or_not(database: Database) -> None:
    async def story(repository: Repository) -> None:
        await write(repository, Changes(person_identifiers=((*FNR, "p1"), (*DNR, "p1"))))
        assert await asked(repository, lambda tx: tx.numbered(["p1", "p2"])) == {"p1"}
        assert await asked(repository, lambda tx: tx.numbered([])) == frozenset()

    database.run(story)
