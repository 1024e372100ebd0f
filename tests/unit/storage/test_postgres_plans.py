"""PostgreSQL can answer every search along an index, for the values at hand: stack.md 5, trap 1.

Tables are empty here, so a plan that reads a whole table is made only where no index serves.
"""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest

from fhir_service.search import parse
from fhir_service.search.query import Cursor, SearchQuery
from fhir_service.storage import statements as sql
from fhir_service.storage.compiler import compile_page
from fhir_service.storage.history import versions
from fhir_service.storage.port import HistoryQuery
from fhir_service.storage.prepared import Prepared
from fhir_service.storage.referring import referrers
from fhir_service.storage.searching import found
from fhir_service.storage.shape import shape_of
from fhir_service.storage.starts import starts
from fhir_service.storage.steps import Question, Steps
from tests import postgres
from tests.unit.storage.test_plans import ROW, SEARCHES


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with postgres.empty_database(is_new=True) as made:
        yield made


def plans(url: str, questions: list[Question]) -> list[dict[str, Any]]:
    """The plan of each statement, for its values."""

    async def explained() -> list[dict[str, Any]]:
        connection = await asyncpg.connect(url)
        try:
            await connection.execute("SET enable_seqscan = off; SET plan_cache_mode = force_custom_plan")
            return [json.loads(await connection.fetchval(*_explain(*one)))[0]["Plan"] for one in questions]
        finally:
            await connection.close()

    return asyncio.run(explained())


def _explain(statement: Prepared, values: Any) -> tuple[Any, ...]:
    compiled = statement.postgres
    return f"EXPLAIN (FORMAT JSON) {compiled.sql}", *compiled.arguments(values)


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from nodes(inner)


def asked(steps: Steps[Any], few: int, row: tuple[Any, ...]) -> list[Question]:
    """The questions of steps; a count is answered with `few`, all else with one row."""
    questions: list[Question] = []
    try:
        questions.append(next(steps))
        while True:
            counted = "count(*)" in questions[-1][0].postgres.sql
            questions.append(steps.send([(few,)] if counted else [row]))
    except StopIteration:
        return questions


def scanned(url: str, questions: list[Question]) -> list[str]:
    """Tables that a plan reads as a whole."""
    found = [node for plan in plans(url, questions) for node in nodes(plan)]
    return [node["Relation Name"] for node in found if node["Node Type"] == "Seq Scan"]


@pytest.mark.parametrize("few", [0, 10_000])
@pytest.mark.parametrize(("rtype", "params"), SEARCHES)
def test_no_search_has_to_read_a_whole_table(
    url: str, rtype: str | None, params: list[tuple[str, str]], few: int
) -> None:
    query = parse(rtype, params, base_url="http://x/fhir").query
    assert query
    assert not scanned(url, asked(found(query), few, (query.rtype or "Task", *ROW)))


def page_plan(url: str, rtype: str, *params: tuple[str, str], after: Cursor | None = None) -> list[dict[str, Any]]:
    query: SearchQuery | None = parse(rtype, params, base_url="http://x/fhir", after=after).query
    assert query
    shape, bound = shape_of(query)
    candidates = starts(shape)
    page = compile_page(shape, start=candidates[0][0] if candidates else None)
    (plan,) = plans(url, [(page, bound | {"small": 1})])
    return list(nodes(plan))


@pytest.mark.parametrize("after", [None, Cursor((1,), 1)])
@pytest.mark.parametrize(
    ("rtype", "params", "index"),
    [
        ("CarePlan", [], "typed_care_plan_newest"),
        ("CarePlan", [("patient", "Patient/7")], "typed_care_plan_patient_target"),
        ("CarePlan", [("status", "active"), ("category", "s|x")], "tok_pk"),
        ("Task", [("owner", "o"), ("status", "requested")], "typed_task_owner_target"),
        ("Patient", [("identifier", "s|1"), ("gender", "male")], "tok_pk"),
        ("Patient", [("family", "as")], "str_pk"),
        ("Condition", [("onset-date", "2026")], "dat_pk"),
    ],
)
def test_search_goes_along_its_index(
    url: str, rtype: str, params: list[tuple[str, str]], index: str, after: Cursor | None
) -> None:
    used = {node.get("Index Name") for node in page_plan(url, rtype, *params, after=after)}
    assert index in used, used


@pytest.mark.parametrize("level", [HistoryQuery(None), HistoryQuery("Task"), HistoryQuery("Task", "a")])
def test_history_reads_no_whole_table(url: str, level: HistoryQuery) -> None:
    assert not scanned(url, asked(versions(level), 0, ("Task", *ROW)))


def test_referrers_and_fixed_statements_read_no_whole_table(url: str) -> None:
    fixed: list[Question] = [
        (sql.GET_MANY, {"rtype": "Task", "rids": ["a"]}),
        (sql.OF_PERSONS, {"persons": ["p"], "rtypes": ["Task"]}),
        (sql.of_patients(("Condition", "Patient", "Task")), {"patients": ["a"], "params": [1]}),
        (sql.LAST_UPDATE, {}),
    ]
    assert not scanned(url, [*fixed, *asked(referrers([("Patient", "a")], 5), 0, ("Task", "a"))])
