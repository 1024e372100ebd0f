"""Measure the service beside a bare ASGI app in the same run (stack.md 9).

    .venv/bin/python benchmarks/run.py [--seconds 4] [--rounds 3] [--resources 20000]

Prints a table of medians over the rounds; A (bare) and B (the service) alternate. The load generator shares the
machine's cores with the servers, so read ratios, not rates.
"""

import argparse
import itertools
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

import load

HERE = Path(__file__).parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait(url: str) -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(url, timeout=2).read()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit(f"{url} does not answer")


def start_bare() -> tuple[subprocess.Popen, int]:
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "bare:app", "--app-dir", str(HERE), "--port", str(port)]
    options = ["--http", "httptools", "--loop", "uvloop", "--no-access-log", "--log-level", "error"]
    process = subprocess.Popen([*command, *options])
    wait(f"http://127.0.0.1:{port}/")
    return process, port


def start_service(folder: str) -> tuple[subprocess.Popen, int, int]:
    http, mllp = free_port(), free_port()
    addresses = ["--http", f"127.0.0.1:{http}", "--mllp", f"127.0.0.1:{mllp}"]
    command = [sys.executable, "-m", "fhir_service", "serve", *addresses, "--database", f"sqlite:///{folder}/bench.db"]
    with open(f"{folder}/serve.log", "wb") as log:  # noqa: PTH123
        process = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ.copy())
    wait(f"http://127.0.0.1:{http}/readyz")
    return process, http, mllp


def care_plan(number: int) -> dict:
    """An ordinary CarePlan (not an IP plan) of about 3 KB, 30 a patient, 65 % active."""
    activity = {
        "detail": {
            "kind": "ServiceRequest",
            "status": "scheduled",
            "description": "Opptrening med fysioterapeut, hjemme og i gruppe, med egentrening mellom øktene. " * 2,
            "code": {"coding": [{"system": "http://snomed.info/sct", "code": "229065009", "display": "Exercise"}]},
            "scheduledString": "tre ganger i uken",
        }
    }
    return {
        "resourceType": "CarePlan",
        "status": "active" if number % 20 < 13 else "completed",
        "intent": "plan",
        "category": [{"coding": [{"system": "urn:bench", "code": f"c{number % 50}"}]}],
        "title": f"Plan {number}",
        "description": "Mål og tiltak for opptrening etter skade. " * 8,
        "subject": {"reference": f"Patient/bench-{number // 30}"},
        "period": {"start": "2026-01-01", "end": "2026-12-31"},
        "created": "2026-01-01T08:00:00+01:00",
        "activity": [activity] * 4,
    }


def fill(port: int, resources: int) -> str:
    """Load the standard set; returns the id of one plan."""
    patients = ({"resourceType": "Patient", "id": f"bench-{n}"} for n in range(resources // 30 + 1))
    load.each_once(port, (("PUT", f"/fhir/Patient/{p['id']}", json.dumps(p).encode()) for p in patients))
    plans = (json.dumps(care_plan(n)).encode() for n in range(resources))
    load.each_once(port, (("POST", "/fhir/CarePlan", plan) for plan in plans))
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/fhir/CarePlan?_count=1") as answer:
        return json.load(answer)["entry"][0]["resource"]["id"]


def admission(counter) -> bytes:
    """ADT^A01 of one of 500 persons without national number, a new stay each."""
    number = next(counter)
    now = datetime.now(UTC).strftime("%Y%m%d%H%M%S%z")
    lines = [
        f"MSH|^~\\&|BENCH|HOSP^883974832^ENH|KP|KE|{now}||ADT^A01^ADT_A01|B{os.getpid()}-{number}|T|2.5.1"
        "||||||UNICODE UTF-8",
        f"EVN||{now}",
        f"PID|1||P{number % 500}^^^BENCH^MR||Nordmann^Kari^^^^^L||19800101|F|||Gate 1^^Trondheim^^7011^NOR^H^^5001"
        "||73500000^PRN^PH",
        "NK1|1|Nordmann^Ola|SPO|Gate 1^^Trondheim^^7011|73500001",
        f"PV1|1|I|NEVRO^201^1^HOSP||||^Lie^Ingrid^^^Dr||||||||||||V{number}^^^BENCH{'|' * 25}{now}",
        f"DG1|1||I63.9^Hjerneinfarkt^I10||{now}|F",
    ]
    return b"\x0b" + "\r".join(lines).encode() + b"\x1c\x0d"


def figures(arguments) -> list[tuple[str, list[load.Figures], list[load.Figures]]]:
    with tempfile.TemporaryDirectory() as folder:
        bare, bare_port = start_bare()
        service, port, mllp = start_service(folder)
        try:
            return compare(arguments, bare_port, port, mllp)
        finally:
            for process in (bare, service):
                process.send_signal(signal.SIGTERM)
                process.wait()


def compare(arguments, bare_port: int, port: int, mllp: int):
    one = fill(port, arguments.resources)
    search = "/fhir/CarePlan?patient=bench-{n}&status=active&_count=20"
    shapes = {
        "read by id": load.Request("GET", f"/fhir/CarePlan/{one}"),
        "search patient+status, 20 results": load.Request("GET", search, modulo=arguments.resources // 30),
        "create, 3 KB CarePlan": load.Request("POST", "/fhir/CarePlan", json.dumps(care_plan(1))),
    }
    rows = []
    for name, request in shapes.items():
        ours, theirs = [], []
        for _ in range(arguments.rounds):
            theirs.append(load.http(bare_port, request, arguments.seconds))
            ours.append(load.http(port, request, arguments.seconds))
        rows.append((name, ours, theirs))
    counter = itertools.count()
    for name, rate in (("ADT^A01 over MLLP, as fast as it goes", 0), ("ADT^A01 over MLLP at 100/s", 100)):
        rounds = range(arguments.rounds)
        ours = [load.mllp(mllp, lambda: admission(counter), arguments.seconds, rate=rate) for _ in rounds]
        rows.append((name, ours, []))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--resources", type=int, default=20_000)
    arguments = parser.parse_args()
    print(f"{'':40}{'per second':>12}{'of bare':>9}{'p50 ms':>8}{'p99 ms':>8}{'failed':>8}")
    for name, ours, theirs in figures(arguments):
        rate = statistics.median(f.rate for f in ours)
        share = f"{rate / statistics.median(f.rate for f in theirs):.0%}" if theirs else ""
        p50, p99 = (statistics.median(getattr(f, p) for f in ours) for p in ("p50", "p99"))
        print(f"{name:40}{rate:12.0f}{share:>9}{p50:8.1f}{p99:8.1f}{sum(f.failed for f in ours):8}")


if __name__ == "__main__":
    main()
