"""Whom persons turned out to be, in the database on SQLite, too: written by the change that finds it out.

It lay in the file of the audit log, and was written when the change was done.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TABLE = "audit_joined"


def upgrade() -> None:
    bind = op.get_bind()
    if bind.dialect.name == "postgresql":
        return
    table = op.create_table(
        TABLE,
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("person_id", "to_person")),
        sa.PrimaryKeyConstraint("person_id", "to_person", name="audit_joined_pk"),
        sqlite_with_rowid=False,
    )
    op.create_index("audit_joined_to", TABLE, ["to_person"])
    found = _kept(Path(str(bind.engine.url.database)))
    if found:
        op.bulk_insert(table, [{"person_id": was, "to_person": now} for was, now in found])


def _kept(database: Path) -> list[tuple[str, str]]:
    """What the audit log beside the database has; it has none of a database from before there was a log."""
    beside = database.with_name(f"{database.stem}.audit.db")
    if not beside.is_file():
        return []
    with closing(sqlite3.connect(f"{beside.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (TABLE,)).fetchall():
            return []
        return connection.execute(f"SELECT person_id, to_person FROM {TABLE}").fetchall()  # noqa: S608 - a constant


def downgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        op.drop_table(TABLE)
