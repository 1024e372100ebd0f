"""The tables (stack.md 5). Columns are text, integer or blob only: the drivers are used without type processors.

- `resource` holds the current version of everything, `history` those before it: a body lies in one place.
- What a resource is found by lies in the narrow table of its type (parameters with one value: `TYPED`) or in the
  generic tables `tok`, `ref`, `str`, `dat`, `qty`, `cmp`, `pos`. Only what is not deleted has index rows. All carry the
  time of the resource's last change, so that newest-first is a walk along an index.
- `fulltext` holds the words of what was read for full text so far; it is brought up to date when somebody asks for it
  (ADR 0017). What looks words up is made by the migration: an FTS5 table on SQLite, GIN indexes on PostgreSQL.
- `in_force` carries INV-01 and INV-02 (decision 35, SR-12).
- `access_grant` says what of a person is open to whom; rows that are not open to a caller are in none of its answers.

Times are microseconds since 1970 UTC. Every row of a resource carries person, tenant and sector (decision 34).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from zlib import crc32

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

from fhir_service.resources import declared_types, resource_type
from fhir_service.search.query import ParameterType
from profiles.definitions import search_parameters

METADATA = MetaData()
INT = BigInteger().with_variant(Integer(), "sqlite")
TEXT = Text().with_variant(Text(collation="C"), "postgresql")
"""Compared by code point on both sides, so that ranges and order are the same."""
BLOB = LargeBinary()


def _int(name: str, **options: Any) -> "Column[Any]":
    return Column(name, INT, nullable=False, **options)


def _text(name: str, *, nullable: bool = False) -> "Column[Any]":
    return Column(name, TEXT, nullable=nullable)


def _belongs() -> "list[Column[Any]]":
    """To whom a row belongs: what access is decided by."""
    return [_text("person_id", nullable=True), _text("tenant_id"), _text("sector")]


def _version_columns() -> "list[Column[Any]]":
    named = [_text("rtype"), _text("rid"), _int("version"), _int("updated"), _int("deleted")]
    told = [_text("clock", nullable=True), _text("trace", nullable=True)]
    return [*named, *_belongs(), *told, Column("body", BLOB, nullable=False)]


RESOURCE = Table(
    "resource",
    METADATA,
    Column("pk", INT, primary_key=True),
    *_version_columns(),
    UniqueConstraint("rtype", "rid", name="resource_id"),
    Index("resource_newest", "rtype", "deleted", "updated"),
    Index("resource_person", "person_id", "rtype"),
    Index("resource_updated", "updated", "pk"),
)
HISTORY = Table(
    "history",
    METADATA,
    Column("pk", INT, primary_key=True),
    *_version_columns(),
    UniqueConstraint("rtype", "rid", "version", name="history_version"),
    Index("history_updated", "updated", "pk"),
    Index("history_newest", "rtype", "updated", "pk"),
)
IN_FORCE = Table(
    "in_force",
    METADATA,
    _text("person_id"),
    _text("kind"),
    _text("rtype"),
    _text("rid"),
    PrimaryKeyConstraint("person_id", "kind", name="in_force_pk"),
    Index("in_force_resource", "rtype", "rid"),
    sqlite_with_rowid=False,
)
PERSON_IDENTIFIER = Table(
    "person_identifier",
    METADATA,
    _text("system"),
    _text("value"),
    _text("person_id"),
    PrimaryKeyConstraint("value", "system", name="person_identifier_pk"),
    Index("person_identifier_person", "person_id"),
    sqlite_with_rowid=False,
)
GRANT = Table(
    "access_grant",
    METADATA,
    _text("person_id"),
    _text("who"),
    _text("role"),
    _text("opens"),
    _text("apart"),
    _int("starts"),
    _int("ends"),
    PrimaryKeyConstraint("person_id", "who", "role", "opens", "apart", "starts", name="access_grant_pk"),
    sqlite_with_rowid=False,
)
"""Who may see what of a person, and how long (decision 34). `opens`: a label as the rows have it (`|school|`), or `*`;
`apart`: but not what has this label (`|-representative|`), or empty."""
JOINED = Table(
    "audit_joined",
    METADATA,
    _text("person_id"),
    _text("to_person"),
    PrimaryKeyConstraint("person_id", "to_person", name="audit_joined_pk"),
    Index("audit_joined_to", "to_person"),
    sqlite_with_rowid=False,
)
"""Whom a person turned out to be: rows of the audit log from before name the old one."""
INSTALLATION = Table("installation", METADATA, Column("key", TEXT, primary_key=True), Column("value", BLOB))
INBOX = Table(
    "inbox",
    METADATA,
    Column("pk", INT, primary_key=True),
    _text("message_id"),
    _text("format"),
    _text("door"),
    _text("sender"),
    _text("control_id"),
    _text("kind"),
    _text("digest"),
    _int("received_at"),
    _text("state"),
    _int("attempts"),
    Column("settled_at", INT),
    _text("verdict", nullable=True),
    _text("code", nullable=True),
    Column("answer", BLOB),
    _text("issues", nullable=True),
    _text("binary_ref", nullable=True),
    _text("charset", nullable=True),
    _text("key_sender", nullable=True),
    _text("key_control_id", nullable=True),
    Column("body", BLOB, nullable=False),
    UniqueConstraint("message_id", name="inbox_message"),
    UniqueConstraint("key_sender", "key_control_id", name="inbox_key"),
    Index("inbox_state", "state"),
)
OUTBOX = Table(
    "outbox",
    METADATA,
    Column("pk", INT, primary_key=True),
    _text("outgoing_id"),
    _text("channel"),
    _text("kind"),
    _text("destination"),
    _text("payload"),
    _text("order_key"),
    _int("created_at"),
    _text("state"),
    _int("attempts"),
    Column("body", BLOB),
    _text("last_error", nullable=True),
    UniqueConstraint("outgoing_id", name="outbox_outgoing"),
    Index("outbox_state", "state"),
)

ANSWER = Table(
    "answer",
    METADATA,
    _text("caller"),
    _text("name"),
    _text("digest"),
    _int("at"),
    _text("answer"),
    PrimaryKeyConstraint("caller", "name", name="answer_pk"),
    Index("answer_at", "at"),
    sqlite_with_rowid=False,
)
"""What was answered to requests with an Idempotency-Key: which versions they made, never what is in them."""

EXPORT_JOB = Table(
    "export_job",
    METADATA,
    Column("job_id", TEXT, primary_key=True),
    _text("state"),
    _text("asked"),
    _int("started"),
    _int("expires"),
    _int("beat"),
    _int("attempts"),
    _text("worker"),
    _text("progress"),
    _text("output"),
    Index("export_job_state", "state", "started"),
)


PARTS: Mapping[ParameterType, tuple[tuple[str, Any], ...]] = {
    ParameterType.TOKEN: (("code", TEXT), ("system", TEXT)),
    ParameterType.REFERENCE: (("target", TEXT), ("rtype", TEXT)),
    ParameterType.STRING: (("norm", TEXT), ("exact", TEXT)),
    ParameterType.DATE: (("lo", INT), ("hi", INT)),
    ParameterType.QUANTITY: (("lo", TEXT), ("hi", TEXT), ("system", TEXT), ("code", TEXT), ("unit", TEXT)),
    ParameterType.COMPOSITE: (
        *((f"{part}{n}", TEXT) for n in (1, 2, 3) for part in ("x", "y")),
        *((name, TEXT) for name in ("system", "code", "unit")),
        ("n", INT),
    ),
    ParameterType.POSITION: (("z", INT), ("x", INT), ("y", INT)),
}
"""What the value of one parameter consists of, in the generic table and in a typed one. The first part is indexed.

A composite has up to three components of two parts each, all as texts that sort as the parts do, and one set of units
(the numbers beside a quantity have none); `n` counts the values of a resource. A position is a point on a sphere, in
centimetres from its centre: what lies near is then a matter of whole numbers, at the poles and the date line as well.
"""


def _side(ptype: ParameterType, name: str, key: Iterable[str]) -> Table:
    """A generic index table: its key serves the search, the index on `pk` the probe and the re-indexing."""
    return Table(
        name,
        METADATA,
        _int("param"),
        *(Column(part, kind, nullable=False) for part, kind in PARTS[ptype]),
        _int("updated"),
        _int("pk"),
        *_belongs(),
        PrimaryKeyConstraint(*key, name=f"{name}_pk"),
        Index(f"{name}_resource", "pk", "param"),
        sqlite_with_rowid=False,
    )


TOK = _side(ParameterType.TOKEN, "tok", ("param", "code", "updated", "pk", "system"))
REF = _side(ParameterType.REFERENCE, "ref", ("param", "target", "updated", "pk", "rtype"))
"""`target`: id of a resource here, or the address of one elsewhere; the two never look alike."""
STR = _side(ParameterType.STRING, "str", ("param", "norm", "pk", "exact"))
DAT = _side(ParameterType.DATE, "dat", ("param", "lo", "hi", "pk"))
QTY = _side(ParameterType.QUANTITY, "qty", ("param", "lo", "hi", "pk", "system", "code", "unit"))
CMP = _side(ParameterType.COMPOSITE, "cmp", ("param", "x1", "x2", "pk", "n"))
POS = _side(ParameterType.POSITION, "pos", ("param", "z", "x", "y", "pk"))
SIDE = {
    ParameterType.TOKEN: TOK,
    ParameterType.REFERENCE: REF,
    ParameterType.STRING: STR,
    ParameterType.DATE: DAT,
    ParameterType.QUANTITY: QTY,
    ParameterType.COMPOSITE: CMP,
    ParameterType.POSITION: POS,
}
FULLTEXT = Table(
    "fulltext",
    METADATA,
    Column("pk", INT, primary_key=True, autoincrement=False),
    _text("rtype"),
    _int("updated"),
    *_belongs(),
    _text("narrative"),
    _text("content"),
)
"""The words of a resource, each once, with a space between; none of what is deleted."""
FULLTEXT_PROGRESS = Table("fulltext_progress", METADATA, Column("name", TEXT, primary_key=True), _int("updated"))
"""One row: everything changed up to this time has been read for full text."""


@dataclass(frozen=True, slots=True)
class TypedTable:
    """The narrow index table of a resource type: one row per resource, one set of columns per parameter."""

    table: Table
    parameters: Mapping[str, ParameterType]


def column_names(parameter: str, ptype: ParameterType) -> tuple[str, ...]:
    """`("due", DATE)` -> `due_lo`, `due_hi`."""
    return tuple(f"{parameter.replace('-', '_')}_{part}" for part, _ in PARTS[ptype])


def typed_table(metadata: MetaData, rtype: str, parameters: Mapping[str, ParameterType]) -> TypedTable:
    """The table of `rtype`; each parameter has an index that ends with the time of the last change."""
    name = "typed" + re.sub("([A-Z])", r"_\1", rtype).lower()
    columns: list[Column[Any]] = []
    indexes: list[Index] = []
    for parameter, ptype in parameters.items():
        names = column_names(parameter, ptype)
        columns += [Column(n, kind) for n, (_, kind) in zip(names, PARTS[ptype], strict=True)]
        indexes.append(Index(f"{name}_{names[0]}", names[0], "updated"))
    key: Column[Any] = Column("pk", INT, primary_key=True, autoincrement=False)
    newest = Index(f"{name}_newest", "updated")
    table = Table(name, metadata, key, _int("updated"), *_belongs(), *columns, newest, *indexes)
    return TypedTable(table, parameters)


@cache
def parameter_id(rtype: str, parameter: str) -> int:
    """The stable number of a parameter in the generic tables. `tests/structure` finds no two with the same."""
    return crc32(f"{rtype}.{parameter}".encode())


def _parameter_type(rtype: str, parameter: str) -> ParameterType:
    own = {p.code: p.type for p in resource_type(rtype).parameters}
    return ParameterType(own.get(parameter) or search_parameters(rtype)[parameter].type)


def _typed(rtype: str) -> TypedTable:
    return typed_table(METADATA, rtype, {p: _parameter_type(rtype, p) for p in resource_type(rtype).typed})


TYPED: Mapping[str, TypedTable] = {rtype: _typed(rtype) for rtype in declared_types() if resource_type(rtype).typed}
"""The narrow tables by resource type, as the modules under `resources/` declare them; no setting changes them."""
