"""Load generators: wrk (Debian package `wrk`) for HTTP, our own closed loop for MLLP."""

import asyncio
import random
import re
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

MILLISECONDS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}
SCRIPT = """
local n, place = 0, 0
local head = {["content-type"] = "application/fhir+json"}
local asked = {REQUESTS}
local turns = {TURNS}
request = function()
  place = place % #turns + 1
  n = n + 7919
  local one = asked[turns[place]]
  local number = n % one.modulo
  local values = {n = tostring(number), p = tostring(math.floor(number / one.per))}
  return wrk.format(one.method, (string.gsub(one.path, "{(%l)}", values)), head, one.body and
    (string.gsub(one.body, "{(%l)}", values)))
end
"""
"""A prime step: neighbours in time are not neighbours in the database."""


@dataclass(frozen=True)
class Figures:
    """`rate` per second; `p50` and `p99` in milliseconds; `failed`: answers that were not positive."""

    rate: float
    p50: float
    p99: float
    failed: int


@dataclass(frozen=True)
class Request:
    """`{n}` in path and body is a number below `modulo`, `{p}` that number by `per`; `weight`: how often it comes."""

    method: str
    path: str
    body: str | None = None
    modulo: int = 1
    per: int = 1
    weight: int = 1

    def weighing(self, weight: int) -> "Request":
        return replace(self, weight=weight)


def http(port: int, requests: tuple[Request, ...], seconds: float, connections: int = 16) -> Figures:
    """Drive HTTP requests with wrk, mixed by their weights."""
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is needed: apt-get install wrk")
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        Path(script.name).write_text(_script(requests), encoding="utf-8")
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s", "--latency", "-s", script.name]
        out = subprocess.run([*command, f"http://127.0.0.1:{port}"], capture_output=True, text=True, check=True).stdout
    return Figures(
        rate=float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1]),
        p50=_milliseconds(out, "50%"),
        p99=_milliseconds(out, "99%"),
        failed=sum(int(n) for n in re.findall(r"(?:Non-2xx or 3xx responses: |timeout )(\d+)", out)),
    )


def _script(requests: tuple[Request, ...]) -> str:
    rows = ", ".join(
        f"{{method='{r.method}', path=[==[{r.path}]==], modulo={r.modulo}, per={r.per}"
        + ("}" if r.body is None else f", body=[==[{r.body}]==]}}")
        for r in requests
    )
    turns = [i + 1 for i, r in enumerate(requests) for _ in range(r.weight)]
    random.Random(7).shuffle(turns)  # noqa: S311 - the same order every time
    return SCRIPT.replace("{REQUESTS}", f"{{{rows}}}").replace("{TURNS}", f"{{{', '.join(map(str, turns))}}}")


def _milliseconds(out: str, percentile: str) -> float:
    value, unit = re.search(rf"{percentile}\s+([\d.]+)(us|ms|s|m)", out).groups()
    return float(value) * MILLISECONDS[unit]


async def _drive(
    port: int, make: Callable[[], bytes], until: float, times: list[float], pause: float, wait: float
) -> int:
    await asyncio.sleep(wait)
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 22)
    failed, begun = 0, time.perf_counter()
    while begun < until:
        writer.write(make())
        frame = await reader.readuntil(b"\x1c\x0d")
        failed += b"\rMSA|AA|" not in frame
        took = time.perf_counter() - begun
        times.append(took)
        if pause:
            await asyncio.sleep(max(0.0, pause - took))
        begun = time.perf_counter()
    writer.close()
    return failed


async def _mllp(port: int, make: Callable[[], bytes], seconds: float, connections: int, rate: float) -> Figures:
    times: list[float] = []
    begun = time.perf_counter()
    pause = connections / rate if rate else 0.0
    turns = (pause * n / connections for n in range(connections))  # so that they do not all send at once
    drives = (_drive(port, make, begun + seconds, times, pause, wait) for wait in turns)
    failed = await asyncio.gather(*drives)
    cuts = statistics.quantiles(times, n=100)
    return Figures(len(times) / (time.perf_counter() - begun), cuts[49] * 1e3, cuts[98] * 1e3, sum(failed))


def mllp(port: int, make: Callable[[], bytes], seconds: float, connections: int = 16, rate: float = 0.0) -> Figures:
    """Send what `make` makes, each connection waiting for its ACK; `rate` > 0: that many a second over all of them."""
    return asyncio.run(_mllp(port, make, seconds, connections, rate))


async def _once(port: int, requests) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for method, path, body in requests:
        head = f"{method} {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/fhir+json\r\n"
        writer.write(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        if answer[9:10] != b"2":
            raise SystemExit(f"loading failed: {answer!r}")
        length = re.search(rb"(?i)content-length: (\d+)", answer)
        await reader.readexactly(int(length[1]) if length else 0)
    writer.close()


def each_once(port: int, requests) -> None:
    """Send each (method, path, body) once, over 32 connections."""

    async def all_of_them() -> None:
        await asyncio.gather(*(_once(port, requests) for _ in range(32)))

    asyncio.run(all_of_them())
