"""`knutepunkt export`: everything a service holds, or a part, as NDJSON files, by Bulk Data `$export`.

https://hl7.org/fhir/uv/bulkdata/export.html
"""

import asyncio
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlencode

import typer
from rich import box
from rich.progress import Progress, SpinnerColumn, TextColumn
from rich.table import Table

from fhir_service.cli.console import Problem, err, out
from fhir_service.cli.endpoint import DEFAULT_HTTP, TIMEOUT, Endpoint, Http, endpoint_of, retry_after
from fhir_service.cli.resource_files import MANIFEST

if TYPE_CHECKING:
    import httpx

NDJSON = "application/fhir+ndjson"
PATIENCE = 60.0
"""Seconds to wait for a service that does not answer."""
_ASKED_AGAIN_AFTER = 0.5
_LISTS = ("output", "deleted", "error")


@dataclass(frozen=True, slots=True)
class Part:
    """One file of the export. `count`: resources in it as the service says."""

    name: str
    url: str
    rtype: str
    count: int | None


def export(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the files go; it is made, or is empty.")],
    http: Http = DEFAULT_HTTP,
    types: Annotated[str | None, typer.Option("--type", help="Only these types: Patient,CarePlan,...")] = None,
    since: Annotated[str | None, typer.Option(help="Only what changed since: 2026-01-31T12:00:00Z.")] = None,
    patients: Annotated[bool, typer.Option("--patients", help="Only the records of patients.")] = False,
    group: Annotated[str | None, typer.Option(help="Only the records of the patients in this Group (its id).")] = None,
) -> None:
    """Fetch what a running service holds: one NDJSON file a type, and the manifest.

    What `knutepunkt import` reads. The files hold persons: they are readable by you alone.
    """
    base = endpoint_of(http)
    _empty(folder)
    level = f"Group/{group}/$export" if group else "Patient/$export" if patients else "$export"
    given = {"_outputFormat": NDJSON, "_type": types, "_since": since}
    query = urlencode({name: value for name, value in given.items() if value})
    counts = asyncio.run(_run(folder, base, f"{level}?{query}"))
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("type")
    table.add_column("resources", justify="right")
    for rtype, count in sorted(counts.items()):
        table.add_row(rtype, str(count))
    out().print(table)
    out().print(f"{sum(counts.values())} resources in {folder}")


def _empty(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise Problem(f"{folder} is not empty: give another folder, so that nothing of two exports is mixed.")
    except OSError as refused:
        raise Problem(f"{folder} cannot be made ({refused.strerror}).") from refused


async def _run(folder: Path, base: str, path: str) -> Counter[str]:
    import httpx

    async with httpx.AsyncClient(timeout=TIMEOUT) as client:
        endpoint = Endpoint(client, base, PATIENCE)
        with Progress(SpinnerColumn(), TextColumn("{task.description}"), console=err(), transient=True) as shown:
            status, manifest = await _prepared(endpoint, path, shown)
            counts = await _fetched(endpoint, folder, _parts(manifest.json()), shown)
        (folder / MANIFEST).write_bytes(manifest.content)
        await endpoint.ask("DELETE", status)  # the service need not keep the files for us
    return counts


async def _prepared(endpoint: Endpoint, path: str, shown: Progress) -> "tuple[str, httpx.Response]":
    """(address of the job, its manifest), when it is ready."""
    task = shown.add_task("Asking for an export")
    begun = await endpoint.ask("GET", path, headers={"prefer": "respond-async"})
    if begun.status_code != 202 or "content-location" not in begun.headers:
        raise Problem(f"the service does not begin an export: HTTP {begun.status_code}{_said(begun)}")
    status = begun.headers["content-location"]
    while True:
        answer = await endpoint.ask("GET", status, headers={"accept": "application/json"})
        if answer.status_code == 200:
            return status, answer
        if answer.status_code != 202:
            raise Problem(f"the export failed: HTTP {answer.status_code}{_said(answer)}")
        shown.update(task, description=f"The service writes the files: {answer.headers.get('x-progress', '')}")
        await asyncio.sleep(retry_after(answer) or _ASKED_AGAIN_AFTER)


def _said(answer: "httpx.Response") -> str:
    """What the OperationOutcome says, if there is one."""
    try:
        issues = answer.json().get("issue") or ()
    except (ValueError, AttributeError):
        return ""
    told = (i.get("diagnostics") or (i.get("details") or {}).get("text") for i in issues)
    return "".join(f"\n  {text}" for text in told if text)


def _parts(manifest: dict[str, Any]) -> list[Part]:
    """The files that the manifest names, each with a name of its own here."""
    numbers: Counter[str] = Counter()
    parts = []
    for kind in _LISTS:
        for one in manifest.get(kind) or ():
            rtype = str(one["type"])
            stem = rtype if kind == "output" else f"{kind}-{rtype}"
            numbers[stem] += 1
            number = f".{numbers[stem]}" if numbers[stem] > 1 else ""
            parts.append(Part(f"{stem}{number}.ndjson", one["url"], rtype, one.get("count")))
    return parts


async def _fetched(endpoint: Endpoint, folder: Path, parts: list[Part], shown: Progress) -> Counter[str]:
    """Resources by type. Raises Problem for a file that does not hold as many as the manifest says."""
    counts: Counter[str] = Counter()
    task = shown.add_task("")
    for part in parts:
        shown.update(task, description=f"Fetching {part.name}")
        lines = await _download(endpoint, part, folder / part.name)
        if part.count is not None and lines != part.count:
            raise Problem(f"{part.name} holds {lines} resources, but the service said {part.count}: export again.")
        counts[part.rtype] += lines
    return counts


async def _download(endpoint: Endpoint, part: Part, file: Path) -> int:
    """Fetch one file, piece by piece; the name stands only when it is whole. The lines in it."""
    import httpx

    coming = file.with_suffix(".part")
    lines, last = 0, b"\n"
    try:
        async with endpoint.client.stream("GET", part.url, headers={"accept": NDJSON}) as answer:
            if answer.status_code != 200:
                raise Problem(f"{part.name} cannot be fetched: HTTP {answer.status_code}")
            with coming.open("wb") as written:
                coming.chmod(0o600)
                async for piece in answer.aiter_bytes():
                    written.write(piece)
                    lines, last = lines + piece.count(b"\n"), piece[-1:] or last
    except httpx.HTTPError as failed:
        raise Problem(f"{part.name} broke off ({type(failed).__name__}): export again.") from failed
    coming.rename(file)
    return lines + (last != b"\n")
