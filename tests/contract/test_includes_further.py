"""`_revinclude`, `:iterate`, `*`, target types and versions.  https://hl7.org/fhir/R4/search.html#revinclude"""

import json

import pytest

from fhir_service.storage import searching
from fhir_service.storage.port import Changes, Page, Reads, Repository, Write
from profiles.resource import Resource
from tests.contract.database import Database, delete, put, query
from tests.contract.resources import condition, patient, reference, resource, task


def included(page: Page) -> list[str]:
    return sorted(f"{s.rtype}/{s.rid}" for s in page.included)


async def story(repository: Repository) -> None:
    await put(
        repository,
        resource("Organization", "root"),
        resource("Organization", "mid", partOf=reference("Organization/root")),
        resource("Organization", "leaf", partOf=reference("Organization/mid")),
        patient("a", managingOrganization=reference("Organization/leaf")),
        patient("b"),
    )
    await put(repository, task("t1", of="a"), task("t2", of="a", partOf=[reference("Task/t1")]), task("t3", of="b"))
    await put(repository, condition("c", of="a", asserter=reference("Patient/b")))
    await put(repository, resource("Provenance", "p", target=[reference("Task/t1")], recorded="2026-01-01T00:00:00Z"))


def unit(rid: str, within: str = "Organization/none") -> Resource:
    return resource("Organization", rid, partOf=reference(within))


async def found(repository: Repository, rtype: str, *params: tuple[str, str]) -> Page:
    return await repository.search(query(rtype, *params))


def test_what_refers_to_the_matches_comes_along(database: Database) -> None:
    async def told(repository: Repository) -> None:
        await story(repository)
        one = ("_id", "a")
        tasks = ("_revinclude", "Task:patient")
        assert included(await found(repository, "Patient", one, tasks)) == ["Task/t1", "Task/t2"]
        both = [tasks, ("_revinclude", "Condition:subject"), ("_include", "Patient:organization")]
        page = await found(repository, "Patient", one, *both)
        assert included(page) == ["Condition/c", "Organization/leaf", "Task/t1", "Task/t2"]
        assert [m.rid for m in page.matches] == ["a"]
        page = await found(repository, "Task", ("_id", "t1"), ("_revinclude", "Provenance:target"))
        assert included(page) == ["Provenance/p"]
        page = await found(repository, "Patient", one, ("_revinclude:iterate", "Provenance:target"), tasks)
        assert included(page) == ["Provenance/p", "Task/t1", "Task/t2"]
        page = await found(repository, "Patient", one, ("_revinclude:iterate", "Task:focus:CarePlan"))
        assert included(page) == []
        page = await found(repository, "Task", ("patient", "a"), ("_revinclude", "Task:part-of"))
        assert (included(page), len(page.matches)) == ([], 2)

    database.run(told)


def test_star_means_every_reference(database: Database) -> None:
    async def told(repository: Repository) -> None:
        await story(repository)
        assert included(await found(repository, "Condition", ("_include", "*"))) == ["Patient/a", "Patient/b"]
        assert included(await found(repository, "Task", ("_id", "t2"), ("_include", "Task:*"))) == [
            "Patient/a",
            "Task/t1",
        ]
        page = await found(repository, "Patient", ("_id", "b"), ("_revinclude", "*"))
        assert included(page) == ["Condition/c", "Task/t3"]

    database.run(told)


def test_iterate_goes_on_from_what_was_included(database: Database) -> None:
    async def told(repository: Repository) -> None:
        await story(repository)
        one = ("_id", "t2")
        once = [("_include", "Task:patient"), ("_include:iterate", "Patient:organization")]
        assert included(await found(repository, "Task", one, *once)) == ["Organization/leaf", "Patient/a"]
        all_the_way = [*once, ("_include:iterate", "Organization:partof")]
        page = await found(repository, "Task", one, *all_the_way)
        assert included(page) == ["Organization/leaf", "Organization/mid", "Organization/root", "Patient/a"]
        assert not page.cut
        back = [("_revinclude:iterate", "Organization:partof"), ("_revinclude:iterate", "Patient:organization")]
        page = await found(repository, "Organization", ("_id", "root"), *back)
        assert included(page) == ["Organization/leaf", "Organization/mid", "Patient/a"]

    database.run(told)


def test_circles_come_to_an_end(database: Database) -> None:
    async def told(repository: Repository) -> None:
        await put(repository, *[task(f"t{i}", partOf=[reference(f"Task/t{(i + 1) % 5}")]) for i in range(5)])
        page = await found(repository, "Task", ("_id", "t0"), ("_include:iterate", "Task:part-of"))
        assert (included(page), page.cut) == (["Task/t1", "Task/t2", "Task/t3", "Task/t4"], False)

    database.run(told)


def test_more_than_one_page_may_bring_is_told(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:  # SR-8
    monkeypatch.setattr(searching, "MOST_INCLUDED", 4)
    monkeypatch.setattr(searching, "DEEPEST", 3)

    async def told(repository: Repository) -> None:
        await put(repository, patient("a"), *[task(f"t{i}", of="a") for i in range(4)])
        page = await found(repository, "Patient", ("_revinclude", "Task:patient"))
        assert (len(page.included), page.cut) == (4, False)
        await put(repository, task("t4", of="a"))
        page = await found(repository, "Patient", ("_revinclude", "Task:patient"))
        assert (len(page.included), page.cut) == (4, True)
        await put(
            repository,
            *[resource("Organization", f"o{i}", partOf=reference(f"Organization/o{i + 1}")) for i in range(9)],
        )
        page = await found(repository, "Organization", ("_id", "o0"), ("_include:iterate", "Organization:partof"))
        assert (included(page), page.cut) == (["Organization/o1", "Organization/o2", "Organization/o3"], True)

    database.run(told)


async def put_as_sent(repository: Repository, sent: Resource) -> None:
    async def work(tx: Reads) -> tuple[None, Changes]:
        rtype, rid = sent["resourceType"], sent["id"]
        before = await tx.get(rtype, rid)
        version = before.version + 1 if before else 1
        return None, Changes(writes=(Write(rtype, rid, version, tx.now, sent, json.dumps(sent).encode()),))

    await repository.run(work)


def test_reference_to_a_version_brings_that_version(database: Database) -> None:
    async def told(repository: Repository) -> None:
        await put(
            repository, resource("Organization", "o"), resource("Organization", "now"), resource("Organization", "x")
        )
        await put(repository, resource("Organization", "o"), resource("Organization", "now"))
        await delete(repository, "Organization", "x")
        named = ("o/_history/1", "now", "x/_history/1", "now/_history/7")
        for rid, name in zip("abcd", named, strict=True):
            of = reference(f"Organization/{name}")
            await put_as_sent(repository, resource("Patient", rid, managingOrganization=of))
        page = await found(repository, "Patient", ("_include", "Patient:organization"))
        assert sorted((s.rid, s.version) for s in page.included) == [("now", 2), ("o", 1)]

    database.run(told)
