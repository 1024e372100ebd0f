"""`_include`: what the matches of a page refer to, each once.  https://hl7.org/fhir/R4/search.html#include"""

from fhir_service.storage.port import Page, Repository
from tests.contract.database import Database, delete, put, query
from tests.contract.resources import patient, plan, reference, resource


def included(page: Page) -> set[str]:
    return {f"{s.rtype}/{s.rid}" for s in page.included}


async def story_of_two_plans(repository: Repository) -> None:
    await put(repository, patient("a"), patient("b"), resource("CareTeam", "t1"), resource("Goal", "g1"))
    await put(
        repository, plan("one", of="a", careTeam=[reference("CareTeam/t1")], goal=[reference("Goal/g1")]), person="a"
    )
    teams = [reference("CareTeam/t1"), reference("CareTeam/nowhere"), reference("http://elsewhere.example/CareTeam/t9")]
    await put(repository, plan("two", of="b", careTeam=teams), person="b")


def test_included_are_found_by_column_and_by_rows(database: Database) -> None:
    async def story(repository: Repository) -> None:
        await story_of_two_plans(repository)
        page = await repository.search(query("CarePlan", ("_include", "CarePlan:patient")))
        assert included(page) == {"Patient/a", "Patient/b"}
        assert len(page.matches) == 2
        page = await repository.search(query("CarePlan", ("_include", "CarePlan:care-team")))
        assert [f"{s.rtype}/{s.rid}" for s in page.included] == ["CareTeam/t1"]
        both = [("_include", "CarePlan:care-team"), ("_include", "CarePlan:goal"), ("_include", "CarePlan:patient")]
        page = await repository.search(query("CarePlan", ("patient", "Patient/a"), *both))
        assert included(page) == {"CareTeam/t1", "Goal/g1", "Patient/a"}
        assert all(s.body for s in page.included)

    database.run(story)


def test_only_what_the_page_refers_to_is_included(database: Database) -> None:
    async def story(repository: Repository) -> None:
        await story_of_two_plans(repository)
        page = await repository.search(query("CarePlan", ("_count", "1"), ("_include", "CarePlan:patient")))
        assert included(page) == {"Patient/b"}

    database.run(story)


def test_include_of_one_target_type_leaves_others(database: Database) -> None:
    async def story(repository: Repository) -> None:
        await put(repository, patient("a"), resource("Group", "g"))
        await put(repository, plan("one", of="a"), person="a")
        await put(repository, resource("CarePlan", "two", subject=reference("Group/g")))
        page = await repository.search(query("CarePlan", ("_include", "CarePlan:subject:Group")))
        assert included(page) == {"Group/g"}
        page = await repository.search(query("CarePlan", ("_include", "CarePlan:subject")))
        assert included(page) == {"Group/g", "Patient/a"}

    database.run(story)


def test_deleted_and_matched_resources_are_not_included(database: Database) -> None:
    async def story(repository: Repository) -> None:
        await put(
            repository,
            patient("a"),
            resource("Task", "whole"),
            resource("Task", "part", partOf=[reference("Task/whole")]),
        )
        await put(repository, plan("one", of="a"), person="a")
        await delete(repository, "Patient", "a")
        page = await repository.search(query("CarePlan", ("_include", "CarePlan:patient")))
        assert page.included == ()
        page = await repository.search(query("Task", ("_include", "Task:part-of")))
        assert (len(page.matches), page.included) == (2, ())

    database.run(story)
