"""A Core statement compiled once for a driver: its SQL, and the order in which it takes its values (decision 21)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import ClauseElement
from sqlalchemy.dialects import sqlite

from fhir_service.storage.constructs import ListOf

SQLITE = sqlite.dialect(paramstyle="qmark")
_JSON = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Prepared:
    """SQL with positional parameters. `fixed`: values that belong to the statement itself."""

    sql: str
    names: tuple[str, ...]
    fixed: Mapping[str, Any]
    lists: frozenset[str]

    def arguments(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        """The values in the order of the statement; what it does not use is left out, lists become JSON."""
        if not self.lists and not self.fixed:
            return tuple([values[name] for name in self.names])
        return tuple([self._argument(name, values) for name in self.names])

    def _argument(self, name: str, values: Mapping[str, Any]) -> Any:
        if name in self.fixed:
            return self.fixed[name]
        return _JSON.encode(values[name]).decode() if name in self.lists else values[name]


def prepare(statement: ClauseElement, columns: Iterable[str] | None = None) -> Prepared:
    """Compile for SQLite. `columns`: those that an INSERT or UPDATE sets, bound under their own names."""
    compiled = statement.compile(dialect=SQLITE, column_keys=list(columns) if columns is not None else None)
    names: tuple[str, ...] = tuple(compiled.positiontup or ())  # type: ignore[attr-defined]
    binds = {name: bind for name, bind in compiled.binds.items() if name in names}  # type: ignore[attr-defined]
    return Prepared(
        sql=str(compiled),
        names=names,
        fixed={name: bind.value for name, bind in binds.items() if not bind.required},
        lists=frozenset(name for name, bind in binds.items() if isinstance(bind.type, ListOf)),
    )
