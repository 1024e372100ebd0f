"""What was answered is in the log, whatever breaks (SR-33, decision 25)."""

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from fhir_service.settings import Mode, Settings
from tests.rest.conftest import BASE, code, opened_rest
from tests.rest.test_audit import events, kinds, patient


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(database=f"sqlite:///{tmp_path / 'k.db'}", mllp="", base_url=BASE, export_folder=tmp_path / "e")


def test_a_read_that_cannot_be_kept_is_not_answered(settings: Settings, tmp_path: Path) -> None:
    """SR-33: 503, and again as it was when the trouble is over."""
    with opened_rest(settings, tmp_path / "k.db") as rest:
        rid = patient(rest)
        (tmp_path / "k.audit.db").rename(tmp_path / "elsewhere.db")
        gone = rest.get(f"Patient/{rid}")
        assert (gone.status_code, code(gone)) == (503, "temporary")
        assert (
            rest(
                "POST",
                "",
                json={
                    "resourceType": "Bundle",
                    "type": "transaction",
                    "entry": [{"request": {"method": "GET", "url": f"Patient/{rid}"}}],
                },
            ).status_code
            == 504
        )
        assert rest.stored({"resourceType": "Patient"})["id"]
        (tmp_path / "elsewhere.db").rename(tmp_path / "k.audit.db")
        assert rest.get(f"Patient/{rid}").status_code == 200


def test_reads_are_not_kept_where_that_is_switched_off(settings: Settings, tmp_path: Path) -> None:
    with opened_rest(settings.model_copy(update={"audit_reads": False}), tmp_path / "k.db") as rest:
        rid = patient(rest)
        rest.get(f"Patient/{rid}")
        assert kinds(events(rest, "")) == {"create": 1}
    with pytest.raises(ValueError, match="audit_reads"):
        Settings(audit_reads=False, mode=Mode.PRODUCTION)


def test_a_durable_log_waits_for_the_disk(settings: Settings, tmp_path: Path) -> None:
    with opened_rest(settings.model_copy(update={"audit_durable": True}), tmp_path / "k.db") as rest:
        rid = patient(rest)
        rest.get(f"Patient/{rid}")
        assert kinds(events(rest, f"patient={rid}")) == {"read": 1, "create": 1}


SERVING = """
import asyncio, sys, os
from contextlib import AsyncExitStack
import httpx
from fhir_service.app import create_app
from fhir_service.settings import Settings
async def main():
    app = create_app(Settings(database=sys.argv[1], mllp="", base_url="http://t/fhir"))
    async with AsyncExitStack() as opened:
        await opened.enter_async_context(app.running())
        client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://t/fhir")
        rid = (await client.post("/Patient", json={"resourceType": "Patient"})).json()["id"]
        done = 0
        while True:
            await asyncio.gather(*[client.get(f"/Patient/{rid}") for _ in range(10)])
            done += 10
            print("done", done, flush=True)
asyncio.run(main())
"""


def test_no_acknowledged_read_is_lost_when_the_process_dies(tmp_path: Path) -> None:
    """Decision 25: what is committed survives kill -9."""
    command = [sys.executable, "-c", SERVING, f"sqlite:///{tmp_path / 'k.db'}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        told = (line.split() for line in process.stdout)
        acknowledged = next(int(words[1]) for words in told if words[0] == "done" and int(words[1]) >= 100)
        process.send_signal(signal.SIGKILL)
        for words in told:
            acknowledged = int(words[1]) if len(words) == 2 and words[1].isdigit() else acknowledged
    with closing(sqlite3.connect(tmp_path / "k.audit.db")) as log:
        ((kept,),) = log.execute("SELECT count(*) FROM audit WHERE interaction = 'read'").fetchall()
    assert kept >= acknowledged
