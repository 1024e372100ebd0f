"""The numbers of a person are found by the person: two persons may turn out to be one (SR-14)."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("person_identifier_person", "person_identifier", ["person_id"])


def downgrade() -> None:
    op.drop_index("person_identifier_person", "person_identifier")
