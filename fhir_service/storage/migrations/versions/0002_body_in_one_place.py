"""`history` holds the versions before the current one, which lies in `resource` alone."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

COLUMNS = "rtype, rid, version, updated, deleted, person_id, tenant_id, sector, clock, body"


def upgrade() -> None:
    op.execute("DELETE FROM history WHERE (rtype, rid, version) IN (SELECT rtype, rid, version FROM resource)")


def downgrade() -> None:
    op.execute(f"INSERT INTO history ({COLUMNS}) SELECT {COLUMNS} FROM resource ORDER BY updated, pk")  # noqa: S608
