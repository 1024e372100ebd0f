"""The schema and its migrations: decision 40."""

import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from fhir_service.storage import StaleSchema, is_current, migrate, open_repository
from fhir_service.storage.port import Unavailable
from fhir_service.storage.schema import HEAD, MIGRATIONS
from fhir_service.storage.tables import METADATA, TYPED


def url(path: Path) -> str:
    return f"sqlite:///{path}"


def test_missing_file_is_not_current_and_is_not_made(tmp_path: Path) -> None:
    assert not is_current(url(tmp_path / "x.db"))
    assert list(tmp_path.iterdir()) == []


def test_empty_or_foreign_file_is_not_current(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    (tmp_path / "foreign.db").write_bytes(b"this is no database, but long enough to look at" * 20)
    assert not is_current(url(tmp_path / "empty.db"))
    assert not is_current(url(tmp_path / "foreign.db"))


def test_broken_file_is_unavailable_and_not_of_another_schema(path: Path) -> None:
    """Told to migrate, a user would only be sent to the next error."""
    content = path.read_bytes()
    path.write_bytes(content[:100] + bytes(len(content) - 100))
    with pytest.raises(Unavailable, match="malformed"):
        is_current(url(path))


def test_place_that_cannot_be_written_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "folder.db").mkdir()
    with pytest.raises(Unavailable, match="unable to open database file"):
        migrate(url(tmp_path / "folder.db"))


def _is_ours(name: str | None, kind: str, _: object) -> bool:
    """SQLite keeps the words of the full text in tables of its own."""
    return kind != "table" or not str(name).startswith("fulltext_words")


def test_migrating_makes_the_tables_that_the_code_uses(path: Path) -> None:
    assert is_current(url(path))
    engine = sa.create_engine(url(path))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_name": _is_ours})
        assert compare_metadata(context, METADATA) == []
        names = connection.execute(sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'table'")).all()
    engine.dispose()
    written = {name: re.sub(r"\s+", " ", sql) for name, sql in names}
    for table in METADATA.sorted_tables:
        rowid = table.dialect_options["sqlite"]["with_rowid"]
        assert ("WITHOUT ROWID" in written[table.name]) is not rowid, table.name


def test_first_migration_lists_the_typed_tables_itself() -> None:
    """A later change of a module under resources/ needs a migration of its own."""
    source = (MIGRATIONS / "versions" / "0001_first.py").read_text(encoding="utf-8")
    assert "fhir_service" not in source
    for typed in TYPED.values():
        assert f'"{typed.table.name}"' in source


def test_head_is_the_newest_revision() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_migration_can_be_taken_back(path: Path) -> None:
    from alembic import command

    engine = sa.create_engine(url(path))
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    assert sa.inspect(engine).get_table_names() == ["alembic_version"]
    engine.dispose()
    assert not is_current(url(path))


def test_second_migration_does_nothing_and_imports_no_alembic(path: Path) -> None:
    code = (
        "import sys; from fhir_service.storage import migrate;"
        f"migrate({url(path)!r}); assert not {{'alembic', 'sqlalchemy'}} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_stale_schema_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StaleSchema, match="knutepunkt migrate"):
        open_repository(url(tmp_path / "x.db"), base_url="http://x/fhir", clock=lambda: datetime.now(UTC))


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("postgresql+asyncpg://db/knutepunkt", "postgresql://USER"),
        ("postgresql://db:99999999/knutepunkt", "postgresql://USER"),
        ("postgresql://:secret@", "postgresql://USER"),
        ("postgresql://db/knutepunkt?options=-c", "postgresql://USER"),
        ("sqlite://", "sqlite:///FILE"),
        ("sqlite:///", "sqlite:///FILE"),
        ("sqlite:///:memory:", "sqlite:///FILE"),
        ("knutepunkt.db", "sqlite:///FILE"),
        ("mysql://x", "sqlite:///FILE"),
    ],
)
def test_url_that_cannot_be_served_is_told(wrong: str, told: str) -> None:
    for opening in (migrate, is_current):
        with pytest.raises(ValueError, match=told):
            opening(wrong)


def test_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no folder"):
        migrate(url(tmp_path / "nowhere" / "x.db"))


def test_relative_and_absolute_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    migrate("sqlite:///relative.db")
    assert (tmp_path / "relative.db").is_file()
    assert is_current(f"sqlite:///{tmp_path}/relative.db")
