"""The suite runs against each back-end; SQLite's files lie in a temporary folder, never `:memory:` (decision 41)."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from fhir_service.storage import migrate
from tests import postgres
from tests.contract.database import Database


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy: migrating takes longer than most tests."""
    path = tmp_path_factory.mktemp("schema") / "empty.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path, empty_file: Path) -> Iterator[Database]:
    """An empty database with the schema of this version."""
    if request.param == "postgresql":
        with postgres.empty_database() as url:
            yield Database(url)
        return
    shutil.copy(empty_file, tmp_path / "knutepunkt.db")
    yield Database(f"sqlite:///{tmp_path / 'knutepunkt.db'}")
