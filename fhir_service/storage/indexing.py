"""From what a resource is found by to rows of the index tables; the same for every back-end."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Table

from fhir_service.search.query import IndexRows
from fhir_service.storage.tables import DAT, PARTS, REF, STR, TOK, TYPED, parameter_id

Pair = tuple[Any, Any]
Row = tuple[Any, ...]


def pairs_of(rows: IndexRows) -> tuple[tuple[Table, tuple[tuple[str, Pair], ...]], ...]:
    """By generic table: (parameter, its two parts as `tables.PARTS` orders them), each once."""
    return (
        (TOK, _once((name, (code, system)) for name, system, code in rows.tokens)),
        (REF, _once((name, (url or rid, rtype)) for name, rtype, rid, url in rows.references)),
        (STR, _once((name, (norm, exact)) for name, norm, exact in rows.strings)),
        (DAT, _once((name, (lo, hi)) for name, lo, hi in rows.dates)),
    )


def _once(found: Iterable[tuple[str, Pair]]) -> tuple[tuple[str, Pair], ...]:
    return tuple(dict.fromkeys(found))


def index_rows(rtype: str, pk: int, belongs: Row, rows: IndexRows) -> tuple[Row | None, list[tuple[Table, list[Row]]]]:
    """The row of the type's narrow table, if it has one, and the rows by generic table, in the order of their columns.

    `belongs`: (updated, person_id, tenant_id, sector).
    """
    typed = TYPED.get(rtype)
    single: dict[str, Pair] = {}
    generic: list[tuple[Table, list[Row]]] = []
    for table, pairs in pairs_of(rows):
        several: list[Row] = []
        for parameter, pair in pairs:
            if typed is None or parameter not in typed.parameters:
                several.append((parameter_id(rtype, parameter), *pair, belongs[0], pk, *belongs[1:]))
            elif single.setdefault(parameter, pair) != pair:
                raise ValueError(f"{rtype}.{parameter} has more than one value: it cannot have a column of its own")
        if several:
            generic.append((table, several))
    if typed is None:
        return None, generic
    columns = (single.get(p, (None,) * len(PARTS[t])) for p, t in typed.parameters.items())
    return (pk, *belongs, *[part for pair in columns for part in pair]), generic
