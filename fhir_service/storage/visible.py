"""One resource, or one version of it, as far as a caller may see it (decision 34); for both back-ends."""

from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, Table, bindparam, select, union_all

from fhir_service.storage.access import Access
from fhir_service.storage.constructs import any_of
from fhir_service.storage.port import Stored
from fhir_service.storage.prepared import Prepared, prepare
from fhir_service.storage.rows import stored
from fhir_service.storage.statements import stored_columns
from fhir_service.storage.steps import Steps
from fhir_service.storage.tables import HISTORY, RESOURCE


@lru_cache(maxsize=64)
def one(access: Access) -> Prepared:
    """The current version of a bound `rtype` and `rid`."""
    named = (RESOURCE.c[name] == bindparam(name) for name in ("rtype", "rid"))
    return prepare(select(*stored_columns(RESOURCE)).where(*named, access.of(RESOURCE)))


@lru_cache(maxsize=64)
def several(access: Access) -> Prepared:
    """The current versions of a bound `rtype` and `rids`."""
    named = (RESOURCE.c.rtype == bindparam("rtype"), any_of(RESOURCE.c.rid, "rids"))
    return prepare(select(*stored_columns(RESOURCE)).where(*named, access.of(RESOURCE)))


@lru_cache(maxsize=64)
def one_version(access: Access) -> Prepared:
    """The version of a bound `rtype`, `rid` and `version`."""

    def of(table: Table) -> Select[Any]:
        named = (table.c[name] == bindparam(name) for name in ("rtype", "rid", "version"))
        return select(*stored_columns(table)).where(*named, access.of_version(table))

    return prepare(union_all(of(RESOURCE), of(HISTORY)))


def get(rtype: str, rid: str, access: Access) -> Steps[Stored | None]:
    """The current version, also when deleted; None as well where it is hidden."""
    rows = yield one(access), {"rtype": rtype, "rid": rid, **access.bound}
    return stored(rows[0]) if rows else None


def version(rtype: str, rid: str, number: int, access: Access) -> Steps[Stored | None]:
    """That version, also when it is a deletion; None as well where it is hidden."""
    rows = yield one_version(access), {"rtype": rtype, "rid": rid, "version": number, **access.bound}
    return stored(rows[0]) if rows else None


def seen(references: Iterable[tuple[str, str]], access: Access) -> Steps[frozenset[tuple[str, str]]]:
    """Those of (type, id) that there are, deleted ones too, and that are not hidden."""
    by_type: dict[str, list[str]] = defaultdict(list)
    for rtype, rid in references:
        by_type[rtype].append(rid)
    found: set[tuple[str, str]] = set()
    for rtype, rids in by_type.items():
        rows = yield several(access), {"rtype": rtype, "rids": rids, **access.bound}
        found.update((rtype, row[1]) for row in rows)
    return frozenset(found)
