"""`subject` of the types with a narrow table of their own lies in a column there, and no longer in `ref`.

It names one resource, nearly always the patient, and is asked for more than anything else.
"""

from zlib import crc32

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
TYPES = {
    "CarePlan": "typed_care_plan",
    "CareTeam": "typed_care_team",
    "Communication": "typed_communication",
    "Encounter": "typed_encounter",
    "Flag": "typed_flag",
    "Goal": "typed_goal",
    "ServiceRequest": "typed_service_request",
    "Task": "typed_task",
}
BELONGS = "updated, pk, person_id, tenant_id, sector"


def _number(rtype: str) -> int:
    return crc32(f"{rtype}.subject".encode())


def upgrade() -> None:
    for rtype, table in TYPES.items():
        for part in ("target", "rtype"):
            op.add_column(table, sa.Column(f"subject_{part}", TEXT))
        named = f"FROM ref WHERE ref.pk = {table}.pk AND ref.param = {_number(rtype)}"
        op.execute(
            f"UPDATE {table} SET subject_target = (SELECT target {named}), subject_rtype = (SELECT rtype {named})"  # noqa: S608
        )
        op.execute(f"DELETE FROM ref WHERE param = {_number(rtype)}")  # noqa: S608
        op.create_index(f"{table}_subject_target", table, ["subject_target", "updated"])


def downgrade() -> None:
    for rtype, table in TYPES.items():
        op.execute(
            f"INSERT INTO ref (param, target, rtype, {BELONGS}) "  # noqa: S608
            f"SELECT {_number(rtype)}, subject_target, subject_rtype, {BELONGS} FROM {table} "
            "WHERE subject_target IS NOT NULL"
        )
        op.drop_index(f"{table}_subject_target", table)
        for part in ("rtype", "target"):
            op.drop_column(table, f"subject_{part}")
