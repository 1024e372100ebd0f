"""Everything: resources and their index, what is in force, persons, inbox and outbox.

A migration stands for itself: it lists its tables as they were, whatever `tables.py` becomes.
"""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
BLOB = sa.LargeBinary()
PARTS: dict[str, tuple[tuple[str, Any], tuple[str, Any]]] = {
    "token": (("code", TEXT), ("system", TEXT)),
    "reference": (("target", TEXT), ("rtype", TEXT)),
    "date": (("lo", INT), ("hi", INT)),
    "string": (("norm", TEXT), ("exact", TEXT)),
}
SIDE = {
    "tok": ("token", ("param", "code", "updated", "pk", "system")),
    "ref": ("reference", ("param", "target", "updated", "pk", "rtype")),
    "str": ("string", ("param", "norm", "pk", "exact")),
    "dat": ("date", ("param", "lo", "hi", "pk")),
}
TYPED: dict[str, tuple[tuple[str, str], ...]] = {
    "typed_audit_event": (
        ("date", "date"),
        ("action", "token"),
        ("outcome", "token"),
    ),
    "typed_care_plan": (
        ("patient", "reference"),
        ("status", "token"),
        ("intent", "token"),
        ("date", "date"),
    ),
    "typed_care_team": (
        ("patient", "reference"),
        ("status", "token"),
        ("date", "date"),
    ),
    "typed_communication": (
        ("patient", "reference"),
        ("status", "token"),
        ("sent", "date"),
    ),
    "typed_consent": (
        ("patient", "reference"),
        ("status", "token"),
        ("date", "date"),
    ),
    "typed_encounter": (
        ("patient", "reference"),
        ("status", "token"),
        ("date", "date"),
        ("class", "token"),
    ),
    "typed_flag": (
        ("patient", "reference"),
        ("status", "token"),
    ),
    "typed_goal": (
        ("patient", "reference"),
        ("lifecycle_status", "token"),
    ),
    "typed_patient": (
        ("birthdate", "date"),
        ("gender", "token"),
        ("active", "token"),
    ),
    "typed_service_request": (
        ("patient", "reference"),
        ("status", "token"),
        ("intent", "token"),
        ("requester", "reference"),
        ("encounter", "reference"),
        ("authored", "date"),
    ),
    "typed_task": (
        ("patient", "reference"),
        ("status", "token"),
        ("owner", "reference"),
        ("focus", "reference"),
        ("due", "date"),
        ("authored_on", "date"),
    ),
}
ALL = ("resource", "history", "in_force", "person_identifier", "installation", "inbox", "outbox", *SIDE, *TYPED)


def _int(*names: str, nullable: bool = False) -> "list[sa.Column[Any]]":
    return [sa.Column(name, INT, nullable=nullable) for name in names]


def _text(*names: str, nullable: bool = False) -> "list[sa.Column[Any]]":
    return [sa.Column(name, TEXT, nullable=nullable) for name in names]


def _belongs() -> "list[sa.Column[Any]]":
    return [*_text("person_id", nullable=True), *_text("tenant_id", "sector")]


def _pk(*, made_here: bool = True) -> "sa.Column[Any]":
    return sa.Column("pk", INT, primary_key=True, autoincrement="auto" if made_here else False)


def _version() -> "list[sa.Column[Any]]":
    numbers = [*_int("version", "updated", "deleted"), *_belongs(), *_text("clock", nullable=True)]
    return [*_text("rtype", "rid"), *numbers, sa.Column("body", BLOB, nullable=False)]


def _index(name: str, table: str, columns: Iterable[str]) -> None:
    op.create_index(name, table, list(columns))


def upgrade() -> None:
    _create_resources()
    for name, (kind, key) in SIDE.items():
        _create_side(name, kind, key)
    for name, parameters in TYPED.items():
        _create_typed(name, parameters)
    _create_persons()
    _create_messages()


def _create_resources() -> None:
    op.create_table("resource", _pk(), *_version(), sa.UniqueConstraint("rtype", "rid", name="resource_id"))
    _index("resource_newest", "resource", ("rtype", "deleted", "updated"))
    _index("resource_person", "resource", ("person_id", "rtype"))
    one_version = sa.UniqueConstraint("rtype", "rid", "version", name="history_version")
    op.create_table("history", _pk(), *_version(), one_version)


def _create_side(name: str, kind: str, key: tuple[str, ...]) -> None:
    value: list[sa.Column[Any]] = [sa.Column(part, of, nullable=False) for part, of in PARTS[kind]]
    columns = [*_int("param"), *value, *_int("updated", "pk"), *_belongs()]
    op.create_table(name, *columns, sa.PrimaryKeyConstraint(*key, name=f"{name}_pk"), sqlite_with_rowid=False)
    _index(f"{name}_resource", name, ("pk", "param"))


def _create_typed(name: str, parameters: tuple[tuple[str, str], ...]) -> None:
    value: list[sa.Column[Any]] = [sa.Column(f"{p}_{part}", of) for p, kind in parameters for part, of in PARTS[kind]]
    op.create_table(name, _pk(made_here=False), *_int("updated"), *_belongs(), *value)
    _index(f"{name}_newest", name, ("updated",))
    for parameter, kind in parameters:
        first = f"{parameter}_{PARTS[kind][0][0]}"
        _index(f"{name}_{first}", name, (first, "updated"))


def _create_persons() -> None:
    one_each = sa.PrimaryKeyConstraint("person_id", "kind", name="in_force_pk")
    columns = _text("person_id", "kind", "rtype", "rid")
    op.create_table("in_force", *columns, one_each, sqlite_with_rowid=False)
    _index("in_force_resource", "in_force", ("rtype", "rid"))
    one_person = sa.PrimaryKeyConstraint("value", "system", name="person_identifier_pk")
    op.create_table("person_identifier", *_text("system", "value", "person_id"), one_person, sqlite_with_rowid=False)


def _create_messages() -> None:
    op.create_table("installation", sa.Column("key", TEXT, primary_key=True), sa.Column("value", BLOB))
    op.create_table(
        "inbox",
        _pk(),
        *_text("message_id", "format", "door", "sender", "control_id", "kind", "digest"),
        *_int("received_at"),
        *_text("state"),
        *_int("attempts"),
        *_int("settled_at", nullable=True),
        *_text("verdict", "code", nullable=True),
        sa.Column("answer", BLOB),
        *_text("issues", "binary_ref", "charset", "key_sender", "key_control_id", nullable=True),
        sa.Column("body", BLOB, nullable=False),
        sa.UniqueConstraint("message_id", name="inbox_message"),
        sa.UniqueConstraint("key_sender", "key_control_id", name="inbox_key"),
    )
    _index("inbox_state", "inbox", ("state",))
    op.create_table(
        "outbox",
        _pk(),
        *_text("outgoing_id", "channel", "kind", "destination", "payload", "order_key"),
        *_int("created_at"),
        *_text("state"),
        *_int("attempts"),
        sa.Column("body", BLOB),
        *_text("last_error", nullable=True),
        sa.UniqueConstraint("outgoing_id", name="outbox_outgoing"),
    )
    _index("outbox_state", "outbox", ("state",))


def downgrade() -> None:
    for name in reversed(ALL):
        op.drop_table(name)
