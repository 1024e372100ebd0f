"""What a unit of work sees on SQLite: its own transaction on the connection that writes.

The methods are coroutines because the port says so (PostgreSQL has to wait); here none of them ever does.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from fhir_service.search.query import SearchQuery
from fhir_service.storage import statements as sql
from fhir_service.storage.compiler import compile_includes, compile_search
from fhir_service.storage.pages import page_of, pks_of
from fhir_service.storage.port import Identifier, InboxRow, Lock, Page, Stored
from fhir_service.storage.rows import inbox_row, stored
from fhir_service.storage.shape import includes_of, shape_of
from fhir_service.storage.sqlite_connection import Connection
from fhir_service.storage.tables import parameter_id
from mappings.message import MessageKey

SEARCH_SECONDS = 1.0
"""A search within a unit of work keeps everybody waiting; conditional interactions need an index."""


class SqliteReads:
    """`Reads` over one connection, within the transaction that is open on it."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self._connection = connection
        self._now = now

    @property
    def now(self) -> datetime:
        return self._now

    async def get(self, rtype: str, rid: str) -> Stored | None:
        return get(self._connection, rtype, rid)

    async def get_many(
        self, references: Iterable[tuple[str, str]], *, lock: Lock = Lock.NONE
    ) -> Mapping[tuple[str, str], Stored]:
        del lock  # nobody else writes
        by_type: dict[str, list[str]] = defaultdict(list)
        for rtype, rid in references:
            by_type[rtype].append(rid)
        found = (stored(row) for rtype, rids in by_type.items() for row in self._rows(rtype, rids))
        return {(s.rtype, s.rid): s for s in found}

    def _rows(self, rtype: str, rids: list[str]) -> list[Any]:
        if len(rids) == 1:  # to read one through a list takes twice as long
            return self._connection.rows(sql.GET, {"rtype": rtype, "rid": rids[0]})
        return self._connection.rows(sql.GET_MANY, {"rtype": rtype, "rids": rids})

    async def by_identifiers(
        self, wanted: Iterable[tuple[str, Identifier]]
    ) -> Mapping[tuple[str, Identifier], tuple[Stored, ...]]:
        keys = set(wanted)
        params = {parameter_id(rtype, "identifier") for rtype, _ in keys}
        codes = {value for _, (_, value) in keys}
        found: dict[tuple[str, Identifier], list[Stored]] = defaultdict(list)
        if keys:
            for row in self._connection.rows(sql.BY_IDENTIFIERS, {"params": sorted(params), "codes": sorted(codes)}):
                key = (row[0], (row[-2], row[-1]))
                if key in keys:
                    found[key].append(stored(row))
        return {key: tuple(rows) for key, rows in found.items()}

    async def of_patients(self, patient_ids: Sequence[str], rtypes: Sequence[str]) -> tuple[Stored, ...]:
        types = tuple(sorted(set(rtypes)))
        wanted = {"patients": list(patient_ids), "params": sql.patient_params(types)}
        return tuple(map(stored, self._connection.rows(sql.of_patients(types), wanted)))

    async def of_persons(self, person_ids: Sequence[str], rtypes: Sequence[str]) -> tuple[Stored, ...]:
        wanted = {"persons": list(person_ids), "rtypes": sorted(set(rtypes))}
        return tuple(map(stored, self._connection.rows(sql.OF_PERSONS, wanted)))

    async def persons(self, identifiers: Iterable[Identifier]) -> Mapping[Identifier, str]:
        keys = set(identifiers)
        if not keys:
            return {}
        rows = self._connection.rows(sql.PERSONS, {"values": sorted({value for _, value in keys})})
        return {(system, value): person for system, value, person in rows if (system, value) in keys}

    async def matches(self, query: SearchQuery) -> tuple[Stored, ...]:
        with self._connection.deadline(SEARCH_SECONDS):
            return find(self._connection, query).matches

    async def message(self, key: MessageKey) -> InboxRow | None:
        row = self._connection.row(sql.MESSAGE, {"sender": key.sender, "control_id": key.control_id})
        return inbox_row(row) if row else None


def get(connection: Connection, rtype: str, rid: str) -> Stored | None:
    """The current version, also when deleted."""
    row = connection.row(sql.GET, {"rtype": rtype, "rid": rid})
    return stored(row) if row else None


def find(connection: Connection, query: SearchQuery) -> Page:
    """One page; its statements see what the transaction sees, if one is open."""
    shape, bound = shape_of(query)
    compiled = compile_search(shape)
    rows = connection.rows(compiled.page, bound) if query.count else []
    includes = includes_of(query)
    pks = pks_of(query, rows) if includes else []
    included = connection.rows(compile_includes(query.rtype, includes), {"pks": pks}) if pks else []
    total = connection.row(compiled.total, bound)[0] if query.total else None
    return page_of(query, rows, included, total)


def find_in_one_view(connection: Connection, query: SearchQuery) -> Page:
    """As `find`, all statements over the same state of the database."""
    connection.script("BEGIN")
    try:
        return find(connection, query)
    finally:
        connection.script("ROLLBACK")
