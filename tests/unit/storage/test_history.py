"""Old versions lie in `history`, the current one in `resource` alone."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from fhir_service.storage import migrate
from fhir_service.storage.schema import MIGRATIONS
from fhir_service.storage.sqlite import SqliteRepository
from tests.contract.database import Database, delete, put
from tests.contract.resources import patient
from tests.unit.storage.conftest import Tell


def lying_in(path: Path, table: str) -> Iterable[tuple[str, int]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(f"SELECT rid, version FROM {table} ORDER BY rid, version").fetchall()  # noqa: S608


def test_each_version_lies_in_one_place(told: Tell[None], path: Path) -> None:
    async def story(repository: SqliteRepository) -> None:
        for rid, times in (("once", 1), ("twice", 2), ("thrice", 3)):
            for _ in range(times):
                await put(repository, patient(rid))
        await delete(repository, "Patient", "twice")

    told(story)
    assert lying_in(path, "resource") == [("once", 1), ("thrice", 3), ("twice", 3)]
    assert lying_in(path, "history") == [("thrice", 1), ("thrice", 2), ("twice", 1), ("twice", 2)]


def test_instants_go_on_after_what_was_written_last(path: Path) -> None:  # SR-10
    """Whether that was a create or an update, and however old what it replaced."""
    database = Database(f"sqlite:///{path}")

    async def story(repository: SqliteRepository) -> None:
        for turn, rids in enumerate((("a", "b"), ("b",), ("a",), ("c",), ("b",))):
            database.clock.move(hours=1 if turn % 2 else -1)
            await put(repository, *map(patient, rids))

    async def again(repository: SqliteRepository) -> None:
        last = max([s.updated for rid in "abc" if (s := await repository.read("Patient", rid))])
        database.clock.now = last - timedelta(days=1)
        await put(repository, patient("d"))
        now = await repository.read("Patient", "d")
        assert now
        assert now.updated > last

    for one in (story, again, story, again):
        database.run(one)  # type: ignore[arg-type]


def test_database_of_the_first_schema_is_brought_along(told: Tell[None], path: Path) -> None:
    async def story(repository: SqliteRepository) -> None:
        await put(repository, patient("arne"))
        await put(repository, patient("arne"))
        await put(repository, patient("kari"))

    told(story)
    _downgrade(path)
    assert lying_in(path, "history") == [("arne", 1), ("arne", 2), ("kari", 1)]
    migrate(f"sqlite:///{path}")
    assert lying_in(path, "history") == [("arne", 1)]

    async def more(repository: SqliteRepository) -> None:
        await put(repository, patient("arne"))
        bodies = [await repository.vread("Patient", "arne", version) for version in (1, 2, 3)]
        assert [b.body for b in bodies if b] == [b"Patient/arne 1", b"Patient/arne 2", b"Patient/arne 3"]

    told(more)


def _downgrade(path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{path}")
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")
    engine.dispose()
