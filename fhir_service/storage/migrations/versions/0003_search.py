"""Quantities, composites, positions and full text; histories of a type and of everything.

A migration stands for itself: it lists its tables as they were, whatever `tables.py` becomes.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
QTY = tuple((part, TEXT) for part in ("lo", "hi", "system", "code", "unit"))
COMPONENTS = tuple((part, TEXT) for part in ("x1", "y1", "x2", "y2", "x3", "y3", "system", "code", "unit"))
CMP = (*COMPONENTS, ("n", INT))
POS = tuple((part, INT) for part in ("z", "x", "y"))
SIDE: tuple[tuple[str, Sequence[tuple[str, Any]], tuple[str, ...]], ...] = (
    ("qty", QTY, ("param", "lo", "hi", "pk", "system", "code", "unit")),
    ("cmp", CMP, ("param", "x1", "x2", "pk", "n")),
    ("pos", POS, ("param", "z", "x", "y", "pk")),
)
INDEXES = (
    ("resource_updated", "resource", ("updated", "pk")),
    ("history_updated", "history", ("updated", "pk")),
    ("history_newest", "history", ("rtype", "updated", "pk")),
)
WORDS = {
    "sqlite": (
        "CREATE VIRTUAL TABLE fulltext_words USING fts5(narrative, content, content='fulltext', content_rowid='pk', "
        "detail=column, columnsize=0, tokenize='ascii')",
        "CREATE TRIGGER fulltext_added AFTER INSERT ON fulltext BEGIN "
        "INSERT INTO fulltext_words (rowid, narrative, content) VALUES (new.pk, new.narrative, new.content); END",
        "CREATE TRIGGER fulltext_removed AFTER DELETE ON fulltext BEGIN "
        "INSERT INTO fulltext_words (fulltext_words, rowid, narrative, content) "
        "VALUES ('delete', old.pk, old.narrative, old.content); END",
    ),
    "postgresql": tuple(
        f"CREATE INDEX fulltext_{column} ON fulltext USING gin (array_to_tsvector(string_to_array({column}, ' ')))"
        for column in ("narrative", "content")
    ),
}
"""What looks words up. The words are separated and folded before they come here: `ascii` leaves them as they are."""


def _int(*names: str) -> "list[sa.Column[Any]]":
    return [sa.Column(name, INT, nullable=False) for name in names]


def _belongs() -> "list[sa.Column[Any]]":
    others = [sa.Column(name, TEXT, nullable=False) for name in ("tenant_id", "sector")]
    return [sa.Column("person_id", TEXT, nullable=True), *others]


def upgrade() -> None:
    for name, parts, key in SIDE:
        columns = [*_int("param"), *(sa.Column(p, of, nullable=False) for p, of in parts), *_int("updated", "pk")]
        primary = sa.PrimaryKeyConstraint(*key, name=f"{name}_pk")
        op.create_table(name, *columns, *_belongs(), primary, sqlite_with_rowid=False)
        op.create_index(f"{name}_resource", name, ["pk", "param"])
    for index, table, columns_of in INDEXES:
        op.create_index(index, table, list(columns_of))
    _create_fulltext()


def _create_fulltext() -> None:
    op.create_table(
        "fulltext",
        sa.Column("pk", INT, primary_key=True, autoincrement=False),
        sa.Column("rtype", TEXT, nullable=False),
        *_int("updated"),
        *_belongs(),
        sa.Column("narrative", TEXT, nullable=False),
        sa.Column("content", TEXT, nullable=False),
    )
    progress = op.create_table("fulltext_progress", sa.Column("name", TEXT, primary_key=True), *_int("updated"))
    op.bulk_insert(progress, [{"name": "fulltext", "updated": 0}])
    for statement in WORDS[op.get_context().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    if op.get_context().dialect.name == "sqlite":
        op.execute("DROP TABLE fulltext_words")
    for index, table, _ in INDEXES:
        op.drop_index(index, table)
    for name in ("fulltext_progress", "fulltext", "pos", "cmp", "qty"):
        op.drop_table(name)
