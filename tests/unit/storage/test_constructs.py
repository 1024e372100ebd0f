"""What the two databases write differently: decision 21."""

from sqlalchemy import BigInteger, Column, Integer, MetaData, Table, Text, insert, not_, select
from sqlalchemy.dialects import postgresql

from fhir_service.storage.constructs import any_of, contains_text, filter_only
from fhir_service.storage.prepared import prepare
from fhir_service.storage.tables import METADATA

POSTGRESQL = postgresql.dialect(paramstyle="pyformat")  # type: ignore[no-untyped-call]
T = Table("t", MetaData(), Column("a", Text), Column("b", Text))
STATEMENT = select(T.c.a).where(
    any_of(T.c.a, "many"), filter_only(T.c.b) == "it's", contains_text(T.c.b, "part"), not_(any_of(T.c.b, "many"))
)
VALUES = {"many": ["å", 'b"'], "part": "p", "unused": 1}


def where(sql: str) -> str:
    return " ".join(sql.split()).partition(" WHERE ")[2]


def test_sqlite_takes_lists_as_json_and_leaves_filters_out_of_indexes() -> None:
    compiled = prepare(STATEMENT).sqlite
    assert where(compiled.sql) == (
        "(t.a IN (SELECT value FROM json_each(?))) AND +t.b = 'it''s' AND (instr(t.b, ?) > 0)"
        " AND NOT (t.b IN (SELECT value FROM json_each(?)))"
    )
    assert compiled.arguments(VALUES) == ('["å","b\\""]', "p", '["å","b\\""]')


def test_postgresql_takes_lists_as_arrays() -> None:
    compiled = prepare(STATEMENT).postgres
    assert where(compiled.sql).replace("::VARCHAR", "").replace("::TEXT", "") == (
        "(t.a = ANY ($1)) AND t.b = 'it''s' AND (strpos(t.b, $2) > 0) AND NOT (t.b = ANY ($1))"
    )
    assert compiled.arguments(VALUES) == (["å", 'b"'], "p")


def test_statement_is_compiled_once_and_only_for_the_database_it_runs_on() -> None:
    prepared = prepare(STATEMENT)
    assert prepared.sqlite is prepared.sqlite
    assert "postgres" not in vars(prepared)


def test_insert_binds_its_columns_under_their_names() -> None:
    table = Table("n", MetaData(), Column("pk", BigInteger, primary_key=True), Column("a", Text))
    prepared = prepare(insert(table), ("a",))
    for compiled in (prepared.sqlite, prepared.postgres):
        assert "(a) VALUES" in compiled.sql
        assert compiled.arguments({"a": "x"}) == ("x",)


def test_tables_can_be_made_on_postgresql() -> None:
    from sqlalchemy.schema import CreateTable

    for table in METADATA.sorted_tables:
        made = str(CreateTable(table).compile(dialect=POSTGRESQL))
        assert "ROWID" not in made
        assert made.count("BIGINT") + made.count("BIGSERIAL") > 0 or not any(
            isinstance(column.type, Integer) for column in table.columns
        )
        assert 'COLLATE "C"' in made or table.name == "dat"
