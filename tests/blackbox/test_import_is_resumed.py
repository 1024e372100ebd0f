"""An import that is killed, and one whose service is killed, goes on and doubles nothing."""

import json
import subprocess
import sys
import time
from pathlib import Path

import httpx

from tests.waiting import until

from .conftest import Service

MANY = 2_000


def people(folder: Path) -> Path:
    file = folder / "people.ndjson"
    lines = (json.dumps({"resourceType": "Patient", "id": f"p{n}", "name": [{"text": str(n)}]}) for n in range(MANY))
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


def command(service: Service, file: Path, state: Path) -> list[str]:
    options = ["--http", service.http, "--state", str(state), "--batch", "20", "--patience", "120"]
    return [sys.executable, "-m", "fhir_service", "import", *options, str(file)]


def begun(state: Path, running: "subprocess.Popen[bytes]", batches: int) -> None:
    """Wait until that many batches are done."""

    def done() -> bool:
        assert running.poll() is None, "the import ended before it could be disturbed"
        return state.exists() and state.read_text().count("\ndone ") >= batches

    until(done, pause=0.005)


def everything_once(service: Service) -> None:
    """Every person is there, and no version more than the first."""
    found = httpx.get(f"{service.fhir}/Patient?_summary=count").json()["total"]
    versions = httpx.get(f"{service.fhir}/Patient/_history?_count=1&_total=accurate").json()["total"]
    assert (found, versions) == (MANY, MANY)


def test_import_that_was_killed_goes_on_where_it_was(service: Service, tmp_path: Path) -> None:
    file, state = people(tmp_path), tmp_path / "state"
    for batches in (5, 30):
        running = subprocess.Popen(command(service, file, state))
        begun(state, running, batches)
        running.kill()
        running.wait()
    ended = subprocess.run(command(service, file, state), capture_output=True, text=True, timeout=600)
    assert ended.returncode == 0, ended.stderr
    everything_once(service)


def test_import_waits_for_a_service_that_was_killed(service: Service, tmp_path: Path) -> None:
    file, state = people(tmp_path), tmp_path / "state"
    running = subprocess.Popen(command(service, file, state))
    begun(state, running, 5)
    service.kill()
    time.sleep(0.5)
    service.start()
    assert running.wait(timeout=600) == 0
    found = httpx.get(f"{service.fhir}/Patient?_summary=count").json()["total"]
    assert found == MANY
