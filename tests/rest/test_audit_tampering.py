"""Whatever is done to the audit log behind our back is found, on either database, and nothing else is (SR-33)."""

import asyncio
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from fhir_service.settings import Settings
from fhir_service.storage import open_audit, open_repository
from fhir_service.storage.sealing import CHAINS
from fhir_service.workflow.sealing import SETTLED, Sealer, Verified, verified
from tests import postgres
from tests.rest.conftest import BASE, Rest, opened_rest
from tests.rest.test_audit import patient
from tests.rest.test_audit_kept import SERVING


@dataclass
class Log:
    """A database in which something has happened, three times, and was sealed each time."""

    url: str
    folder: Path

    def happens(self, seals: int) -> None:
        for _ in range(seals):
            settings = Settings(database=self.url, mllp="", base_url=BASE, export_folder=self.folder / "e")
            with opened_rest(settings, self.folder / "k.db") as rest:
                self._once(rest)
            asyncio.run(self._sealed())

    def _once(self, rest: Rest) -> None:
        rid = patient(rest)
        for _ in range(3):
            rest.get(f"Patient/{rid}")
        rest.put({"resourceType": "Patient", "id": rid, "gender": "male"})

    async def _sealed(self) -> None:
        repository = open_repository(self.url, base_url=BASE, clock=lambda: datetime.now(UTC))
        audit = open_audit(self.url, clock=lambda: datetime.now(UTC))
        sealer = Sealer(repository, audit, lambda: datetime.now(UTC) + SETTLED, settles=True)
        for chain in CHAINS:
            await sealer.seal(chain)
        await audit.close()
        await repository.close()

    def verified(self) -> Verified:
        async def told() -> Verified:
            repository = open_repository(self.url, base_url=BASE, clock=lambda: datetime.now(UTC))
            audit = open_audit(self.url, clock=lambda: datetime.now(UTC))
            found = await verified(repository, audit)
            await audit.close()
            await repository.close()
            return found

        return asyncio.run(told())

    def tampered(self, *told: str) -> None:
        statements = list(told)
        for word, meant in WORDS.items():
            statements = [statement.replace(word, meant) for statement in statements]
        if self.url.startswith("sqlite"):
            for statement in statements:
                name = "k.audit.db" if "audit" in statement else "k.db"
                with closing(sqlite3.connect(self.folder / name)) as connection:
                    connection.execute(statement)
                    connection.commit()
            return

        async def done() -> None:
            connection = await asyncpg.connect(self.url)
            for statement in statements:
                await connection.execute(statement)
            await connection.close()

        asyncio.run(done())


@pytest.fixture(params=["sqlite", "postgresql"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Log]:
    with ExitStack() as opened:
        url = f"sqlite:///{tmp_path / 'k.db'}"
        if request.param == "postgresql":
            url = opened.enter_context(postgres.empty_database())
        made = Log(url, tmp_path)
        made.happens(3)
        assert made.verified().breaks == ()
        yield made


COLUMNS = "status, version, found, interaction, rtype, rid, organization, role, person, purpose, reason, basis"
WORDS = {":first": "(SELECT min(at) FROM audit)", ":last": "(SELECT max(at) FROM audit)", ":columns": COLUMNS}
TAMPERING: dict[str, tuple[tuple[str, ...], set[str]]] = {
    "changed": (("UPDATE audit SET role = 'ke' WHERE at = :first",), {"changed"}),
    "removed": (("DELETE FROM audit WHERE at = :first",), {"removed"}),
    "tail": (("DELETE FROM audit WHERE at = :last",), {"removed"}),
    "all rows": (("DELETE FROM audit",), {"removed"}),
    "inserted": (
        ("INSERT INTO audit SELECT at - 1, writer, :columns, request_id, parameters, persons FROM audit"
         " WHERE at = :last",),
        {"inserted"},
    ),
    "reordered": (
        ("UPDATE audit SET at = -1 WHERE at = :first", "UPDATE audit SET at = :first + 2 WHERE at = :last",
         "UPDATE audit SET at = :last + 5 WHERE at = -1"),
        {"removed", "inserted"},
    ),
    "seal changed": (("UPDATE audit_seal SET seal = 'x' WHERE chain = 'reads' AND number = 1",), {"seal"}),
    "seal removed": (("DELETE FROM audit_seal WHERE chain = 'reads' AND number = 2",), {"seal"}),
    "seals swapped": (
        ("UPDATE audit_seal SET number = 99 WHERE chain = 'reads' AND number = 1",
         "UPDATE audit_seal SET number = 1 WHERE chain = 'reads' AND number = 2",
         "UPDATE audit_seal SET number = 2 WHERE chain = 'reads' AND number = 99"),
        {"seal"},
    ),
    "end cut off": (
        ("DELETE FROM audit_seal WHERE chain = 'reads' AND number > 1",
         "DELETE FROM audit WHERE at >= (SELECT max(upto) FROM audit_seal WHERE chain = 'reads')"),
        {"cut"},
    ),
    "nothing left": (("DELETE FROM audit_seal", "DELETE FROM audit", "DELETE FROM audit_person"), {"cut"}),
    "version changed": (("UPDATE history SET body = resource.body FROM resource WHERE history.rid = resource.rid",),
                        {"changed"}),
    "trace changed": (("UPDATE history SET trace = '[]'",), {"changed"}),
    "trace removed": (("UPDATE resource SET trace = NULL WHERE rtype = 'Patient'",), {"changed"}),
    "version removed": (("DELETE FROM history WHERE rtype = 'Patient'",), {"removed"}),
    "version inserted": (
        ("INSERT INTO history (pk, rtype, rid, version, updated, deleted, tenant_id, sector, body)"
         " SELECT pk + 100, rtype, rid, 77, updated - 1, deleted, tenant_id, sector, body FROM history"
         " WHERE rtype = 'Patient'",),
        {"inserted"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("done", TAMPERING)
def test_what_was_done_is_found(log: Log, done: str) -> None:
    statements, what = TAMPERING[done]
    log.tampered(*statements)
    found = log.verified().breaks
    assert what <= {one.what for one in found}


def test_what_goes_on_is_no_break(log: Log) -> None:
    """Looked at while others write and seal."""
    settings = Settings(database=log.url, mllp="", base_url=BASE, export_folder=log.folder / "e")
    with opened_rest(settings, log.folder / "k.db") as rest:
        rid = patient(rest)
        for number in range(3):
            rest.together([("GET", f"Patient/{rid}", {}) for _ in range(50)])
            rest.put({"resourceType": "Patient", "id": rid, "birthDate": f"200{number}"})
            with ThreadPoolExecutor(1) as beside:
                assert beside.submit(log.verified).result().breaks == ()
    assert log.verified().breaks == ()


def test_what_a_dead_process_leaves_holds(tmp_path: Path) -> None:
    """Kill -9 while it writes and seals; the next one goes on with the chain."""
    url = f"sqlite:///{tmp_path / 'k.db'}"
    heads = []
    for _ in range(2):
        command = [sys.executable, "-c", SERVING, url]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
            assert process.stdout is not None
            wait_for(process.stdout, lambda: seals(tmp_path) > len(heads) * 2)
            process.send_signal(signal.SIGKILL)
        found = Log(url, tmp_path).verified()
        assert (found.breaks, found.rows > 0) == ((), True)
        heads.append(found.heads["reads"])
    assert len(set(heads)) == 2


def wait_for(lines: Iterator[str], held: Callable[[], bool]) -> None:
    """Read what is told until something holds."""
    next(line for line in lines if held())


def seals(folder: Path) -> int:
    """How many seals the log has."""
    with closing(sqlite3.connect(folder / "k.audit.db")) as connection:
        return int(connection.execute("SELECT count(*) FROM audit_seal").fetchone()[0])
