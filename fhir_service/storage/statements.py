"""The statements that are always the same, written once in Core and compiled at import (decision 21).

Names of bound values stand in the statements; lists are bound whole (`constructs.any_of`).
"""

from functools import lru_cache
from typing import Any

from sqlalchemy import (
    FromClause,
    Select,
    Table,
    and_,
    bindparam,
    delete,
    func,
    insert,
    literal,
    select,
    union,
    union_all,
    update,
)
from sqlalchemy.sql.dml import UpdateBase

from fhir_service.search import patient_parameter
from fhir_service.storage.constructs import any_of, filter_only
from fhir_service.storage.prepared import Prepared, prepare
from fhir_service.storage.tables import (
    ANSWER,
    FULLTEXT,
    GRANT,
    HISTORY,
    IN_FORCE,
    INBOX,
    INSTALLATION,
    JOINED,
    OUTBOX,
    PERSON_IDENTIFIER,
    REF,
    RESOURCE,
    SIDE,
    TOK,
    TYPED,
    column_names,
    parameter_id,
)

STORED = ("rtype", "rid", "version", "updated", "body", "deleted", "person_id", "clock", "sector")
VERSION = tuple(c.name for c in HISTORY.c if c.name != "pk")


def stored_columns(table: FromClause) -> list[Any]:
    """The columns that make a `Stored`, in the order of its fields."""
    return [table.c[name] for name in STORED]


def _resources() -> Select[Any]:
    return select(*stored_columns(RESOURCE))


# Reading resources

GET = prepare(_resources().where(RESOURCE.c.rtype == bindparam("rtype"), RESOURCE.c.rid == bindparam("rid")))
GET_MANY = prepare(_resources().where(RESOURCE.c.rtype == bindparam("rtype"), any_of(RESOURCE.c.rid, "rids")))


def _version_in(table: Table) -> Select[Any]:
    named = (table.c[name] == bindparam(name) for name in ("rtype", "rid", "version"))
    return select(*stored_columns(table)).where(*named)


GET_VERSION = prepare(union_all(_version_in(RESOURCE), _version_in(HISTORY)))


def _last_update() -> Any:
    """The newest write made a resource, the last of `resource`, or replaced one: the last of `history`."""
    last = select(HISTORY.c.rtype, HISTORY.c.rid).order_by(HISTORY.c.pk.desc()).limit(literal(1)).subquery("last")
    same = and_(RESOURCE.c.rtype == last.c.rtype, RESOURCE.c.rid == last.c.rid)
    replaced = select(RESOURCE.c.updated).select_from(last.join(RESOURCE, same))
    made = select(RESOURCE.c.updated).where(RESOURCE.c.pk == select(func.max(RESOURCE.c.pk)).scalar_subquery())
    return select(func.max(union_all(made, replaced).subquery("written").c.updated))


LAST_UPDATE = prepare(_last_update())
BY_IDENTIFIERS = prepare(
    select(*stored_columns(RESOURCE), TOK.c.system, TOK.c.code)
    .select_from(TOK.join(RESOURCE, RESOURCE.c.pk == TOK.c.pk))
    .where(any_of(TOK.c.param, "params"), any_of(TOK.c.code, "codes"))
    .order_by(RESOURCE.c.pk)
)
OF_PERSONS = prepare(
    _resources()
    .where(
        any_of(RESOURCE.c.person_id, "persons"),
        any_of(filter_only(RESOURCE.c.rtype), "rtypes"),
        filter_only(RESOURCE.c.deleted) == literal(0),
    )
    .order_by(RESOURCE.c.pk)
)
PERSONS = prepare(
    select(PERSON_IDENTIFIER.c.system, PERSON_IDENTIFIER.c.value, PERSON_IDENTIFIER.c.person_id).where(
        any_of(PERSON_IDENTIFIER.c.value, "values")
    )
)

NUMBERED = prepare(
    select(PERSON_IDENTIFIER.c.person_id).distinct().where(any_of(PERSON_IDENTIFIER.c.person_id, "persons"))
)
OF_PERSON = prepare(
    select(RESOURCE.c.pk, RESOURCE.c.rtype, RESOURCE.c.rid).where(RESOURCE.c.person_id == bindparam("person"))
)
"""(pk, rtype, rid) of everything that is the bound `person`'s, deleted or not."""


def _typed_of_patients(rtype: str) -> Select[Any] | None:
    """None where the type has no column for it."""
    typed, patient = TYPED.get(rtype), patient_parameter(rtype)
    if typed is None or patient is None or patient not in typed.parameters:
        return None
    target, kind = column_names(patient, typed.parameters[patient])
    return select(typed.table.c.pk).where(any_of(typed.table.c[target], "patients"), typed.table.c[kind] == "Patient")


def _pks_of_patients(rtypes: tuple[str, ...]) -> Any:
    """pk of what belongs to the bound `patients`: the Patient itself, and what names it as its patient."""
    parts: list[Select[Any]] = []
    if "Patient" in rtypes:
        own = select(RESOURCE.c.pk).where(RESOURCE.c.rtype == "Patient", any_of(RESOURCE.c.rid, "patients"))
        parts.append(own)
    parts.extend(typed for rtype in rtypes if (typed := _typed_of_patients(rtype)) is not None)
    named = (
        select(REF.c.pk)
        .distinct()
        .where(any_of(REF.c.param, "params"), any_of(REF.c.target, "patients"), REF.c.rtype == "Patient")
    )
    return union(*parts, named)


@lru_cache(maxsize=256)
def of_patients(rtypes: tuple[str, ...]) -> Prepared:
    """Current resources of these types that belong to the bound `patients`; `params` as from `patient_params`."""
    chosen = _pks_of_patients(rtypes).subquery("belonging")
    joined = chosen.join(RESOURCE, RESOURCE.c.pk == chosen.c.pk)
    wanted = _resources().select_from(joined).where(RESOURCE.c.deleted == literal(0)).order_by(RESOURCE.c.pk)
    return prepare(wanted)


@lru_cache(maxsize=256)
def patient_params(rtypes: tuple[str, ...]) -> tuple[int, ...]:
    """Numbers of the parameters that name the patient of these types in the generic tables."""
    return tuple(parameter_id(rtype, named) for rtype in rtypes if (named := patient_parameter(rtype)))


# Messages

INBOX_ROW = (
    "message_id", "format", "door", "sender", "control_id", "kind", "digest", "received_at", "state", "attempts",
    "verdict", "code", "answer", "issues", "binary_ref", "body", "charset",
)  # fmt: skip
OUTBOX_ROW = (
    "outgoing_id", "channel", "kind", "destination", "payload", "order_key", "created_at", "state", "attempts",
    "body", "last_error",
)  # fmt: skip
RECEIVED, SETTLED, QUARANTINED = "received", "settled", "quarantined"
QUEUED = "queued"
DONE_WITH = ("acknowledged", "failed", "parked", "withdrawn")


def _inbox() -> Select[Any]:
    return select(*[INBOX.c[name] for name in INBOX_ROW])


MESSAGE = prepare(
    _inbox().where(INBOX.c.key_sender == bindparam("sender"), INBOX.c.key_control_id == bindparam("control_id"))
)
_place = select(INBOX.c.pk).where(INBOX.c.message_id == bindparam("after")).scalar_subquery()
UNFINISHED = prepare(
    _inbox()
    .where(INBOX.c.state == RECEIVED, INBOX.c.pk > func.coalesce(_place, literal(0)))
    .order_by(INBOX.c.pk)
    .limit(literal(1))
)
INBOX_NEWEST = prepare(_inbox().order_by(INBOX.c.pk.desc()).limit(bindparam("limit")))


def _outbox() -> Select[Any]:
    return select(*[OUTBOX.c[name] for name in OUTBOX_ROW]).limit(bindparam("limit"))


_turn = func.row_number().over(partition_by=OUTBOX.c.destination, order_by=OUTBOX.c.pk)
OUTBOX_QUEUED = prepare(_outbox().where(OUTBOX.c.state == QUEUED).order_by(_turn, OUTBOX.c.pk))
"""Oldest first of every destination in turn: the backlog of a dead receiver hides nothing of the others (SR-5)."""
OUTBOX_DONE = prepare(_outbox().where(OUTBOX.c.state.in_([literal(s) for s in DONE_WITH])).order_by(OUTBOX.c.pk.desc()))
ATTEMPT = prepare(
    update(INBOX)
    .where(INBOX.c.message_id == bindparam("of_message"))
    .values(attempts=INBOX.c.attempts + 1)
    .returning(INBOX.c.attempts)
)
QUARANTINE = prepare(
    update(INBOX)
    .where(INBOX.c.message_id == bindparam("of_message"), INBOX.c.state == RECEIVED)
    .values(state=QUARANTINED)
    .returning(INBOX.c.pk)
)
SETTLE = prepare(
    update(INBOX).where(INBOX.c.message_id == bindparam("of_message")),
    ("state", "settled_at", "verdict", "code", "answer", "issues", "binary_ref"),
)
NOTE_DELIVERY = prepare(
    update(OUTBOX)
    .where(OUTBOX.c.outgoing_id == bindparam("of_outgoing"))
    .values(attempts=OUTBOX.c.attempts + 1, body=func.coalesce(bindparam("rendered"), OUTBOX.c.body))
    .returning(OUTBOX.c.pk),
    ("state", "last_error"),
)
RECEIVE = prepare(insert(INBOX), [c.name for c in INBOX.c if c.name != "pk"])
ANSWERED = prepare(select(*ANSWER.c).where(ANSWER.c.caller == bindparam("caller"), ANSWER.c.name == bindparam("name")))
KEEP_ANSWER = prepare(insert(ANSWER), ANSWER.c.keys())
FORGET_ANSWERS = prepare(delete(ANSWER).where(ANSWER.c.at < bindparam("before")).returning(ANSWER.c.at))
SEND = prepare(insert(OUTBOX), [c.name for c in OUTBOX.c if c.name != "pk"])
GET_SECRET = prepare(select(INSTALLATION.c.value).where(INSTALLATION.c.key == "secret"))
SET_SECRET = prepare(insert(INSTALLATION).returning(INSTALLATION.c.value), ("key", "value"))

# Writing resources

INSERT_RESOURCE = prepare(insert(RESOURCE), VERSION)
_REPLACED = and_(
    RESOURCE.c.rtype == bindparam("of_rtype"),
    RESOURCE.c.rid == bindparam("of_rid"),
    RESOURCE.c.version == bindparam("of_version"),
)
KEEP_VERSION = prepare(insert(HISTORY).from_select(VERSION, select(*[RESOURCE.c[n] for n in VERSION]).where(_REPLACED)))
UPDATE_RESOURCE = prepare(
    update(RESOURCE)
    .where(_REPLACED)
    .values(clock=func.coalesce(bindparam("new_clock"), RESOURCE.c.clock))
    .returning(RESOURCE.c.pk),
    [name for name in VERSION if name not in ("rtype", "rid", "clock")],
)
INSERT_SIDE = {table: prepare(insert(table), table.c.keys()) for table in SIDE.values()}
DELETE_SIDE = {table: prepare(delete(table).where(table.c.pk == bindparam("pk"))) for table in INSERT_SIDE}
DELETE_TYPED = {rtype: prepare(delete(t.table).where(t.table.c.pk == bindparam("pk"))) for rtype, t in TYPED.items()}

# Persons, who may see what of them, and what is in force

CLEAR_GRANTS = prepare(delete(GRANT).where(GRANT.c.person_id == bindparam("person_id")))
GIVE = prepare(insert(GRANT), GRANT.c.keys())

CLAIM = prepare(insert(IN_FORCE), IN_FORCE.c.keys())
LEAVE = prepare(delete(IN_FORCE).where(IN_FORCE.c.rtype == bindparam("rtype"), IN_FORCE.c.rid == bindparam("rid")))


def _move(statement: UpdateBase) -> Prepared:
    return prepare(statement, ("person_id",))


MOVE_IN_FORCE = _move(
    update(IN_FORCE).where(IN_FORCE.c.rtype == bindparam("of_rtype"), IN_FORCE.c.rid == bindparam("of_rid"))
)
MOVE_HISTORY = _move(
    update(HISTORY).where(HISTORY.c.rtype == bindparam("of_rtype"), HISTORY.c.rid == bindparam("of_rid"))
)
MOVE_NUMBERS = _move(update(PERSON_IDENTIFIER).where(PERSON_IDENTIFIER.c.person_id == bindparam("of_person")))
JOIN = prepare(insert(JOINED), JOINED.c.keys())
MOVE_ROWS = {
    table: _move(update(table).where(any_of(table.c.pk, "pks")))
    for table in (RESOURCE, FULLTEXT, *SIDE.values(), *(t.table for t in TYPED.values()))
}
