"""Write `Changes` into SQLite, all of it or nothing (the caller holds the savepoint).

Order: places in force that are left, persons that turn out to be others, new versions with their index rows, places
that are taken; so that one transaction may swap what stands in force (decision 31).
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy.dialects.sqlite import insert

from fhir_service.resources import resource_type
from fhir_service.search.query import IndexRows
from fhir_service.storage import statements as sql
from fhir_service.storage.indexing import Extract, Row, found_by, index_rows, tables_of
from fhir_service.storage.lengths import key
from fhir_service.storage.moving import moved
from fhir_service.storage.parts import labelled
from fhir_service.storage.port import Changes, InForceConflict, PersonJoin, StorageError, Write
from fhir_service.storage.prepared import Prepared, prepare
from fhir_service.storage.rows import answered_row, grant_rows, outgoing_row, received_row, settled_row, version_row
from fhir_service.storage.sqlite_connection import Connection
from fhir_service.storage.tables import PERSON_IDENTIFIER, TYPED

LARGE = 200_000
"""Bytes of resources from which on it takes long to find out what they are found by."""
_named = insert(PERSON_IDENTIFIER)
NAME_PERSON = prepare(
    _named.on_conflict_do_update(index_elements=["value", "system"], set_={"person_id": _named.excluded.person_id}),
    PERSON_IDENTIFIER.c.keys(),
)
"""The newest word on whose number it is counts: a number goes along when two persons turn out to be one."""
PUT_TYPED = {
    rtype: prepare(insert(typed.table).prefix_with("OR REPLACE"), typed.table.c.keys())
    for rtype, typed in TYPED.items()
}
"""The row of the version before goes with the same statement."""


def apply(connection: Connection, changes: Changes, extract: Extract) -> None:
    """Write everything. Raises InForceConflict, or StorageError for what another constraint refuses."""
    if sum(len(write.body) for write in changes.writes) > LARGE:
        connection.no_hurry()
    try:
        _apply(connection, changes, extract)
    except sqlite3.IntegrityError as error:
        raise StorageError(f"A constraint refused the change: {error}") from error


def _apply(connection: Connection, changes: Changes, extract: Extract) -> None:
    found = found_by(changes.writes, extract)  # before anything is written: it may be too much
    for write in filter(_replaces, changes.writes):
        connection.change(sql.LEAVE, {"rtype": write.rtype, "rid": write.rid})
    for join in changes.joins:
        _move(connection, join)
    _write_all(connection, zip(changes.writes, found, strict=True), extract)
    _claim(connection, changes.writes)
    for regranted in changes.grants:
        connection.change(sql.CLEAR_GRANTS, {"person_id": regranted.person_id})
        connection.change_many(sql.GIVE, grant_rows(regranted))
    for system, value, person in changes.person_identifiers:
        connection.change(NAME_PERSON, {"system": system, "value": key(value), "person_id": person})
    _note(connection, changes)


def _note(connection: Connection, changes: Changes) -> None:
    """What is written beside resources: messages, and answers to keys."""
    for received in changes.received:
        connection.change(sql.RECEIVE, received_row(received))
    for settled in changes.settled:
        _one(connection.change(sql.SETTLE, settled_row(settled)), "message")
    for outgoing in changes.outgoing:
        connection.change(sql.SEND, outgoing_row(outgoing))
    for answered in changes.answered:
        connection.change(sql.KEEP_ANSWER, answered_row(answered))


def _replaces(write: Write) -> bool:
    return write.version != 1


def _one(cursor: sqlite3.Cursor, what: str) -> None:
    if cursor.rowcount != 1:
        raise StorageError(f"There is no such {what}")


def _write_all(connection: Connection, writes: Iterable[tuple[Write, IndexRows | None]], extract: Extract) -> None:
    """The versions one after the other, their index rows table by table at the end."""
    rows: defaultdict[Prepared, list[Row]] = defaultdict(list)
    seen: set[tuple[str, str]] = set()
    for write, found in writes:
        key = (write.rtype, write.rid)
        if key in seen:  # its second version takes the rows of the first one out: they have to be there
            _insert(connection, rows)
        seen.add(key)
        _write(connection, write, found, rows, extract)
    _insert(connection, rows)


def _insert(connection: Connection, rows: defaultdict[Prepared, list[Row]]) -> None:
    for statement, several in rows.items():
        connection.change_many(statement, several)
    rows.clear()


def _write(
    connection: Connection,
    write: Write,
    found: IndexRows | None,
    rows: defaultdict[Prepared, list[Row]],
    extract: Extract,
) -> None:
    """One version; the index rows of what it is found by are added to `rows`."""
    row = version_row(write)
    pk = _replace(connection, write, row) if _replaces(write) else _make(connection, row)
    if found is not None and pk is not None:
        belongs = (row["updated"], write.person_id, write.tenant_id, write.sector)
        typed, generic = index_rows(write.rtype, pk, belongs, found)
        if typed:
            rows[PUT_TYPED[write.rtype]].append(typed)
        for table, several in labelled(write, generic, extract):
            rows[sql.INSERT_SIDE[table]].extend(several)


def _make(connection: Connection, row: dict[str, Any]) -> int | None:
    return connection.change(sql.INSERT_RESOURCE, row).lastrowid


def _replace(connection: Connection, write: Write, row: dict[str, Any]) -> int:
    """Move the version before to the history, put the new one in its place, and take the old index rows out."""
    names = {"of_rtype": write.rtype, "of_rid": write.rid, "of_version": write.version - 1, "new_clock": row["clock"]}
    if connection.change(sql.KEEP_VERSION, names).rowcount != 1:
        raise StorageError(f"{write.rtype} version {write.version} does not follow what is stored")
    ((pk,),) = connection.change(sql.UPDATE_RESOURCE, {**row, **names}).fetchall()
    for table in tables_of(write.rtype):
        connection.change(sql.DELETE_SIDE[table], {"pk": pk})
    if write.resource is None and write.rtype in sql.DELETE_TYPED:
        connection.change(sql.DELETE_TYPED[write.rtype], {"pk": pk})
    return int(pk)


def _claim(connection: Connection, writes: Iterable[Write]) -> None:
    """Take the places in force that the end state holds (decision 35)."""
    end = {(w.rtype, w.rid): w for w in writes}
    for write in end.values():
        kinds = resource_type(write.rtype).in_force(write.resource) if write.resource is not None else ()
        if kinds and write.person_id is None:
            raise StorageError(f"{write.rtype} claims a place in force without a person")
        for kind in kinds:
            claim = {"person_id": write.person_id, "kind": kind, "rtype": write.rtype, "rid": write.rid}
            _take(connection, sql.CLAIM, claim)


def _take(connection: Connection, statement: Any, values: dict[str, Any]) -> None:
    try:
        connection.change(statement, values)
    except sqlite3.IntegrityError as error:
        raise InForceConflict("The person has another one in force") from error


def _move(connection: Connection, join: PersonJoin) -> None:
    try:
        connection.driven(moved(join))
    except sqlite3.IntegrityError as error:
        raise InForceConflict("The person has another one in force") from error
