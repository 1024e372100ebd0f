"""What is asked of the tables of the audit log; for both back-ends (`steps`)."""

from typing import Any

from sqlalchemy import Select, bindparam, insert, literal, select

from fhir_service.storage.audit import Kept, Row, Span
from fhir_service.storage.audit_tables import AUDIT, AUDIT_PERSON
from fhir_service.storage.constructs import any_of
from fhir_service.storage.prepared import prepare
from fhir_service.storage.steps import Steps

COLUMNS = ("at", "writer", *Kept.__struct_fields__)
INSERT = prepare(insert(AUDIT), COLUMNS)
NEWEST = prepare(select(AUDIT.c.at).order_by(AUDIT.c.at.desc()).limit(literal(1)))

_KEPT: Any = Kept


def _row(row: Any) -> Row:
    return Row(row[0], row[1], _KEPT(*row[2:-1], tuple(row[-1].split())))


def _columns() -> list[Any]:
    return [AUDIT.c[name] for name in COLUMNS]


def _within(at: Any) -> list[Any]:
    return [at >= bindparam("lo"), at < bindparam("hi")]


def _newest(asked: Select[Any]) -> Select[Any]:
    return asked.order_by(AUDIT.c.at.desc(), AUDIT.c.writer.desc()).limit(bindparam("limit"))


_ALL = prepare(_newest(select(*_columns()).where(*_within(AUDIT.c.at))))
_OF = prepare(
    _newest(
        select(*_columns()).where(
            *_within(AUDIT.c.at), AUDIT.c.rtype == bindparam("rtype"), AUDIT.c.rid == bindparam("rid")
        )
    )
)
_KEYS = select(AUDIT_PERSON.c.at, AUDIT_PERSON.c.writer).where(
    any_of(AUDIT_PERSON.c.person_id, "persons"), *_within(AUDIT_PERSON.c.at)
)
_NAMED = _KEYS.distinct().order_by(AUDIT_PERSON.c.at.desc(), AUDIT_PERSON.c.writer.desc()).limit(bindparam("limit"))
_NAMED_ROWS = _NAMED.subquery("named")
_OF_PERSONS = prepare(
    select(*_columns())
    .join_from(_NAMED_ROWS, AUDIT, (AUDIT.c.at == _NAMED_ROWS.c.at) & (AUDIT.c.writer == _NAMED_ROWS.c.writer))
    .order_by(AUDIT.c.at.desc(), AUDIT.c.writer.desc())
)
_ONE = prepare(select(*_columns()).where(AUDIT.c.at == bindparam("at"), AUDIT.c.writer == bindparam("writer")))


def rows(span: Span) -> Steps[list[Row]]:
    """The rows of a span."""
    values: dict[str, Any] = {"lo": span.lo, "hi": span.hi, "limit": span.limit}
    if span.persons is not None:
        found = yield _OF_PERSONS, {**values, "persons": list(span.persons)}
    elif span.entity is not None:
        found = yield _OF, {**values, "rtype": span.entity[0], "rid": span.entity[1]}
    else:
        found = yield _ALL, values
    return [_row(row) for row in found]


def one(at: int, writer: int) -> Steps[Row | None]:
    """The row of a name."""
    found = yield _ONE, {"at": at, "writer": writer}
    return _row(found[0]) if found else None
