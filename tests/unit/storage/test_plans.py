"""SQLite walks the index that the compiler means, whatever it may guess: stack.md 5, trap 2."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from fhir_service.search import parse
from fhir_service.search.query import Cursor, SearchQuery
from fhir_service.storage import statements as sql
from fhir_service.storage.compiler import compile_page
from fhir_service.storage.including import compile_forward
from fhir_service.storage.prepared import Prepared
from fhir_service.storage.searching import found
from fhir_service.storage.shape import shape_of
from fhir_service.storage.starts import starts


def plan_of(migrated: Path, statement: Prepared) -> list[str]:
    """EXPLAIN QUERY PLAN with the parameter form (trap 7)."""
    with closing(sqlite3.connect(migrated)) as connection:
        explained = connection.execute(
            f"EXPLAIN QUERY PLAN {statement.sqlite.sql}", (None,) * len(statement.sqlite.names)
        )
        return [row[3] for row in explained]


def page_plan(migrated: Path, rtype: str, *params: tuple[str, str], after: Cursor | None = None) -> list[str]:
    query = parse(rtype, params, base_url="http://x/fhir", after=after).query
    assert query
    shape, _ = shape_of(query)
    candidates = starts(shape)
    return plan_of(migrated, compile_page(shape, start=candidates[0][0] if candidates else None))


FIRST = Cursor((1,), 1)


@pytest.mark.parametrize("after", [None, FIRST])
@pytest.mark.parametrize(
    ("rtype", "params", "start"),
    [
        ("CarePlan", [], "d USING COVERING INDEX typed_care_plan_newest"),
        ("CarePlan", [("patient", "Patient/7")], "d USING INDEX typed_care_plan_patient_target (patient_target=?"),
        ("CarePlan", [("status", "active")], "d USING COVERING INDEX typed_care_plan_status_code (status_code=?"),
        ("CarePlan", [("status", "active"), ("patient", "7")], "typed_care_plan_patient_target (patient_target=?"),
        ("CarePlan", [("status", "active"), ("patient", "7"), ("category", "x")], "typed_care_plan_patient_target"),
        ("CarePlan", [("status", "active"), ("category", "s|x")], "d USING PRIMARY KEY (param=? AND code=?"),
        ("CarePlan", [("status", "active"), ("care-team", "t")], "d USING PRIMARY KEY (param=? AND target=?"),
        ("CarePlan", [("patient", "7"), ("care-team", "t")], "typed_care_plan_patient_target"),
        ("Task", [("owner", "o"), ("status", "requested")], "typed_task_owner_target (owner_target=?"),
        ("Condition", [("code", "x"), ("patient", "7")], "d USING PRIMARY KEY (param=? AND target=?"),
        ("Condition", [], "d USING COVERING INDEX resource_newest (rtype=? AND deleted=?"),
        ("Condition", [("clinical-status:not", "active")], "d USING COVERING INDEX resource_newest"),
        ("Patient", [("identifier", "s|1"), ("gender", "male")], "d USING PRIMARY KEY (param=? AND code=?"),
    ],
)
def test_newest_first_is_a_walk_along_the_selective_index(
    migrated: Path, rtype: str, params: list[tuple[str, str]], start: str, after: Cursor | None
) -> None:
    steps = page_plan(migrated, rtype, *params, after=after)
    page = steps[: steps.index(next(s for s in steps if " page" in s and "SCAN" in s))]
    assert any(start in step for step in page), steps
    assert not any("TEMP B-TREE" in step for step in page), steps
    assert not any(step.startswith("SCAN d") and "typed_care_plan_newest" not in step for step in page), steps


@pytest.mark.parametrize(
    ("rtype", "params", "start"),
    [
        ("Patient", [("family", "as")], "d USING PRIMARY KEY (param=? AND norm>? AND norm<?)"),
        ("Patient", [("_id", "x"), ("gender", "male")], "d USING INDEX sqlite_autoindex_resource_1 (rtype=? AND rid=?"),
        ("Condition", [("onset-date", "2026")], "d USING PRIMARY KEY (param=? AND lo>? AND lo<?)"),
        ("CarePlan", [("category", "x,y")], "d USING PRIMARY KEY (param=? AND code=?"),
    ],
)
def test_what_is_sorted_afterwards_starts_at_the_selective_index(
    migrated: Path, rtype: str, params: list[tuple[str, str]], start: str
) -> None:
    steps = page_plan(migrated, rtype, *params)
    assert any(start in step for step in steps), steps


def found_plans(migrated: Path, query: SearchQuery, few: int) -> list[list[str]]:
    """The plans of all statements of a search; a count answers `few`, all else one row of each type."""
    plans = []
    steps = found(query)
    try:
        statement, values = next(steps)
        while True:
            plans.append(plan_of(migrated, statement))
            statement.sqlite.arguments(values)
            counted = "count(*)" in statement.sqlite.sql
            statement, values = steps.send([(few,)] if counted else [(query.rtype or "Task", *ROW)])
    except StopIteration:
        return plans


ROW = ("a", 1, 1, b"", 0, None, None, "", 1, 1, 1)
KNOWN_SCANS = re.compile(
    r"SCAN (json_each|page|few|found|named|counts|referring|p\d+|d\d+f|\(subquery-\d+\)|fulltext_words)\b"
    r"|SCAN \d+ CONSTANT ROW|SCAN d\d* USING (COVERING )?INDEX typed_\w+_newest"
)
"""Lists, results of the statement itself, and the walk along the newest."""


SEARCHES: list[tuple[str | None, list[tuple[str, str]]]] = [
    ("CarePlan", [("subject.identifier", "s|1")]),
    ("CarePlan", [("subject:Patient.name", "a"), ("_total", "accurate")]),
    ("Task", [("patient.birthdate", "2000-01-01")]),
    ("Task", [("patient.gender", "male"), ("status", "requested,accepted")]),
    ("Task", [("patient.organization.name", "a")]),
    ("Task", [("part-of.patient.identifier", "1")]),
    ("Patient", [("_has:Condition:patient:code", "x")]),
    ("Patient", [("_has:Task:patient:status", "x"), ("family", "a")]),
    ("Patient", [("_has:CarePlan:patient:_has:Task:focus:status", "x")]),
    ("Patient", [("name:contains", "a")]),
    ("Condition", [("subject.gender", "male"), ("_sort", "onset-date,-code,_id")]),
    ("Observation", [("value-quantity", "gt5||mg"), ("code-value-quantity", "a$gt5")]),
    ("Observation", [("code-value-concept", "a$b")]),
    ("Location", [("near", "59|10")]),
    ("ValueSet", [("url:below", "http://x")]),
    ("Task", [("_list", "a"), ("_text", "word")]),
    ("Condition", [("_content", "word"), ("code", "x")]),
    (
        "CarePlan",
        [("category", "x"), ("_include", "CarePlan:patient"), ("_include:iterate", "Patient:organization")],
    ),
    ("Patient", [("_revinclude", "Task:patient"), ("_revinclude", "*"), ("_include", "*")]),
    (None, [("_type", "Task,Patient,Condition"), ("_lastUpdated", "gt2020"), ("_total", "accurate")]),
    (None, [("_type", "Task,Condition"), ("_sort", "_id")]),
]


@pytest.mark.parametrize("few", [0, 10_000])
@pytest.mark.parametrize(("rtype", "params"), SEARCHES)
def test_no_search_scans_a_table(migrated: Path, rtype: str | None, params: list[tuple[str, str]], few: int) -> None:
    """However many resources there are: each is reached by an index, or met in a walk along the newest."""
    query = parse(rtype, params, base_url="http://x/fhir").query
    assert query
    for steps in found_plans(migrated, query, few):
        scans = [s for s in steps if s.startswith("SCAN") and not KNOWN_SCANS.match(s)]
        assert not scans, steps


def test_compartment_starts_at_its_resource(migrated: Path) -> None:
    query = parse(None, [], base_url="http://x/fhir", compartment=("Patient", "7")).query
    assert query
    (steps,) = found_plans(migrated, query, 0)
    assert not [s for s in steps if re.match(r"SCAN d\d+ ", s)], steps
    assert not [s for s in steps if "resource_newest" in s], steps


@pytest.mark.parametrize(
    ("params", "start"),
    [
        ([("subject.identifier", "s|1")], "SEARCH c0l0d USING PRIMARY KEY (param=? AND code=?"),
        ([("patient.identifier", "s|1")], "d USING INDEX typed_care_plan_patient_target (patient_target=?)"),
        ([("replaces.identifier", "s|1")], "d USING INTEGER PRIMARY KEY (rowid=?)"),
    ],
)
def test_chain_starts_at_its_far_end(migrated: Path, params: list[tuple[str, str]], start: str) -> None:
    steps = page_plan(migrated, "CarePlan", *params)
    assert any(start in step for step in steps), steps


@pytest.mark.parametrize(
    "params",
    [
        [("status", "active"), ("category", "x")],
        [("patient", "7"), ("category:not", "x")],
        [("patient", "7"), ("category:missing", "true")],
        [("patient", "7"), ("instantiates-uri:missing", "false")],
        [("care-team", "t"), ("status:not", "active")],
    ],
)
def test_probes_go_by_the_resource(migrated: Path, params: list[tuple[str, str]]) -> None:
    steps = page_plan(migrated, "CarePlan", *params)
    probes = [s for s in steps if s.startswith("SEARCH c")]
    assert probes
    assert all("_resource (pk=?" in s or "INTEGER PRIMARY KEY (rowid=?)" in s for s in probes), steps


def test_sort_values_are_looked_up_by_the_resource(migrated: Path) -> None:
    steps = page_plan(migrated, "CarePlan", ("patient", "7"), ("_sort", "category"))
    assert any("SEARCH k USING" in step and "tok_resource (pk=?)" in step for step in steps), steps


def test_includes_start_at_the_page(migrated: Path) -> None:
    params = [("_include", "CarePlan:care-team"), ("_include", "CarePlan:patient")]
    query = parse("CarePlan", params, base_url="http://x/fhir").query
    assert query
    steps = plan_of(migrated, compile_forward(query.includes))
    assert sum("ref_resource (pk=?)" in step for step in steps) == 1, steps
    assert sum("SEARCH s1 USING INTEGER PRIMARY KEY" in step for step in steps) == 1, steps
    assert sum("SEARCH r USING INDEX sqlite_autoindex_resource_1" in step for step in steps) == 1, steps


@pytest.mark.parametrize(
    "statement",
    [
        sql.GET,
        sql.GET_MANY,
        sql.GET_VERSION,
        sql.KEEP_VERSION,
        sql.BY_IDENTIFIERS,
        sql.OF_PERSONS,
        sql.PERSONS,
        sql.MESSAGE,
        sql.UNFINISHED,
        sql.OUTBOX_QUEUED,
        sql.LEAVE,
        sql.MOVE_HISTORY,
        sql.of_patients(("Condition", "Patient", "Task")),
        sql.OF_PERSON,
        sql.NUMBERED,
        sql.MOVE_NUMBERS,
        *sql.MOVE_ROWS.values(),
        *sql.DELETE_SIDE.values(),
        *sql.DELETE_TYPED.values(),
    ],
)
def test_no_statement_scans_a_table(migrated: Path, statement: Prepared) -> None:
    steps = plan_of(migrated, statement)
    own = [s for s in steps if s.startswith("SCAN") and "json_each" not in s]
    assert not [s for s in own if s not in ("SCAN belonging", "SCAN (subquery-1)", "SCAN (subquery-2)")], steps


def test_statement_is_compiled_once_a_shape() -> None:
    def compiled(*params: tuple[str, str]) -> object:
        query = parse("CarePlan", params, base_url="http://x/fhir").query
        assert query
        return compile_page(shape_of(query)[0])

    first = compiled(("patient", "Patient/1"), ("status", "active,draft"))
    assert compiled(("patient", "Patient/2"), ("status", "draft,on-hold,revoked")) is first
    assert compiled(("patient", "Patient/2"), ("status", "draft")) is not first


def test_what_a_person_has_is_found_by_the_person(migrated: Path) -> None:
    """Every IP write and every message asks for it: by type it would walk all resources of ten types."""
    assert "SEARCH resource USING INDEX resource_person (person_id=?)" in plan_of(migrated, sql.OF_PERSONS)


def test_recovery_walks_the_messages_that_wait_and_no_others(migrated: Path) -> None:
    """Each step is one search and no sort, however many messages are settled (SR-6)."""
    steps = plan_of(migrated, sql.UNFINISHED)
    assert steps[0] == "SEARCH inbox USING INDEX inbox_state (state=? AND rowid>?)"
    assert not [s for s in steps if "SCAN" in s or "B-TREE" in s]
