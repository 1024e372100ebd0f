"""The log is sealed against change, and `knutepunkt audit verify` finds what was changed (decision 25)."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fhir_service.cli import program
from fhir_service.settings import Settings
from fhir_service.storage import open_audit, open_repository
from fhir_service.storage.sealing import CHAINS
from fhir_service.workflow.sealing import Sealer, Verified, verified
from tests import postgres
from tests.rest.conftest import BASE, opened_rest
from tests.rest.test_audit import patient


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(database=f"sqlite:///{tmp_path / 'k.db'}", mllp="", base_url=BASE, export_folder=tmp_path / "e")


def sealed(folder: Path) -> Verified:
    """Seal what is there and look at it."""
    url = f"sqlite:///{folder / 'k.db'}"

    async def told() -> Verified:
        repository = open_repository(url, base_url=BASE, clock=lambda: datetime.now(UTC))
        audit = open_audit(url, clock=lambda: datetime.now(UTC))
        sealer = Sealer(repository, audit, lambda: datetime.now(UTC) + timedelta(minutes=5), settles=False)
        for chain in CHAINS:
            await sealer.seal(chain)
        found = await verified(repository, audit)
        await audit.close()
        await repository.close()
        return found

    return asyncio.run(told())


@pytest.fixture
def log(settings: Settings, tmp_path: Path) -> Iterator[Path]:
    with opened_rest(settings, tmp_path / "k.db") as rest:
        rid = patient(rest)
        for _ in range(5):
            rest.get(f"Patient/{rid}")
        rest.put({"resourceType": "Patient", "id": rid, "gender": "male"})
    yield tmp_path


def test_what_was_sealed_holds(log: Path) -> None:
    found = sealed(log)
    assert (found.breaks, found.rows >= 7, found.seals >= 2) == ((), True, True)
    assert all(found.heads.values())


@pytest.mark.parametrize("tampering", [None, "DELETE FROM audit WHERE at = (SELECT min(at) FROM audit)"])
def test_the_command_says_whether_the_log_holds(log: Path, tampering: str | None) -> None:
    heads = sealed(log).heads
    if tampering:
        with closing(sqlite3.connect(log / "k.audit.db")) as connection:
            connection.execute(tampering)
            connection.commit()
    asked = ["audit", "verify", "--database", f"sqlite:///{log / 'k.db'}"]
    told = CliRunner().invoke(program, [*asked, "--holds", heads["reads"]])
    assert told.exit_code == (1 if tampering else 0), told.output
    assert ("a row was removed" in told.output) is bool(tampering)
    assert (heads["reads"] in told.output) is not bool(tampering)
    missing = CliRunner().invoke(program, [*asked, "--holds", "0" * 64])
    assert missing.exit_code == 1
    assert "there is no such seal" in missing.output


def test_rows_of_several_processes_are_sealed_when_nothing_earlier_comes(settings: Settings, tmp_path: Path) -> None:
    """PostgreSQL seals late."""
    with postgres.empty_database() as url:
        with opened_rest(settings.model_copy(update={"database": url}), tmp_path / "k.db") as rest:
            rid = patient(rest)
            rest.get(f"Patient/{rid}")
        before, after = asyncio.run(sealed_late(url))
    assert (before.breaks, after.breaks) == ((), ())
    assert after.rows > before.rows


async def sealed_late(url: str) -> tuple[Verified, Verified]:
    """Before anything can be, and when everything is."""
    repository = open_repository(url, base_url=BASE, clock=lambda: datetime.now(UTC))
    audit = open_audit(url, clock=lambda: datetime.now(UTC))
    now = Sealer(repository, audit, lambda: datetime(2026, 1, 1, tzinfo=UTC), settles=True)
    await now.seal("versions")
    before = await verified(repository, audit)
    later = Sealer(repository, audit, lambda: datetime.now(UTC) + timedelta(minutes=5), settles=True)
    for chain in CHAINS:
        await later.seal(chain)
    found = before, await verified(repository, audit)
    await audit.close()
    await repository.close()
    return found
