"""A Core statement for the drivers: compiled for a database when it first runs there, and only once (decision 21)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import msgspec
from sqlalchemy import BindParameter, ClauseElement
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.sql.compiler import SQLCompiler

from fhir_service.storage.constructs import ListOf

_JSON = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Compiled:
    """SQL of one database with positional parameters. `lists`: those that go as JSON (none on PostgreSQL)."""

    sql: str
    names: tuple[str, ...]
    lists: frozenset[str]

    def arguments(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        """The values in the order of the statement; what it does not use is left out, lists become JSON."""
        if not self.lists:
            return tuple([values[name] for name in self.names])
        lists = self.lists
        return tuple([_JSON.encode(values[n]).decode() if n in lists else values[n] for n in self.names])


class Prepared:
    """One statement for both databases."""

    def __init__(self, statement: ClauseElement, columns: tuple[str, ...] | None) -> None:
        self._statement = statement
        self._columns = columns

    @cached_property
    def sqlite(self) -> Compiled:
        """For `sqlite3`: parameters are `?`."""
        return self._compiled(_sqlite(), lists_as_json=True)

    @cached_property
    def postgres(self) -> Compiled:
        """For `asyncpg`: parameters are `$1`, lists are arrays."""
        return self._compiled(_postgres(), lists_as_json=False)

    def _compiled(self, dialect: Dialect, *, lists_as_json: bool) -> Compiled:
        columns = None if self._columns is None else list(self._columns)
        compiled: Any = self._statement.compile(dialect=dialect, column_keys=columns)
        names: tuple[str, ...] = tuple(compiled.positiontup or ())
        binds = {name: bind for name, bind in compiled.binds.items() if name in names}
        lists = (name for name, bind in binds.items() if isinstance(bind.type, ListOf))
        return Compiled(
            sql=str(compiled),
            names=names,
            lists=frozenset(lists if lists_as_json else ()),
        )


class _Stating(SQLCompiler):
    """Writes the values that belong to a statement itself into its text: to bind them takes time in each run, and who
    looks for the best way would know nothing of them."""

    def visit_bindparam(self, bindparam: BindParameter[Any], *args: Any, **options: Any) -> str:
        if bindparam.required:
            return str(super().visit_bindparam(bindparam, *args, **options))  # type: ignore[no-untyped-call]
        return self.render_literal_value(bindparam.value, bindparam.type)


def _stating(dialect: Any) -> Dialect:
    dialect.statement_compiler = type("Stating", (_Stating, dialect.statement_compiler), {})
    told: Dialect = dialect
    return told


@cache
def _sqlite() -> Dialect:
    from sqlalchemy.dialects import sqlite

    return _stating(sqlite.dialect(paramstyle="qmark"))


@cache
def _postgres() -> Dialect:
    from sqlalchemy.dialects import postgresql

    return _stating(postgresql.dialect(paramstyle="numeric_dollar"))  # type: ignore[no-untyped-call]


def prepare(statement: ClauseElement, columns: Iterable[str] | None = None) -> Prepared:
    """Name a statement. `columns`: those that an INSERT or UPDATE sets, bound under their own names."""
    return Prepared(statement, None if columns is None else tuple(columns))
