"""The real process behind real sockets, on a SQLite file of its own."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from fhir_service.demo.hub import Hub
from tests import postgres
from tests.ports import free_port
from tests.waiting import GUARD, until

START, END = b"\x0b", b"\x1c\x0d"


class Service:
    """`knutepunkt serve` that can be killed and started again on the same database."""

    def __init__(self, folder: Path, database: str | None = None, workers: int = 1) -> None:
        """`database`: its URL; None: a SQLite file in the folder."""
        self.folder = folder
        self.database = database or f"sqlite:///{folder / 'knutepunkt.db'}"
        self.workers = workers
        self.http_port, self.mllp_port = free_port(), free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self.environment: dict[str, str] = {}
        """Settings beside those on the command line."""
        self.hubs: list[Hub] = []

    @property
    def http(self) -> str:
        return f"127.0.0.1:{self.http_port}"

    @property
    def mllp(self) -> str:
        return f"127.0.0.1:{self.mllp_port}"

    @property
    def fhir(self) -> str:
        return f"http://{self.http}/fhir"

    @property
    def log(self) -> Path:
        return self.folder / "serve.log"

    def spawn(self) -> "subprocess.Popen[bytes]":
        """Start the process without waiting until it is ready."""
        command = [sys.executable, "-m", "fhir_service", "serve", "--http", self.http, "--mllp", self.mllp]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--database", self.database, "--workers", str(self.workers)],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env={**os.environ, **self.environment},
            )
        return self.process

    def start(self) -> "Service":
        process = self.spawn()

        def ready() -> bool:
            try:
                return httpx.get(f"http://{self.http}/readyz").status_code == 200
            except httpx.TransportError:
                assert process.poll() is None, f"the service did not start:\n{self.log.read_text()}"
                return False

        try:
            until(ready)
        except BaseException:
            self.kill()
            raise
        return self

    def kill(self) -> None:
        """kill -9"""
        assert self.process
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """SIGTERM, and it ends by itself."""
        assert self.process
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=GUARD)

    def hub(self) -> Hub:
        """A client of its own; closed with the service."""
        self.hubs.append(Hub(self.http, self.mllp))
        return self.hubs[-1]

    def end(self) -> None:
        """Let go of everything."""
        for hub in self.hubs:
            hub.close()
        if self.alive():
            self.stop()

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def exchange(self, *bodies: bytes, timeout: float = GUARD) -> list[bytes]:
        """Send the messages over one MLLP connection and return the answers, in order."""
        with socket.create_connection(("127.0.0.1", self.mllp_port), timeout=timeout) as connection:
            answers = []
            for body in bodies:
                connection.sendall(START + body + END)
                answers.append(read_frame(connection))
            return answers


def read_frame(connection: socket.socket) -> bytes:
    received = b""
    while not received.endswith(END):
        piece = connection.recv(65536)
        if not piece:
            raise ConnectionError("closed without an answer")
        received += piece
    return received[1:-2]


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    running = Service(tmp_path).start()
    yield running
    running.end()


@pytest.fixture(scope="module")
def shared_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One process for the tests of a module that do not disturb each other."""
    running = Service(tmp_path_factory.mktemp("service")).start()
    yield running
    running.end()


DATABASES = ("sqlite", "postgresql")


@contextmanager
def served_on(database: str, folder: Path, **environment: str) -> Iterator[Service]:
    """A process over an empty database of that kind, with settings beside those on the command line."""
    with ExitStack() as stack:
        url = stack.enter_context(postgres.empty_database()) if database == "postgresql" else None
        running = Service(folder, url)
        running.environment.update(environment)
        running.start()
        stack.callback(running.end)
        yield running


def segments(answer: bytes, name: str) -> list[list[str]]:
    """The fields of every segment of that name; the answer's own field separator"""
    lines = answer.decode("utf-8", "replace").split("\r")
    return [line.split(lines[0][3]) for line in lines if line.startswith(name)]


def msa(answer: bytes) -> tuple[str, str]:
    """(MSA-1, MSA-2)"""
    fields = segments(answer, "MSA")[0]
    return fields[1], fields[2] if len(fields) > 2 else ""


def err_codes(answer: bytes) -> list[str]:
    """The code (table 0357) of every ERR: ERR-3.1, before version 2.5 ERR-1.4"""
    component = answer.decode("utf-8", "replace")[4]
    errors = segments(answer, "ERR")
    return [e[3].split(component)[0] if len(e) > 3 else e[1].split(component)[3].split("&")[0] for e in errors]
