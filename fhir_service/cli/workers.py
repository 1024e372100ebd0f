"""`serve --workers N`: as many processes on the same ports, over one PostgreSQL database (decision 18).

This process only watches: it starts the workers, replaces one that dies, and ends them all within 10 s of SIGTERM.
Every worker listens for itself (SO_REUSEPORT), and ends by itself when this process is gone.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from fhir_service.cli.console import Problem, err

WORKER = "KNUTEPUNKT_WORKER"
"""Set in the environment of a worker."""
LOOK_SECONDS = 0.1
END_SECONDS = 8.0
"""How long workers may take to end; then they are killed. The contract is 10 s."""
YOUNG_SECONDS = 5.0
PAUSE_SECONDS = 1.0
"""One that dies young is started again after a pause, and not at all if it has said why."""
REFUSES = 2
"""Exit status of a command that told its user what to put right."""


@dataclass(slots=True)
class _Worker:
    process: "subprocess.Popen[bytes]"
    started: float


@dataclass(slots=True)
class Workers:
    """The workers of one service. `environment`: what the options say, as settings."""

    count: int
    environment: Mapping[str, str]
    _running: list[_Worker] = field(default_factory=list)
    _ending: bool = False
    _not_before: float = 0.0

    def watch(self) -> None:
        """Keep them running until a signal comes. Raises Problem when they cannot start."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        try:
            while not self._ending:
                self._look()
                time.sleep(LOOK_SECONDS)
        finally:
            self._stop()

    def _end(self, *_: object) -> None:
        self._ending = True

    def _look(self) -> None:
        """Take out who died, and start who is missing."""
        now = time.monotonic()
        for worker in [w for w in self._running if w.process.poll() is not None]:
            self._running.remove(worker)
            young = now - worker.started < YOUNG_SECONDS
            if young and worker.process.returncode == REFUSES:
                raise Problem("the service did not start; the reason stands above.")
            err().print(f"worker {worker.process.pid} ended with status {worker.process.returncode}; starting another")
            self._not_before = now + PAUSE_SECONDS if young else now
        while len(self._running) < self.count and now >= self._not_before and not self._ending:
            self._running.append(_Worker(self._started(), now))

    def _started(self) -> "subprocess.Popen[bytes]":
        # Its standard input is a pipe that nobody writes to: it ends when this process does, whatever ended it.
        environment = {**os.environ, **self.environment, WORKER: "1"}
        command = [sys.executable, "-m", "fhir_service", "serve"]
        return subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, start_new_session=True)  # noqa: S603

    def _stop(self) -> None:
        for worker in self._running:
            worker.process.terminate()
        deadline = time.monotonic() + END_SECONDS
        for worker in self._running:
            try:
                worker.process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                worker.process.kill()
                worker.process.wait()


def is_worker() -> bool:
    """Whether this process is one of several."""
    return WORKER in os.environ


def end_with_parent() -> None:
    """Have this process end in good order when the one that started it is gone."""

    def wait() -> None:
        os.read(sys.stdin.fileno(), 1)  # a thread in a buffered read would hinder the interpreter's end
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="parent", daemon=True).start()


def share(listener: socket.socket) -> None:
    """Let several processes listen on the address that this socket is to have."""
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
