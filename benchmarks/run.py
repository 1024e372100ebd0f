"""Measure the service beside a bare ASGI app in the same run (stack.md 9).

    .venv/bin/python benchmarks/run.py --database sqlite --resources 20000 --connections 16

Prints a table of medians over the rounds; A (bare) and B (the service) alternate. The load generator shares the
machine's cores with the servers, so read ratios, not rates. `--keep FOLDER` fills a database once for several runs.
"""

import argparse
import contextlib
import itertools
import statistics
import tempfile
import time
from pathlib import Path

import load
import population
import servers
from messages import admission
from shapes import shapes

HEAD = ("resources", "connections", "per second", "of bare", "p50 ms", "p99 ms", "cpu us", "failed")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--resources", type=int, default=20_000)
    parser.add_argument("--connections", type=int, nargs="+", default=[16])
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--only", default="", help="only the shapes with this text in their name")
    parser.add_argument("--keep", type=Path, help="folder of the database, filled if it is new")
    parser.add_argument("--no-audit", action="store_true", help="without the audit log of reads")
    parser.add_argument("--no-messages", action="store_true", help="leave out HL7 v2")
    arguments = parser.parse_args()
    with contextlib.ExitStack() as opened:
        folder = arguments.keep or Path(opened.enter_context(tempfile.TemporaryDirectory()))
        measure(arguments, folder, opened)


def measure(arguments: argparse.Namespace, folder: Path, opened: contextlib.ExitStack) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    filled = folder / f"filled-{arguments.resources}"
    url = opened.enter_context(servers.database(arguments.database, folder))
    bare = opened.enter_context(servers.bare(folder))
    ours = opened.enter_context(servers.service(folder, url, arguments.workers, audit_reads=not arguments.no_audit))
    print(f"{arguments.database}: ready in {ours.started:.1f} s, {ours.resident_mb():.0f} MB")
    if not filled.exists():
        fill(ours.port, arguments.resources)
        filled.touch()
    print(f"{'':28}" + "".join(f"{name:>12}" for name in HEAD))
    for name, requests in shapes(arguments.resources).items():
        if arguments.only in name:
            for connections in arguments.connections:
                compare(name, requests, connections, (bare, ours), arguments)
    if not arguments.no_messages and arguments.only in "ADT^A01":
        messages(ours, arguments)
    print(f"after all that: {ours.resident_mb():.0f} MB")


def fill(port: int, resources: int) -> None:
    """Load the standard set."""
    begun = time.perf_counter()
    for part in population.requests(resources):
        load.each_once(port, part)
    took = time.perf_counter() - begun
    print(f"{resources} resources in {took:.0f} s, {resources / took:.0f} a second")


def compare(name: str, requests, connections: int, both, arguments: argparse.Namespace) -> None:
    """One row: rounds of the bare app and of the service in turn, after a round that warms up."""
    bare, ours = both
    load.http(ours.port, requests, 1, connections)
    marks, found, cpu = [], [], []
    for _ in range(arguments.rounds):
        marks.append(load.http(bare.port, requests, arguments.seconds, connections))
        before = ours.cpu_seconds()
        found.append(load.http(ours.port, requests, arguments.seconds, connections))
        cpu.append((ours.cpu_seconds() - before) / (found[-1].rate * arguments.seconds) * 1e6)
    mark = statistics.median(f.rate for f in marks)
    row(name, arguments.resources, connections, found, mark, statistics.median(cpu))


def messages(ours: servers.Running, arguments: argparse.Namespace) -> None:
    counter = itertools.count()
    for name, rate in (("ADT^A01, full speed", 0), ("ADT^A01 at 100/s", 100)):
        rounds = range(arguments.rounds)
        found = [load.mllp(ours.mllp, lambda: admission(counter), arguments.seconds, rate=rate) for _ in rounds]
        row(name, arguments.resources, 16, found, None, None)


def row(name: str, resources: int, connections: int, found, mark: float | None, cpu: float | None) -> None:
    rate = statistics.median(f.rate for f in found)
    p50, p99 = (statistics.median(getattr(f, p) for f in found) for p in ("p50", "p99"))
    share = f"{rate / mark:.1%}" if mark else ""
    used = f"{cpu:.0f}" if cpu else ""
    told = (
        resources,
        connections,
        f"{rate:.0f}",
        share,
        f"{p50:.1f}",
        f"{p99:.1f}",
        used,
        sum(f.failed for f in found),
    )
    print(f"{name:28}" + "".join(f"{value:>12}" for value in told), flush=True)


if __name__ == "__main__":
    main()
