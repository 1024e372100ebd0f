"""Searches over several types, and within compartments.  https://hl7.org/fhir/R4/http.html#search"""

from fhir_service.search import parse
from fhir_service.search.query import Cursor, SearchQuery
from fhir_service.storage.port import Page, Repository
from tests.contract.database import BASE_URL, Database, delete, put
from tests.contract.resources import condition, patient, reference, resource, task


def asked(*params: tuple[str, str], of: tuple[str, str] | None = None, after: Cursor | None = None) -> SearchQuery:
    parsed = parse(None, params, base_url=BASE_URL, compartment=of, after=after)
    assert parsed.query, parsed.issues
    return parsed.query


def named(page: Page) -> list[str]:
    return [f"{s.rtype}/{s.rid}" for s in page.matches]


async def all_pages(repository: Repository, *params: tuple[str, str], of: tuple[str, str] | None = None) -> list[str]:
    found: list[str] = []
    after: Cursor | None = None
    while True:
        page = await repository.search(asked(*params, of=of, after=after))
        found += named(page)
        if page.following is None:
            return found
        after = Cursor(*page.following)


async def story(repository: Repository) -> None:
    await put(repository, patient("arne"), patient("berit"))
    for i in range(3):
        await put(repository, task(f"t{i}"), condition(f"c{i}", of="berit"))
    await put(repository, resource("Goal", "t1", lifecycleStatus="active", subject=reference("Patient/arne")))
    await put(repository, resource("Flag", "gone", status="active", subject=reference("Patient/arne")))
    await delete(repository, "Flag", "gone")


NEWEST = [
    "Goal/t1", "Condition/c2", "Task/t2", "Condition/c1", "Task/t1", "Condition/c0", "Task/t0",
    "Patient/berit", "Patient/arne",
]  # fmt: skip


def test_pages_over_types_are_in_one_order(database: Database) -> None:
    async def told(repository: Repository) -> None:
        await story(repository)
        for count in ("1", "2", "4", "50"):
            assert await all_pages(repository, ("_lastUpdated", "ge2000"), ("_count", count)) == NEWEST
            types = ("_type", "Task,Goal,Condition")
            assert await all_pages(repository, types, ("_count", count)) == NEWEST[:7]
            assert await all_pages(repository, types, ("_sort", "_lastUpdated"), ("_count", count)) == [
                *["Condition/c0", "Task/t0", "Condition/c1", "Task/t1", "Condition/c2", "Task/t2", "Goal/t1"]
            ]
            by_id = await all_pages(repository, types, ("_sort", "-_id"), ("_count", count))
            assert by_id == ["Task/t2", "Goal/t1", "Task/t1", "Task/t0", "Condition/c2", "Condition/c1", "Condition/c0"]

    database.run(told)


def test_total_counts_all_types(database: Database) -> None:
    async def told(repository: Repository) -> None:
        await story(repository)
        page = await repository.search(asked(("_type", "Task,Condition"), ("_count", "2"), ("_total", "accurate")))
        assert (named(page), page.total) == (["Condition/c2", "Task/t2"], 6)
        page = await repository.search(asked(("_type", "Task,Goal"), ("_id", "t1"), ("_count", "0")))
        assert (page.matches, page.total) == ((), 2)

    database.run(told)


def test_compartment_has_what_names_its_resource(database: Database) -> None:
    async def told(repository: Repository) -> None:
        await story(repository)
        performer = [{"individual": reference("Patient/arne")}]
        await put(repository, resource("Encounter", "e", status="planned", participant=performer))
        await put(repository, resource("Account", "other", status="active", subject=[reference("Patient/arne")]))
        found = await all_pages(repository, ("_count", "2"), of=("Patient", "arne"))
        assert set(found) >= {"Goal/t1", "Task/t0", "Task/t1", "Task/t2", "Account/other"} - {
            "Task/t0",
            "Task/t1",
            "Task/t2",
        }
        assert "Condition/c0" not in found
        assert len(found) == len(set(found))
        both = await all_pages(repository, ("_type", "Condition,Goal"), of=("Patient", "berit"))
        assert both == ["Condition/c2", "Condition/c1", "Condition/c0"]

    database.run(told)


def test_includes_come_along_whatever_the_type(database: Database) -> None:
    async def told(repository: Repository) -> None:
        await story(repository)
        params = [
            ("_type", "Task,Condition"),
            ("_count", "2"),
            ("_include", "Task:patient"),
            ("_include", "Condition:patient"),
        ]
        page = await repository.search(asked(*params))
        assert {f"{s.rtype}/{s.rid}" for s in page.included} == {"Patient/arne", "Patient/berit"}

    database.run(told)
