"""What the two databases write differently: decision 21."""

from sqlalchemy import Column, MetaData, Table, Text, not_, select
from sqlalchemy.dialects import postgresql

from fhir_service.storage.constructs import any_of, contains_text, filter_only
from fhir_service.storage.prepared import SQLITE, prepare
from fhir_service.storage.tables import METADATA

POSTGRESQL = postgresql.dialect(paramstyle="pyformat")  # type: ignore[no-untyped-call]
T = Table("t", MetaData(), Column("a", Text), Column("b", Text))
STATEMENT = select(T.c.a).where(
    any_of(T.c.a, "many"), filter_only(T.c.b) == "x", contains_text(T.c.b, "part"), not_(any_of(T.c.b, "many"))
)


def where(sql: object) -> str:
    return " ".join(str(sql).split()).partition(" WHERE ")[2]


def test_sqlite_takes_lists_as_json_and_leaves_filters_out_of_indexes() -> None:
    compiled = STATEMENT.compile(dialect=SQLITE)
    assert where(compiled) == (
        "(t.a IN (SELECT value FROM json_each(?))) AND +t.b = ? AND (instr(t.b, ?) > 0)"
        " AND NOT (t.b IN (SELECT value FROM json_each(?)))"
    )


def test_postgresql_takes_lists_as_arrays() -> None:
    compiled = STATEMENT.compile(dialect=POSTGRESQL)
    assert where(compiled).replace("::VARCHAR", "") == (
        "(t.a = ANY (%(many)s)) AND t.b = %(param_1)s AND (strpos(t.b, %(part)s) > 0) AND NOT (t.b = ANY (%(many)s))"
    )


def test_prepared_statement_takes_its_values_by_name() -> None:
    prepared = prepare(STATEMENT)
    assert prepared.arguments({"many": ["å", 'b"'], "part": "p", "unused": 1}) == (
        '["å","b\\""]',
        "x",
        "p",
        '["å","b\\""]',
    )


def test_tables_can_be_made_on_postgresql() -> None:
    from sqlalchemy.schema import CreateTable

    for table in METADATA.sorted_tables:
        made = str(CreateTable(table).compile(dialect=POSTGRESQL))
        assert "ROWID" not in made
        assert made.count("BIGINT") + made.count("BIGSERIAL") > 0 or table.name in (
            "in_force",
            "person_identifier",
            "installation",
        )
        assert 'COLLATE "C"' in made or table.name == "dat"
