"""What rules, audit and reduced views cost: the same server and the same content with and without them.

    .venv/bin/python benchmarks/living_plan.py

Told is processor time of the server for each request, and its ratio to the first row of the table: rates hang on what
else the machine does. Every connection is about a person of its own. Rounds of all rows alternate; medians are told.
"""

import argparse
import asyncio
import contextlib
import json
import statistics
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import circle
import servers

HEADERS = {"content-type": "application/fhir+json", "x-knutepunkt-purpose": "import"}


PLAN, PLAIN, GOAL, CASE = "CarePlan/c-{}", "CarePlan/plain-{}", "Goal/c-{}-1", "Task/{}"


@dataclass(frozen=True, eq=False)
class Shape:
    """`path`: with the number of the person, of a case with its id; `writes`: a PUT of what is there."""

    name: str
    caller: dict[str, str]
    path: str = PLAN
    writes: bool = False
    audited: bool = True


UPDATES = (
    Shape("plain update", {}, PLAIN, writes=True),
    Shape("plan update, developer", {}, writes=True),
    Shape("plan update, coordinator", circle.COORDINATOR, writes=True),
    Shape("plan update, school, reduced view", circle.SCHOOL, writes=True),
    Shape("goal update, coordinator", circle.COORDINATOR, GOAL, writes=True),
    Shape("case update, koordinerende enhet", circle.KE, CASE, writes=True),
)
READS = (
    Shape("read, no audit, no consent", {}, audited=False),
    Shape("read, audit", {}),
    Shape("read, coordinator, no audit", circle.COORDINATOR, audited=False),
    Shape("read, coordinator, audit", circle.COORDINATOR),
    Shape("read, school, no audit", circle.SCHOOL, audited=False),
    Shape("read, school, audit, reduced view", circle.SCHOOL),
)


class Connection:
    """One client about one person, which waits for each answer."""

    def __init__(self, port: int, shape: Shape, person: int) -> None:
        self._port, self._shape = port, shape
        self._path = f"/fhir/{shape.path.format(case_of(port, person) if shape.path == CASE else person)}"
        self._version = ""

    async def asking(self, until: float) -> int:
        """How many requests were answered until then."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        done, body = 0, b""
        if self._shape.writes:
            body = await self._ask(reader, writer, "GET", b"")
        while time.perf_counter() < until:
            if self._shape.writes:
                body = await self._ask(reader, writer, "PUT", self._changed(body, done))
            else:
                await self._ask(reader, writer, "GET", b"")
            done += 1
        writer.close()
        return done

    def _changed(self, body: bytes, number: int) -> bytes:
        """What it was sent with another text: of a plan that of an activity of the school."""
        resource = json.loads(body)
        self._version = resource["meta"]["versionId"]
        text = f"{number}. gang, {self._version}"
        match resource["resourceType"]:
            case "CarePlan":
                next(one for one in resource["activity"] if one["id"] == "a2")["detail"]["description"] = text
            case "Goal":
                resource["description"] = {"text": text}
            case _:
                resource["description"] = text
        return json.dumps(resource).encode()

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, method: str, body: bytes) -> bytes:
        """The body of the answer."""
        headers = {"host": "127.0.0.1", "content-type": "application/fhir+json", "content-length": str(len(body))}
        headers |= self._shape.caller | ({"if-match": f'W/"{self._version}"'} if method == "PUT" else {})
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        writer.write(f"{method} {self._path} HTTP/1.1\r\n{lines}\r\n".encode() + body)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        told = await reader.readexactly(length)
        if not head.startswith(b"HTTP/1.1 200"):
            raise SystemExit(f"{self._shape.name}: {head.splitlines()[0]!r} {told[:500]!r}")
        return told


async def _all(port: int, shape: Shape, connections: int, seconds: float) -> int:
    until = time.perf_counter() + seconds
    return sum(await asyncio.gather(*(Connection(port, shape, n).asking(until) for n in range(connections))))


def cost(server: servers.Running, shape: Shape, connections: int, seconds: float) -> float:
    """Microseconds of the server's processor time for one request."""
    before = server.cpu_seconds()
    done = asyncio.run(_all(server.port, shape, connections, seconds))
    return (server.cpu_seconds() - before) / done * 1e6


def fill(port: int, persons: int) -> None:
    for part in (circle.services(), *(circle.of_person(n) for n in range(persons))):
        for one in part:
            _put(port, one)
    for n in range(persons):  # what an import has brought is held to no profile
        plan = _get(port, PLAN.format(n))
        version = plan.pop("meta")["versionId"]
        _put(port, plan, {"if-match": f'W/"{version}"'})


def _put(port: int, one: dict[str, Any], more: dict[str, str] | None = None) -> None:
    url = f"http://127.0.0.1:{port}/fhir/{one['resourceType']}/{one['id']}"
    request = urllib.request.Request(url, json.dumps(one).encode(), HEADERS | (more or {}), method="PUT")
    try:
        urllib.request.urlopen(request).read()
    except urllib.error.HTTPError as refused:
        raise SystemExit(f"{url}: {refused.read().decode()}") from refused


def _get(port: int, path: str) -> Any:
    return json.loads(urllib.request.urlopen(f"http://127.0.0.1:{port}/fhir/{path}").read())


@cache
def case_of(port: int, person: int) -> str:
    """The id of a person's case, which came with the need."""
    found = _get(port, f"Task?patient=Patient/c-{person}&code=assess-need")
    return str(found["entry"][0]["resource"]["id"])


@contextlib.contextmanager
def both(kind: str) -> Iterator[dict[bool, servers.Running]]:
    """By whether reads are kept in the audit log: a server on a database of its own."""
    with contextlib.ExitStack() as opened:
        running = {}
        for audited in (True, False):
            folder = Path(opened.enter_context(tempfile.TemporaryDirectory()))
            url = opened.enter_context(servers.database(kind, folder))
            running[audited] = opened.enter_context(servers.service(folder, url, audit_reads=audited))
        yield running


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with both(arguments.database) as running:
        for server in running.values():
            fill(server.port, arguments.connections)
        for shapes in (UPDATES, READS):
            table(running, shapes, arguments)


def table(running: dict[bool, servers.Running], shapes: tuple[Shape, ...], arguments: argparse.Namespace) -> None:
    """One row a shape: processor time, and how often the first row's it is."""
    found: dict[Shape, list[float]] = {shape: [] for shape in shapes}
    for _ in range(arguments.rounds):
        for shape, costs in found.items():
            costs.append(cost(running[shape.audited], shape, arguments.connections, arguments.seconds))
    first = statistics.median(found[shapes[0]])
    print(f"{'':36}{'cpu us':>10}{'ratio':>10}{'of first':>10}")
    for shape, costs in found.items():
        us = statistics.median(costs)
        print(f"{shape.name:36}{us:>10.0f}{us / first:>9.2f}x{first / us:>10.0%}", flush=True)


if __name__ == "__main__":
    main()
