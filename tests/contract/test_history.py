"""Histories: both tables merged by time, page after page, under an access predicate (SR-15, SR-28)."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from sqlalchemy import bindparam

from fhir_service.search import microseconds
from fhir_service.storage.access import Access
from fhir_service.storage.port import HistoryPage, HistoryQuery, Repository
from tests.contract.database import Database, HeldClock, delete, put

Told = list[tuple[str, int]]
ONLY_P1 = Access("one person", lambda table: table.c.person_id == bindparam("access_person"), {"access_person": "p1"})


def told(page: HistoryPage) -> Told:
    return [(f"{v.rtype}/{v.rid}", v.version) for v in page.versions]


async def pages(
    repository: Repository, query: HistoryQuery, between: Callable[[], Awaitable[None]] | None = None
) -> list[Told]:
    """All pages; `between` is done before each page but the first."""
    found: list[Told] = []
    while True:
        page = await repository.history(query)
        found.append(told(page))
        if page.following is None:
            return found
        query = replace(query, after=page.following)
        if between:
            await between()


def patient(rid: str) -> dict[str, str]:
    return {"resourceType": "Patient", "id": rid}


def goal(rid: str) -> dict[str, str]:
    return {"resourceType": "Goal", "id": rid}


async def lives(repository: Repository, clock: HeldClock) -> None:
    """Patient/a: three versions; Patient/b: made and deleted; Goal/a: made between; a second lies between two."""
    await put(repository, patient("a"), person="p1")
    clock.move(seconds=1)
    await put(repository, patient("b"), person="p2")
    clock.move(seconds=1)
    await put(repository, goal("a"), person="p1")
    clock.move(seconds=1)
    await put(repository, patient("a"), person="p1")
    clock.move(seconds=1)
    await delete(repository, "Patient", "b")
    clock.move(seconds=1)
    await put(repository, patient("a"), person="p1")


def test_history_of_a_resource_has_its_versions_newest_first(database: Database) -> None:
    async def story(repository: Repository) -> None:
        await lives(repository, database.clock)
        page = await repository.history(HistoryQuery("Patient", "a"))
        assert told(page) == [("Patient/a", 3), ("Patient/a", 2), ("Patient/a", 1)]
        assert (page.total, page.following) == (3, None)
        assert page.versions[2].body == b"Patient/a 1"
        gone = await repository.history(HistoryQuery("Patient", "b"))
        assert [(v.version, v.deleted, v.body) for v in gone.versions] == [(2, True, b""), (1, False, b"Patient/b 1")]

    database.run(story)


def test_history_of_a_type_and_of_everything_is_by_time(database: Database) -> None:
    async def story(repository: Repository) -> None:
        await lives(repository, database.clock)
        patients = [("Patient/a", 3), ("Patient/b", 2), ("Patient/a", 2), ("Patient/b", 1), ("Patient/a", 1)]
        of_type = await repository.history(HistoryQuery("Patient"))
        assert (told(of_type), of_type.total) == (patients, 5)
        everything = await repository.history(HistoryQuery(None))
        assert (told(everything), everything.total) == ([*patients[:3], ("Goal/a", 1), *patients[3:]], 6)

    database.run(story)


def test_nothing_is_the_history_of_what_never_was(database: Database) -> None:
    async def story(repository: Repository) -> None:
        await lives(repository, database.clock)
        for query in (HistoryQuery("Patient", "never"), HistoryQuery("Task")):
            assert await repository.history(query) == HistoryPage((), None, 0)

    database.run(story)


def test_pages_neither_repeat_nor_skip_while_versions_are_written(database: Database) -> None:
    """What was current when the first page was read moves to the other table before the next one is."""

    async def story(repository: Repository) -> None:
        await put(repository, *(patient(f"{n}") for n in range(5)))  # all of one time
        await put(repository, patient("1"), patient("3"))
        for query in (HistoryQuery(None, count=2), HistoryQuery("Patient", count=2)):
            before = told(await repository.history(replace(query, count=100)))

            async def write() -> None:
                await put(repository, patient("0"), patient("1"), patient("new"))

            found = await pages(repository, query, write)
            assert [one for page in found for one in page] == before
            assert {len(page) for page in found[:-1]} == {2}

    database.run(story)


def test_total_counts_all_pages_and_only_where_it_is_asked_for(database: Database) -> None:
    async def story(repository: Repository) -> None:
        await lives(repository, database.clock)
        first = await repository.history(HistoryQuery(None, count=2))
        assert (len(first.versions), first.total) == (2, 6)
        later = await repository.history(HistoryQuery(None, count=2, after=first.following))
        assert later.total == 6
        assert (await repository.history(HistoryQuery(None, total=False))).total is None
        assert await repository.history(HistoryQuery(None, count=0)) == HistoryPage((), None, 6)

    database.run(story)


def test_since_leaves_out_what_is_older(database: Database) -> None:
    async def story(repository: Repository) -> None:
        await lives(repository, database.clock)
        everything = (await repository.history(HistoryQuery(None))).versions
        since = microseconds(everything[2].updated)
        page = await repository.history(HistoryQuery(None, since=since))
        assert (page.versions, page.total) == (everything[:3], 3)
        assert told(await repository.history(HistoryQuery("Patient", "a", since=since + 1))) == [("Patient/a", 3)]
        assert (await repository.history(HistoryQuery(None, since=microseconds(everything[0].updated) + 1))).total == 0

    database.run(story)


def test_at_finds_what_was_current_in_a_period(database: Database) -> None:
    """Also what was written before it, until something took its place; a deletion only where it happened within."""

    async def story(repository: Repository) -> None:
        await lives(repository, database.clock)
        times = [microseconds(v.updated) for v in (await repository.history(HistoryQuery(None))).versions][::-1]

        async def at(lo: int, hi: int) -> Told:
            return told(await repository.history(HistoryQuery(None, at=(lo, hi))))

        assert await at(times[2], times[2] + 1) == [("Goal/a", 1), ("Patient/b", 1), ("Patient/a", 1)]
        assert await at(times[3], times[3] + 1) == [("Patient/a", 2), ("Goal/a", 1), ("Patient/b", 1)]
        during = [("Patient/b", 2), ("Patient/a", 2), ("Goal/a", 1), ("Patient/b", 1), ("Patient/a", 1)]
        assert await at(times[2] + 1, times[4] + 1) == during
        assert await at(times[5] + 1, times[5] + 2) == [("Patient/a", 3), ("Goal/a", 1)]
        assert await at(0, times[0]) == []
        within = (times[2] + 1, times[4] + 1)
        assert (await repository.history(HistoryQuery("Patient", at=within))).total is None
        assert (await repository.history(HistoryQuery("Patient", at=within, count=0))).total == 4
        assert (await repository.history(HistoryQuery("Patient", "a", at=within))).total == 2
        assert told(await repository.history(HistoryQuery("Patient", "b", at=(times[4] + 1, times[5])))) == []

    database.run(story)


def test_what_is_hidden_neither_shows_nor_counts(database: Database) -> None:
    """SR-28: in either table, at every level."""

    async def story(repository: Repository) -> None:
        await lives(repository, database.clock)
        everything = await repository.history(HistoryQuery(None), ONLY_P1)
        assert told(everything) == [("Patient/a", 3), ("Patient/a", 2), ("Goal/a", 1), ("Patient/a", 1)]
        assert everything.total == 4
        assert (await repository.history(HistoryQuery("Patient"), ONLY_P1)).total == 3
        hidden = await repository.history(HistoryQuery("Patient", "b"), ONLY_P1)
        assert hidden == HistoryPage((), None, 0)
        one_by_one = await repository.history(HistoryQuery("Patient", "a", count=1, after=None), ONLY_P1)
        assert one_by_one.following is not None

    database.run(story)
