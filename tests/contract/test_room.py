"""A page has as many bodies as there is room for; the next one goes on where it stopped (SR-8)."""

from dataclasses import replace

import pytest

from fhir_service.search.query import ROOM, Cursor, SearchQuery, Sort, TypeSearch
from fhir_service.storage.bodies import first_that_fit
from fhir_service.storage.compiler import compile_page
from fhir_service.storage.pages import in_order
from fhir_service.storage.port import Changes, HistoryQuery, Page, Reads, Repository, Stored, Write
from fhir_service.storage.shape import shape_of
from fhir_service.storage.steps import Rows, Steps
from profiles.resource import Resource
from tests.contract.database import Database, delete, ids, next_write, put, query
from tests.contract.resources import condition, patient, plan, reference, resource, task

LENGTHS = (10, 3, 3, 3, 40, 1, 1, 12, 7, 25, 2)


async def sized(repository: Repository, *resources: tuple[Resource, int], person: str | None = None) -> None:
    """Write each as its next version, with a body of so many bytes, all in one transaction."""

    async def work(tx: Reads) -> tuple[None, Changes]:
        writes: list[Write] = []
        for one, length in resources:
            write = await next_write(tx, one, person)
            body = f"{write.rid}/{write.version} ".encode().ljust(length, b".")[:length]
            writes.append(Write(write.rtype, write.rid, write.version, write.updated, one, body, person_id=person))
        return None, Changes(writes=tuple(writes))

    await repository.run(work)


async def several(repository: Repository) -> None:
    for number, length in enumerate(LENGTHS):
        await sized(repository, (task(f"t{number}"), length))


async def all_pages(repository: Repository, asked: SearchQuery) -> list[Page]:
    found = [await repository.search(asked)]
    while found[-1].following is not None:
        found.append(await repository.search(replace(asked, after=Cursor(*found[-1].following))))
    return found


def lengths(stored: tuple[Stored, ...]) -> list[int]:
    return [len(one.body) for one in stored]


@pytest.mark.parametrize("count", [1, 3, 50])
@pytest.mark.parametrize("room", [0, 1, 12, 30, 60, ROOM])
@pytest.mark.parametrize(
    "params",
    [[], [("status", "requested")], [("subject", "Patient/arne"), ("_sort", "_id")], [("_sort", "-_id")]],
)
def test_pages_hold_what_there_is_room_for_and_everything_once(
    database: Database, params: list[tuple[str, str]], room: int, count: int
) -> None:
    async def story(repository: Repository) -> None:
        await several(repository)
        asked = replace(query("Task", *params), count=count)
        whole = (await repository.search(replace(asked, count=50))).matches
        found = await all_pages(repository, replace(asked, room=room))
        assert [one for page in found for one in page.matches] == list(whole)
        for page, following in zip(found, [*found[1:], None], strict=True):
            fits = sum(lengths(page.matches)) <= room or len(page.matches) == 1
            assert fits
            if following is not None and len(page.matches) < count:  # it did not end too early
                assert sum(lengths(page.matches)) + len(following.matches[0].body) > room

    database.run(story)


def test_pages_over_several_types_have_as_much_room(database: Database) -> None:
    async def story(repository: Repository) -> None:
        for number in range(5):
            await sized(repository, (task(f"t{number}"), 8), (condition(f"c{number}"), 9))
        among = (TypeSearch("Task"), TypeSearch("Condition"))
        asked = SearchQuery("", among=among, sort=(Sort("_id", None, descending=False),), room=20)
        found = await all_pages(repository, asked)
        assert [ids(page) for page in found] == [
            *(["c0", "c1"], ["c2", "c3"], ["c4", "t0"]),
            *(["t1", "t2"], ["t3", "t4"]),
        ]

    database.run(story)


@pytest.mark.parametrize("room", [0, 5, 12, 30, ROOM])
@pytest.mark.parametrize(("rtype", "rid"), [("Task", "a"), ("Task", None), (None, None)])
def test_pages_of_a_history_have_as_much_room(
    database: Database, rtype: str | None, rid: str | None, room: int
) -> None:
    async def story(repository: Repository) -> None:
        for length in (10, 3, 9, 4):
            await sized(repository, (task("a"), length))
            await sized(repository, (task("b"), length + 1), (condition("c"), 11))
        await delete(repository, "Task", "a")
        asked = HistoryQuery(rtype, rid, count=6)
        whole = (await repository.history(replace(asked, count=50))).versions
        assert len(whole) == {("Task", "a"): 5, ("Task", None): 9, (None, None): 13}[rtype, rid]
        pages = [await repository.history(replace(asked, room=room))]
        while pages[-1].following is not None:
            pages.append(await repository.history(replace(asked, room=room, after=pages[-1].following)))
        assert [one for page in pages for one in page.versions] == list(whole)
        assert all(sum(lengths(page.versions)) <= room or len(page.versions) == 1 for page in pages)
        assert len(pages) >= len(whole) / 6

    database.run(story)


def test_what_comes_along_has_the_room_that_is_left_and_a_quarter_in_any_case(database: Database) -> None:
    async def story(repository: Repository) -> None:
        await sized(repository, (patient("a"), 30), (patient("b"), 900), (patient("c"), 20))
        for number, of in enumerate("abc"):
            await sized(repository, (plan(f"p{number}", of=of, status="completed"), 40), person=of)
        asked = query("CarePlan", ("_include", "CarePlan:patient"))
        for room, expected, cut in (
            (ROOM, "abc", False),
            (1020 + 50, "abc", False),
            (1019, "ac", True),  # a large one does not keep others away
            (120 + 50, "ac", True),
            (120 + 49, "a", True),
            (120, "a", True),  # a quarter
            (119, "c", True),  # the plan of a is on the next page
        ):
            page = await repository.search(replace(asked, room=room))
            assert ("".join(sorted(s.rid for s in page.included)), page.cut) == (expected, cut), room
            assert all(s.body.startswith(f"{s.rid}/1".encode()) for s in page.included)

    database.run(story)


def test_a_named_version_that_is_too_long_is_left_out_and_told(database: Database) -> None:
    async def story(repository: Repository) -> None:
        for length in (200, 30):
            await sized(repository, (resource("Goal", "g"), length))
        await put(repository, resource("Goal", "h"))
        body = b'{"goal":[{"reference":"Goal/g/_history/1"},{"reference":"Goal/h"}]}'
        named = plan("p", status="completed", goal=[reference("Goal/g/_history/1"), reference("Goal/h")])

        async def work(tx: Reads) -> tuple[None, Changes]:
            return None, Changes(writes=(Write("CarePlan", "p", 1, tx.now, named, body, person_id="x"),))

        await repository.run(work)
        asked = query("CarePlan", ("_include", "CarePlan:goal"))
        page = await repository.search(asked)
        assert {(s.rid, s.version) for s in page.included} == {("g", 1), ("h", 1)}
        assert not page.cut
        page = await repository.search(replace(asked, room=len(body) + 100))
        assert {(s.rid, s.version) for s in page.included} == {("h", 1)}
        assert page.cut

    database.run(story)


def test_bodies_are_those_of_the_versions_found_whatever_is_written_meanwhile(database: Database) -> None:
    async def story(repository: Repository) -> None:
        await several(repository)
        asked = replace(query("Task"), room=0)
        shape, bound = shape_of(asked)

        def rows() -> Steps[Rows]:
            return in_order(shape, (yield compile_page(shape), {**bound, "small": 2}))

        found = await repository.ask(rows)
        assert [row[4] is None for row in found] == [length > 2 for length in reversed(LENGTHS)]
        await sized(repository, (task("t0"), 99), (task("t3"), 99))
        await sized(repository, (task("t3"), 98))
        await delete(repository, "Task", "t4")
        whole = await repository.ask(lambda: first_that_fit(found, ROOM))
        assert [len(row[4]) for row in whole] == list(reversed(LENGTHS))
        assert [row[4][:4] for row in whole if len(row[4]) > 10] == [b"t9/1", b"t7/1", b"t4/1"]
        assert [tuple(row[:4]) for row in whole] == [tuple(row[:4]) for row in found]

    database.run(story)


def test_what_is_counted_is_never_cut_short(database: Database) -> None:
    """A conditional interaction has to know whether there is a second one (SR-19)."""

    async def story(repository: Repository) -> None:
        await several(repository)
        asked = replace(query("Task"), room=1, count=5)

        async def work(tx: Reads) -> tuple[list[str], Changes]:
            return [one.rid for one in await tx.matches(asked)], Changes()

        assert await repository.run(work) == ["t10", "t9", "t8", "t7", "t6"]

    database.run(story)
