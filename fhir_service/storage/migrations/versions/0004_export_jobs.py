"""Bulk exports: what was asked for, how far it is, and what came of it."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "export_job",
        sa.Column("job_id", TEXT, primary_key=True),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("asked", TEXT, nullable=False),
        sa.Column("started", INT, nullable=False),
        sa.Column("expires", INT, nullable=False),
        sa.Column("beat", INT, nullable=False),
        sa.Column("attempts", INT, nullable=False),
        sa.Column("worker", TEXT, nullable=False),
        sa.Column("progress", TEXT, nullable=False),
        sa.Column("output", TEXT, nullable=False),
    )
    op.create_index("export_job_state", "export_job", ["state", "started"])


def downgrade() -> None:
    op.drop_index("export_job_state", "export_job")
    op.drop_table("export_job")
