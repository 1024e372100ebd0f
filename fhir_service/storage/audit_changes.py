"""Versions that say who made them: the audit events of changes lie with what they are about (ADR 0026).

For both back-ends (`steps`).
"""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import Select, Table, and_, bindparam, literal, select

from fhir_service.sight import ALL
from fhir_service.storage.access import EVERYTHING, Access, is_open
from fhir_service.storage.audit import Span
from fhir_service.storage.constructs import any_of
from fhir_service.storage.prepared import Prepared, prepare
from fhir_service.storage.steps import Steps
from fhir_service.storage.tables import GRANT, HISTORY, JOINED, RESOURCE

COLUMNS = ("updated", "rtype", "rid", "version", "deleted", "person_id", "trace")


class Change(msgspec.Struct, frozen=True):
    """A version and its trace."""

    at: int
    rtype: str
    rid: str
    version: int
    deleted: int
    person_id: str | None
    trace: str

    @property
    def reference(self) -> str:
        """`Type/id/_history/version`"""
        return f"{self.rtype}/{self.rid}/_history/{self.version}"


def _of(table: Table) -> Select[Any]:
    within = (table.c.updated >= bindparam("lo"), table.c.updated < bindparam("hi"))
    return select(*[table.c[name] for name in COLUMNS]).where(*within, table.c.trace.is_not(None))


def _of_person(table: Table) -> Select[Any]:
    if table is RESOURCE:
        return _of(table).where(any_of(RESOURCE.c.person_id, "persons"))
    same = and_(RESOURCE.c.rtype == HISTORY.c.rtype, RESOURCE.c.rid == HISTORY.c.rid)
    return _of(table).join_from(RESOURCE, HISTORY, same).where(any_of(RESOURCE.c.person_id, "persons"))


def _of_entity(table: Table) -> Select[Any]:
    return _of(table).where(table.c.rtype == bindparam("rtype"), table.c.rid == bindparam("rid"))


_BY: Mapping[str, Callable[[Table], Select[Any]]] = {"all": _of, "person": _of_person, "entity": _of_entity}


@lru_cache(maxsize=256)
def _newest(by: str, table: Table, access: Access) -> Prepared:
    asked = _BY[by](table).where(access.of_version(table))
    return prepare(asked.order_by(table.c.updated.desc(), table.c.pk.desc()).limit(bindparam("limit")))


def _at(table: Table) -> Prepared:
    asked = select(*[table.c[name] for name in COLUMNS])
    return prepare(asked.where(any_of(table.c.updated, "times"), table.c.trace.is_not(None)))


_TABLES = (RESOURCE, HISTORY)
_AT = tuple(map(_at, _TABLES))
_WAS = prepare(select(JOINED.c.person_id).where(any_of(JOINED.c.to_person, "persons")))
_OPEN = prepare(select(GRANT.c.person_id).where(*is_open(GRANT), GRANT.c.opens == literal(ALL)))
_PATIENTS = prepare(
    select(RESOURCE.c.person_id, RESOURCE.c.rid)
    .where(any_of(RESOURCE.c.person_id, "persons"), RESOURCE.c.rtype == bindparam("rtype"))
    .order_by(RESOURCE.c.deleted.desc(), RESOURCE.c.pk.desc())
)


def changes(span: Span, table: int, access: Access = EVERYTHING) -> Steps[list[Change]]:
    """The versions of a span, newest first, that `access` does not hide.

    `table`: 0 those that are current, 1 those before them.
    """
    values: dict[str, Any] = {"lo": span.lo, "hi": span.hi, "limit": span.limit, **access.bound}
    by = "all"
    if span.persons is not None:
        by, values["persons"] = "person", list(span.persons)
    elif span.entity is not None:
        by = "entity"
        values["rtype"], values["rid"] = span.entity
    found = yield _newest(by, _TABLES[table], access), values
    return [Change(*row) for row in found]


def changes_at(times: list[int]) -> Steps[list[Change]]:
    """All versions that were made at some times."""
    found: list[Change] = []
    for statement in _AT:
        rows = yield statement, {"times": times}
        found += [Change(*row) for row in rows]
    return found


def were(persons: Iterable[str]) -> Steps[frozenset[str]]:
    """The persons, and all who turned out to be one of them."""
    known = frozenset(persons)
    while True:
        found = yield _WAS, {"persons": sorted(known)}
        more = known | {row[0] for row in found}
        if more == known:
            return known
        known = more


def represented(access: Access) -> Steps[frozenset[str]]:
    """The persons of whom all is open to the caller, but for what is hidden from those who represent them."""
    found = yield _OPEN, dict(access.bound)
    return frozenset(row[0] for row in found)


def patients(persons: list[str]) -> Steps[dict[str, str]]:
    """person_id -> the id of the first Patient of the person, of one that is deleted where there is no other."""
    found = yield _PATIENTS, {"persons": persons, "rtype": "Patient"}
    return {row[0]: row[1] for row in found}
