"""A running service behind the commands: the real process, started by `knutepunkt serve`."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.ports import HOST, free_port
from tests.waiting import GUARD


def free_address() -> str:
    return f"{HOST}:{free_port()}"


@dataclass(frozen=True)
class Running:
    http: str
    mllp: str
    database: str
    process: subprocess.Popen[bytes]


def serve(folder: Path, **environment: str) -> Running:
    """Start the service with its settings in the environment, as a container would."""
    http, mllp, database = free_address(), free_address(), f"sqlite:///{folder / 'new' / 'hub.db'}"
    settings = {"KNUTEPUNKT_HTTP": http, "KNUTEPUNKT_MLLP": mllp, "KNUTEPUNKT_DATABASE": database}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "fhir_service", "serve"],
            env={**os.environ, **settings, **environment},
            cwd=folder,
            stdout=log,
            stderr=log,
        )
    deadline = time.monotonic() + GUARD
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"http://{http}/readyz").status_code == 200:
                return Running(http, mllp, database, process)
        except httpx.TransportError:
            time.sleep(0.05)
    process.kill()
    process.wait()
    raise AssertionError((folder / "log").read_text())


def end(running: Running) -> int:
    running.process.send_signal(signal.SIGTERM)
    return running.process.wait(timeout=GUARD)


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    service = serve(tmp_path_factory.mktemp("service"))
    yield service
    end(service)
