"""The few SQL constructs that SQLite and PostgreSQL write differently (decision 21).

`any_of(column, name)`: the column is in a list that is bound as one value.
`filter_only(column)`: the column, out of reach of SQLite's choice of an index, so that the selective table or index
that the compiler chose stays first (stack.md 5, trap 2).
`has_words(pk, column, name)`: a row of `fulltext` has the words bound as `<name>_match` or `<name>_query`.
`listed(text)`: the texts of all rows, with a comma between.
`contains_text(column, part)`: the text has this part somewhere; no wildcards, so nothing to escape (SR-21).
"""

from typing import Any

from sqlalchemy import ColumnElement, bindparam, types
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler


class ListOf(types.TypeEngine[Any]):
    """Type of a bound list. The executor passes JSON to SQLite and an array to PostgreSQL."""

    cache_ok = True


class any_of(ColumnElement[Any]):  # noqa: N801 - reads as SQL
    """`column` is one of the values of the bound list `name`."""

    inherit_cache = False
    type = types.NULLTYPE  # a Boolean would be written `... = 1` for SQLite, which no index can serve

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        self.column = column
        self.values = bindparam(name, type_=ListOf())


@compiles(any_of)
def _any_of(element: any_of, compiler: SQLCompiler, **options: Any) -> str:
    column, values = compiler.process(element.column, **options), compiler.process(element.values, **options)
    return f"({column} = ANY ({values}))"


@compiles(any_of, "sqlite")
def _any_of_sqlite(element: any_of, compiler: SQLCompiler, **options: Any) -> str:
    column, values = compiler.process(element.column, **options), compiler.process(element.values, **options)
    return f"({column} IN (SELECT value FROM json_each({values})))"  # noqa: S608 - compiled parts


class filter_only(ColumnElement[Any]):  # noqa: N801 - reads as SQL
    """The column as a plain value."""

    inherit_cache = False

    def __init__(self, column: ColumnElement[Any]) -> None:
        self.column = column
        self.type = column.type


@compiles(filter_only)
def _filter_only(element: filter_only, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.column, **options)


@compiles(filter_only, "sqlite")
def _filter_only_sqlite(element: filter_only, compiler: SQLCompiler, **options: Any) -> str:
    # https://sqlite.org/optoverview.html#disqualifying_where_clause_terms_using_unary_
    return "+" + compiler.process(element.column, **options)


class listed(ColumnElement[Any]):  # noqa: N801 - reads as SQL
    """An aggregate: the text of each row, with a comma between, in no order that is promised; NULL of no rows."""

    inherit_cache = False
    type = types.Text()

    def __init__(self, text: ColumnElement[Any]) -> None:
        self.text = text


@compiles(listed)
def _listed(element: listed, compiler: SQLCompiler, **options: Any) -> str:
    return f"string_agg({compiler.process(element.text, **options)}, ',')"


@compiles(listed, "sqlite")
def _listed_sqlite(element: listed, compiler: SQLCompiler, **options: Any) -> str:
    return f"group_concat({compiler.process(element.text, **options)})"


class json_row(ColumnElement[Any]):  # noqa: N801 - reads as SQL
    """The text of a JSON array of these columns."""

    inherit_cache = False
    type = types.Text()

    def __init__(self, *columns: ColumnElement[Any]) -> None:
        self.columns = columns


@compiles(json_row)
def _json_row(element: json_row, compiler: SQLCompiler, **options: Any) -> str:
    columns = ", ".join(compiler.process(column, **options) for column in element.columns)
    return f"CAST(json_build_array({columns}) AS text)"


@compiles(json_row, "sqlite")
def _json_row_sqlite(element: json_row, compiler: SQLCompiler, **options: Any) -> str:
    columns = ", ".join(compiler.process(column, **options) for column in element.columns)
    return f"json_array({columns})"


class contains_text(ColumnElement[Any]):  # noqa: N801 - reads as SQL
    """The column has a text in it: the one bound under a name, or that of another column."""

    inherit_cache = False
    type = types.NULLTYPE

    def __init__(self, column: ColumnElement[Any], part: str | ColumnElement[Any]) -> None:
        self.column = column
        self.part = bindparam(part, type_=types.Text()) if isinstance(part, str) else part


@compiles(contains_text)
def _contains_text(element: contains_text, compiler: SQLCompiler, **options: Any) -> str:
    column, part = compiler.process(element.column, **options), compiler.process(element.part, **options)
    return f"(strpos({column}, {part}) > 0)"


@compiles(contains_text, "sqlite")
def _contains_text_sqlite(element: contains_text, compiler: SQLCompiler, **options: Any) -> str:
    column, part = compiler.process(element.column, **options), compiler.process(element.part, **options)
    return f"(instr({column}, {part}) > 0)"


class has_words(ColumnElement[Any]):  # noqa: N801 - reads as SQL
    """The row of `fulltext` with this `pk` has the bound words in `column`."""

    inherit_cache = False
    type = types.NULLTYPE

    def __init__(self, pk: ColumnElement[Any], column: ColumnElement[Any], name: str) -> None:
        self.pk = pk
        self.column = column
        self.sqlite_words = bindparam(f"{name}_match", type_=types.Text())
        self.postgres_words = bindparam(f"{name}_query", type_=types.Text())


@compiles(has_words)
def _has_words(element: has_words, compiler: SQLCompiler, **options: Any) -> str:
    column, query = compiler.process(element.column, **options), compiler.process(element.postgres_words, **options)
    return f"(array_to_tsvector(string_to_array({column}, ' ')) @@ CAST(CAST({query} AS text) AS tsquery))"


@compiles(has_words, "sqlite")
def _has_words_sqlite(element: has_words, compiler: SQLCompiler, **options: Any) -> str:
    # FTS5 answers best when it is asked once, for all rows.
    pk, match = compiler.process(element.pk, **options), compiler.process(element.sqlite_words, **options)
    return f"({pk} IN (SELECT rowid FROM fulltext_words WHERE fulltext_words MATCH {match}))"  # noqa: S608 - compiled
