"""What was answered to requests with an Idempotency-Key (workflow.md 7.3)."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "answer",
        *(sa.Column(name, TEXT, nullable=False) for name in ("caller", "name", "digest")),
        sa.Column("at", INT, nullable=False),
        sa.Column("answer", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("caller", "name", name="answer_pk"),
        sqlite_with_rowid=False,
    )
    op.create_index("answer_at", "answer", ["at"])


def downgrade() -> None:
    op.drop_table("answer")
