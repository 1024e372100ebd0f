"""The tables of the audit log (decision 25): of their own file on SQLite, beside the others on PostgreSQL.

Rows are added and never changed. Times are microseconds since 1970 UTC; `at` and `writer` name a row, and rows lie in
the order of time, so that newest-first is a walk along the key.
"""

from sqlalchemy import Column, MetaData, PrimaryKeyConstraint, Table

from fhir_service.storage.tables import BLOB, INT, TEXT

AUDIT_METADATA = MetaData()

AUDIT = Table(
    "audit",
    AUDIT_METADATA,
    *(Column(name, INT, nullable=False) for name in ("at", "writer", "status", "version", "found")),
    *(Column(name, TEXT, nullable=False) for name in ("interaction", "rtype", "rid", "organization", "role", "person")),
    *(Column(name, TEXT, nullable=False) for name in ("purpose", "reason", "basis", "request_id", "parameters")),
    Column("persons", TEXT, nullable=False),
    PrimaryKeyConstraint("at", "writer", name="audit_pk"),
    sqlite_with_rowid=False,
)
AUDIT_PERSON = Table(
    "audit_person",
    AUDIT_METADATA,
    Column("person_id", TEXT, nullable=False),
    Column("at", INT, nullable=False),
    Column("writer", INT, nullable=False),
    PrimaryKeyConstraint("person_id", "at", "writer", name="audit_person_pk"),
    sqlite_with_rowid=False,
)
"""Where a person is one of the `persons` of a row."""
AUDIT_SEAL = Table(
    "audit_seal",
    AUDIT_METADATA,
    Column("chain", TEXT, nullable=False),
    Column("number", INT, nullable=False),
    Column("upto", INT, nullable=False),
    Column("digests", BLOB, nullable=False),
    Column("seal", TEXT, nullable=False),
    PrimaryKeyConstraint("chain", "number", name="audit_seal_pk"),
)
"""The rows up to a time (excluded): a digest of each, and the hash of these together with the seal before."""
