"""What is promised in seconds, measured against a real process.

A stop within 10 s (SR-9), an answer to whatever arrives within 5 s, above 5 MB within 30 s (SR-16).

It ends with 1 where a promise is broken. No test looks at the clock, as the machines that run them may be slow.
"""

import argparse
import contextlib
import http.client
import json
import signal
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path

import servers

sys.path.insert(0, str(servers.HERE.parent))
from tests.blackbox.malformed import corpus

STOP, ANSWER, LARGE_ANSWER, LARGE = 10.0, 5.0, 30.0, 5_000_000
WRITERS = 16
FHIR_JSON = {"content-type": "application/fhir+json"}


def seconds_to_answer(port: int, wire: bytes, ends: bool) -> float:
    """From the first byte sent until the connection ends."""
    begun = time.perf_counter()
    gone = contextlib.suppress(ConnectionResetError, BrokenPipeError)  # answered while we were still sending
    with socket.create_connection(("127.0.0.1", port), timeout=2 * LARGE_ANSWER) as connection, gone:
        connection.sendall(wire)
        if ends:
            connection.shutdown(socket.SHUT_WR)
        while connection.recv(65_536):
            pass
    return time.perf_counter() - begun


def answers(running: servers.Running, size: int, seed: int) -> bool:
    """Whether each malformed request has its answer in time; tells the slowest."""
    slowest: dict[bool, tuple[float, str]] = {}
    for sent in corpus(size, seed):
        large = len(sent.wire) > LARGE
        took = seconds_to_answer(running.port, sent.wire, sent.ends)
        slowest[large] = max(slowest.get(large, (0.0, "")), (took, sent.kind))
    for large, (took, kind) in sorted(slowest.items()):
        print(f"SR-16 slowest of {'those above' if large else 'up to'} 5 MB: {took:.2f} s ({kind})")
    return all(took <= (LARGE_ANSWER if large else ANSWER) for large, (took, _) in slowest.items())


def _writes(port: int, stopped: threading.Event, kept: list[str]) -> None:
    """Creates one Patient after the other until the service goes; notes the ids that were answered with 201."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2 * STOP)
    with contextlib.suppress(OSError, http.client.HTTPException):
        while not stopped.is_set():
            connection.request("POST", "/fhir/Patient", json.dumps({"resourceType": "Patient"}), FHIR_JSON)
            answer = connection.getresponse()
            body = answer.read()
            if answer.status == 201:
                kept.append(json.loads(body)["id"])


def stop(running: servers.Running) -> tuple[float, list[str]]:
    """(seconds from SIGTERM to the end of the process, ids of what was answered), while clients write and some wait."""
    kept, stopped = list[str](), threading.Event()
    idle = [socket.create_connection(("127.0.0.1", running.port)) for _ in range(WRITERS)]
    idle[0].sendall(b"POST /fhir/Patient HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n{")  # never goes on
    writers = [threading.Thread(target=_writes, args=(running.port, stopped, kept)) for _ in range(WRITERS)]
    for writer in writers:
        writer.start()
    time.sleep(2)
    begun = time.perf_counter()
    running.process.send_signal(signal.SIGTERM)
    running.process.wait()
    took = time.perf_counter() - begun
    stopped.set()
    for one in (*idle, *writers):
        one.close() if isinstance(one, socket.socket) else one.join()
    return took, kept


def lost(port: int, kept: list[str]) -> int:
    """How many of what was answered are not there."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    missing = 0
    for rid in kept:
        connection.request("GET", f"/fhir/Patient/{rid}")
        answer = connection.getresponse()
        answer.read()
        missing += answer.status != 200
    return missing


def measured(kind: str, size: int, seed: int) -> bool:
    """Whether the promises are kept on a database of this kind."""
    with tempfile.TemporaryDirectory() as name, servers.database(kind, Path(name)) as url:
        folder = Path(name)
        with servers.service(folder, url) as running:
            in_time = answers(running, size, seed)
            took, kept = stop(running)
        with servers.service(folder, url) as running:
            missing = lost(running.port, kept)
    print(f"SR-9 {kind}: stopped in {took:.2f} s under {WRITERS} writers; {missing} of {len(kept)} writes lost")
    return in_time and took <= STOP and not missing


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    asked.add_argument("--size", type=int, default=5000, help="malformed requests")
    asked.add_argument("--seed", type=int, default=16)
    options = asked.parse_args()
    sys.exit(0 if measured(options.database, options.size, options.seed) else 1)


if __name__ == "__main__":
    main()
