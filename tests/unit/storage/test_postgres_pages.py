"""A page and what comes along are one statement where that is known to be short: stack.md 5."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from fhir_service.search.query import SearchQuery
from fhir_service.storage import postgres_pages
from fhir_service.storage.access import EVERYTHING
from fhir_service.storage.port import Page
from fhir_service.storage.postgres import PostgresRepository
from fhir_service.storage.postgres_connection import Session
from fhir_service.storage.postgres_pages import found_at_once, is_at_once
from fhir_service.storage.postgres_url import PostgresUrl
from fhir_service.storage.shape import shape_of
from tests.contract.database import put, query
from tests.contract.resources import patient, task
from tests.unit.storage.processes import tell
from tests.unit.storage.test_postgres_plans import asked, scanned

PATIENTS = ("_include", "Task:patient")
TASKS = query("Task", ("status", "requested"), ("_count", "2"), PATIENTS)


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What the server is told."""
    told: list[str] = []
    rows, script = Session.rows, Session.script

    async def all_rows(session: Session, statement: Any, *values: Any) -> Any:
        told.append("rows")
        return await rows(session, statement, *values)

    async def a_script(session: Session, text: str) -> None:
        told.append(text)
        await script(session, text)

    monkeypatch.setattr(Session, "rows", all_rows)
    monkeypatch.setattr(Session, "script", a_script)
    yield told


async def looked_for(repository: PostgresRepository, wanted: SearchQuery, commands: list[str]) -> Page:
    for n in range(3):
        await put(repository, patient(f"p{n}"), task(f"t{n}", of=f"p{n}"))
    commands.clear()
    return await repository.search(wanted)


def test_page_with_what_comes_along_is_one_statement(url: PostgresUrl, commands: list[str]) -> None:
    async def story(repository: PostgresRepository) -> None:
        page = await looked_for(repository, TASKS, commands)
        assert commands == ["rows"]
        assert [one.rid for one in page.matches] == ["t2", "t1"]
        assert [(one.rtype, one.rid, one.body) for one in page.included] == [
            ("Patient", "p1", b"Patient/p1 1"),
            ("Patient", "p2", b"Patient/p2 1"),
        ]
        assert page.following is not None
        assert not page.cut

    tell(url, story)


def test_large_bodies_are_fetched_in_steps(url: PostgresUrl, commands: list[str]) -> None:
    async def story(repository: PostgresRepository) -> None:
        page = await looked_for(repository, replace(TASKS, room=20), commands)
        assert [one.body for one in page.matches] == [b"Task/t2 1", b"Task/t1 1"]
        assert page.cut

    tell(url, story)
    assert any("BEGIN" in one for one in commands)


def test_too_much_comes_along_in_steps(url: PostgresUrl, commands: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_pages, "MOST_INCLUDED", 2)

    async def story(repository: PostgresRepository) -> None:
        page = await looked_for(repository, TASKS, commands)
        assert [one.rid for one in page.included] == ["p1", "p2"]

    tell(url, story)
    assert any("BEGIN" in one for one in commands)


def test_page_goes_along_indexes(url: PostgresUrl) -> None:
    shape, bound = shape_of(TASKS)
    assert not scanned(url.dsn, asked(found_at_once(TASKS, EVERYTHING, (shape, bound)), 0, (None,) * 12))


@pytest.mark.parametrize(
    "more",
    [
        (),
        (PATIENTS, ("_sort", "status")),
        (PATIENTS, ("_total", "accurate")),
        (PATIENTS, ("_count", "0")),
        (("_revinclude", "Task:focus"),),
        (PATIENTS, ("_include:iterate", "Patient:organization")),
    ],
)
def test_what_is_not_at_once(more: tuple[tuple[str, str], ...]) -> None:
    wanted = query("Task", ("status", "requested"), *more)
    assert not is_at_once(wanted, shape_of(wanted)[0])
    assert is_at_once(TASKS, shape_of(TASKS)[0])
