"""Resources with all that a view of them is made from, in one statement (workflow.md 4.7); for both back-ends."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    FromClause,
    Text,
    and_,
    bindparam,
    cast,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
)

from fhir_service.storage.access import Access
from fhir_service.storage.constructs import any_of, filter_only, listed
from fhir_service.storage.homes import number_of
from fhir_service.storage.port import Stored
from fhir_service.storage.prepared import Prepared, prepare
from fhir_service.storage.rows import opened_labels, stored
from fhir_service.storage.statements import STORED, stored_columns
from fhir_service.storage.steps import Steps
from fhir_service.storage.tables import REF, RESOURCE


class HangsOn(msgspec.Struct, frozen=True):
    """What else the parts of a resource hang on. `own`: types of what the same person has; `named`: (parameter, types)
    of what it refers to by a search parameter."""

    own: tuple[str, ...] = ()
    named: tuple[tuple[str, tuple[str, ...]], ...] = ()


class Sighted(msgspec.Struct, frozen=True):
    """A current version and all that a view of it is made from, as of one moment.

    `labels`: what is open to the caller of its person; `beside`: which versions there are of what it `HangsOn`, a text
    for each type (`id time,` and so on), and one for each parameter (`type id time person,`); None: there are none.
    """

    stored: Stored
    labels: frozenset[str]
    beside: tuple[str | None, ...]


def sighted(rtype: str, rids: Sequence[str], access: Access, on: HangsOn) -> Steps[tuple[Sighted, ...]]:
    """The current versions, in no order; what is hidden is left out."""
    if len(rids) == 1:  # to read one through a list takes SQLite twice as long
        rows = yield _statement(rtype, access, on), {"rtype": rtype, "rid": rids[0], **access.bound}
    else:
        rows = yield _statement(rtype, access, on, several=True), {"rtype": rtype, "rids": list(rids), **access.bound}
    return tuple(map(_sighted, rows))


def _sighted(row: Any) -> Sighted:
    opened = len(STORED)
    return Sighted(stored(row), opened_labels(row[opened] or ""), tuple(row[opened + 1 :]))


@lru_cache(maxsize=64)
def _statement(rtype: str, access: Access, on: HangsOn, *, several: bool = False) -> Prepared:
    """The rows, what is open to the caller of their persons, and the versions of what they hang on."""
    opened = access.opened(RESOURCE) if access.opened else null()
    rid = any_of(RESOURCE.c.rid, "rids") if several else RESOURCE.c.rid == bindparam("rid")
    beside = (*[_of_same_person(one) for one in on.own], *[_named_by(rtype, *one) for one in on.named])
    chosen = select(*stored_columns(RESOURCE), opened, *beside)
    return prepare(chosen.where(RESOURCE.c.rtype == bindparam("rtype"), rid, access.of(RESOURCE)))


def _of_same_person(rtype: str) -> Any:
    other = RESOURCE.alias("own")
    same = other.c.person_id == RESOURCE.c.person_id
    return select(listed(_version_of(other))).where(same, other.c.rtype == literal(rtype)).scalar_subquery()


def _named_by(rtype: str, parameter: str, kinds: Iterable[str]) -> Any:
    """Whose they are may be another's: they go along when persons turn out to be one."""
    other, by = RESOURCE.alias("other"), REF.alias("by")
    of_kind = or_(*[filter_only(by.c.rtype) == literal(kind) for kind in kinds])
    names = (by.c.pk == RESOURCE.c.pk, by.c.param == number_of(rtype, parameter), of_kind)
    joined = by.join(other, and_(other.c.rtype == by.c.rtype, other.c.rid == by.c.target))
    told = other.c.rtype + _SPACE + _version_of(other) + _SPACE + func.coalesce(other.c.person_id, literal_column("''"))
    return select(listed(told)).select_from(joined).where(*names).scalar_subquery()


def _version_of(row: FromClause) -> ColumnElement[Any]:
    """`id time`: no two versions of a resource are of one time."""
    return row.c.rid + _SPACE + cast(row.c.updated, Text)


_SPACE: ColumnElement[str] = literal_column("' '", Text)
