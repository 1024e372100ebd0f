"""Who made a version, and by what request (`trace`); on PostgreSQL the audit log of reads and refusals.

On SQLite that log is a file of its own, which the service makes. What is there already has no trace: it was written
before this was kept.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NUMBERS = ("at", "writer", "status", "version", "found")
TEXTS = (
    "interaction", "rtype", "rid", "organization", "role", "person", "purpose", "reason", "basis", "request_id",
    "parameters", "persons",
)  # fmt: skip


def upgrade() -> None:
    for table in ("resource", "history"):
        op.add_column(table, sa.Column("trace", TEXT))
    if op.get_bind().dialect.name != "postgresql":
        return
    op.create_table(
        "audit",
        *(sa.Column(name, INT, nullable=False) for name in NUMBERS),
        *(sa.Column(name, TEXT, nullable=False) for name in TEXTS),
        sa.PrimaryKeyConstraint("at", "writer", name="audit_pk"),
    )
    op.create_table(
        "audit_person",
        sa.Column("person_id", TEXT, nullable=False),
        *(sa.Column(name, INT, nullable=False) for name in ("at", "writer")),
        sa.PrimaryKeyConstraint("person_id", "at", "writer", name="audit_person_pk"),
    )
    op.create_table(
        "audit_joined",
        *(sa.Column(name, TEXT, nullable=False) for name in ("person_id", "to_person")),
        sa.PrimaryKeyConstraint("person_id", "to_person", name="audit_joined_pk"),
    )
    op.create_index("audit_joined_to", "audit_joined", ["to_person"])
    op.create_table(
        "audit_seal",
        sa.Column("chain", TEXT, nullable=False),
        *(sa.Column(name, INT, nullable=False) for name in ("number", "upto")),
        sa.Column("digests", sa.LargeBinary(), nullable=False),
        sa.Column("seal", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("chain", "number", name="audit_seal_pk"),
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in ("audit_seal", "audit_joined", "audit_person", "audit"):
            op.drop_table(table)
    for table in ("history", "resource"):
        op.drop_column(table, "trace")
