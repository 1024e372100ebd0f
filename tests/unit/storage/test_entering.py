"""Every table that enters a search carries the predicate of the caller: decision 34.

The SQL of each shape is taken apart: wherever it says FROM or JOIN a table, it is a subselect with the predicate.
"""

import re

import pytest
from sqlalchemy import ColumnElement, FromClause, bindparam

from fhir_service.search import parse
from fhir_service.storage.access import Access
from fhir_service.storage.fulltext import by_words
from fhir_service.storage.port import Page
from fhir_service.storage.searching import found
from fhir_service.storage.steps import Steps
from fhir_service.storage.tables import METADATA


def _only(table: FromClause) -> ColumnElement[bool]:
    return table.c.person_id == bindparam("access_person")


ONE = Access("one-person", _only, {"access_person": "p"})
ROW = ("Task", "a", 1, 1, b'{"x":"Patient/a/_history/7"}', 0, "p", None, "", 1, 1, 1)
TABLES = "|".join(table.name for table in METADATA.sorted_tables)


def asked(steps: Steps[Page]) -> list[str]:
    """The statements of a search, each answered with one row."""
    statements = []
    try:
        question = next(steps)
        while True:
            statements.append(question[0].sqlite.sql)
            question[0].sqlite.arguments(question[1])
            question = steps.send([(9_999,)] if "count(*)" in statements[-1] else [ROW])
    except StopIteration:
        return statements


CRITERIA = [
    ("Task", "status", "requested"), ("Task", "patient", "a"), ("Task", "_id", "a"), ("Task", "code", "x"),
    ("Task", "code:not", "x"), ("Task", "code:missing", "true"), ("Task", "_lastUpdated", "gt2020"),
    ("Task", "patient.name", "x"), ("Task", "patient.identifier", "x"), ("Task", "focus:CarePlan.patient.gender", "x"),
    ("Task", "_has:Provenance:target:agent", "x"), ("Task", "_has:Task:focus:status", "x"), ("Task", "_list", "x"),
    ("Task", "_text", "x"), ("Task", "_content", "x"), ("Task", "authored-on", "2020"),
    ("Task", "group-identifier", "x"), ("Observation", "value-quantity", "5"),
    ("Observation", "code-value-quantity", "a$5"), ("Location", "near", "1|1"),
    ("Patient", "family:contains", "x"), ("ValueSet", "url:below", "http://x"), ("Condition", "code:text", "x"),
    ("Condition", "subject:identifier", "x"),
]  # fmt: skip
SORTS = {"Task": "code,_id,due,-owner", "Patient": "family,-birthdate", "Observation": "value-quantity"}
INCLUDES = [
    ("_include", "Task:patient"), ("_include", "Task:*"), ("_include:iterate", "Task:part-of"),
    ("_revinclude", "Task:focus"), ("_revinclude", "Provenance:target"), ("_revinclude", "*"),
]  # fmt: skip


def check(statement: str) -> int:
    """The number of tables in it. Each stands alone in a subselect whose WHERE has the predicate."""
    names = re.findall(rf"(?:FROM|JOIN|,) ({TABLES})\b(?!\.)", statement)
    guarded = re.findall(rf"FROM ({TABLES})\s+WHERE \1\.person_id = \?", statement)
    versions = re.findall(rf"FROM ({TABLES})\s+WHERE \1\.rtype = [^)]* AND \1\.person_id = \?", statement)
    assert sorted(names) == sorted([*guarded, *versions]), statement
    return len(names)


@pytest.mark.parametrize("total", ["none", "accurate"])
@pytest.mark.parametrize(("rtype", "name", "value"), CRITERIA)
def test_predicate_is_on_every_table_that_enters(rtype: str, name: str, value: str, total: str) -> None:
    also = [("_sort", SORTS[rtype])] if rtype in SORTS else []
    params = [(name, value), ("_total", total), *also, *(INCLUDES if rtype == "Task" else ())]
    for more in ((), (("_id", "x"),), (("_lastUpdated", "gt2020"),)):
        parsed = parse(rtype, [*params, *more], base_url="http://x/fhir")
        assert parsed.query, parsed.issues
        assert by_words(parsed.query) is (name in ("_text", "_content"))
        statements = asked(found(parsed.query, ONE))
        assert sum(map(check, statements)) >= 2


def test_predicate_is_on_every_table_of_a_search_over_types() -> None:
    parsed = parse(None, [("_type", "Task,Patient,Condition"), ("_lastUpdated", "gt2020")], base_url="http://x/fhir")
    assert parsed.query
    assert sum(map(check, asked(found(parsed.query, ONE)))) == 4
    compartment = parse(None, [("_total", "accurate")], base_url="http://x/fhir", compartment=("Patient", "a"))
    assert compartment.query
    assert sum(map(check, asked(found(compartment.query, ONE)))) > 100
