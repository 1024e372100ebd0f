"""Order and pages: keyset pages neither repeat nor skip (stack.md 5)."""

import pytest

from fhir_service.search.query import Cursor
from fhir_service.storage.port import Repository
from profiles.resource import Resource
from tests.contract.database import Database, flat, ids, pages, put, query
from tests.contract.resources import coding, condition, patient, task


async def several(repository: Repository, count: int = 11) -> None:
    """Tasks t0 ... of one person; those written together have the same time."""
    for first in range(0, count, 3):
        await put(repository, *[task(f"t{i}") for i in range(first, min(first + 3, count))])


@pytest.mark.parametrize(
    "params", [[], [("status", "requested")], [("patient", "arne")], [("subject", "Patient/arne")]]
)
@pytest.mark.parametrize("count", ["1", "2", "5", "50"])
def test_pages_hold_everything_once_newest_first(database: Database, params: list[tuple[str, str]], count: str) -> None:
    async def story(repository: Repository) -> None:
        await several(repository)
        found = await pages(repository, "Task", *params, ("_count", count))
        assert flat(found) == [f"t{i}" for i in reversed(range(11))]
        assert all(len(page) == int(count) for page in found[:-1])
        assert found[-1]

    database.run(story)


def test_pages_stand_while_others_write(database: Database) -> None:
    async def story(repository: Repository) -> None:
        await several(repository, 9)
        found: list[str] = []
        after: Cursor | None = None
        for i in range(5):
            page = await repository.search(query("Task", ("patient", "arne"), ("_count", "2"), after=after))
            found += ids(page)
            after = Cursor(*page.following) if page.following else None
            await put(repository, task(f"new{i}"))
        assert found == [f"t{i}" for i in reversed(range(9))]

    database.run(story)


DUE = {"a": "2026-03-02", "b": None, "c": "2026-03-01", "d": None, "e": "2026-03-02", "f": "2026-03-03"}


@pytest.mark.parametrize("count", ["1", "2", "4", "50"])
@pytest.mark.parametrize(
    ("rtype", "sort", "expected"),
    [
        ("Task", "due", "c e a f d b"),
        ("Task", "-due", "f e a c d b"),
        ("Task", "-due,_id", "f a e c b d"),
        ("Task", "_id", "a b c d e f"),
        ("Task", "-_id", "f e d c b a"),
        ("Task", "_lastUpdated", "a b c d e f"),
        ("Task", "-_lastUpdated", "f e d c b a"),
        ("Task", "status,-due", "e a c d f b"),
        ("Condition", "onset-date", "c e a f d b"),
        ("Condition", "-onset-date", "f e a c d b"),
        ("Condition", "code,_id", "c a e f b d"),
        ("Condition", "-code", "f e a c d b"),
        ("Condition", "-onset-date,_lastUpdated", "f a e c b d"),
        ("Condition", "subject,-_id", "f e d c b a"),
    ],
)
def test_sorted_pages_put_missing_values_last(
    database: Database, rtype: str, sort: str, expected: str, count: str
) -> None:
    async def story(repository: Repository) -> None:
        for rid, day in DUE.items():
            if rtype == "Task":
                status = "accepted" if rid in "aced" else "requested"
                restriction: Resource = {"restriction": {"period": {"end": day}}} if day else {}
                await put(repository, task(rid, status=status, **restriction))
            else:
                onset: Resource = {"onsetDateTime": day, "code": coding("s", day)} if day else {}
                await put(repository, condition(rid, **onset))
        assert " ".join(flat(await pages(repository, rtype, ("_sort", sort), ("_count", count)))) == expected

    database.run(story)


@pytest.mark.parametrize(("sort", "expected"), [("family", "a b c"), ("-family", "c b a"), ("-birthdate", "c b a")])
def test_text_and_dates_of_people_are_sorted(database: Database, sort: str, expected: str) -> None:
    async def story(repository: Repository) -> None:
        await put(repository, patient("b", name=[{"family": "berg"}], birthDate="2001-05-05"))
        await put(repository, patient("c", name=[{"family": "Cecilie"}], birthDate="2001-05"))
        await put(repository, patient("a", name=[{"family": "Aa"}]))
        assert " ".join(flat(await pages(repository, "Patient", ("_sort", sort), ("_count", "1")))) == expected

    database.run(story)


def test_sorted_search_with_a_criterion_beside_it(database: Database) -> None:
    async def story(repository: Repository) -> None:
        for rid, day in DUE.items():
            onset: Resource = {"onsetDateTime": day} if day else {}
            await put(repository, condition(rid, of="x" if rid in "abc" else "y", **onset))
        found = await pages(repository, "Condition", ("patient", "x"), ("_sort", "-onset-date"), ("_count", "2"))
        assert found == [["a", "c"], ["b"]]

    database.run(story)
