"""`knutepunkt import`: files with FHIR resources into a running service, through its own REST API (decision 40)."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from fhir_service.cli.console import Problem, err, out
from fhir_service.cli.endpoint import DEFAULT_HTTP, TIMEOUT, Endpoint, Http, Patience, endpoint_of
from fhir_service.cli.resource_files import files_of

if TYPE_CHECKING:
    from fhir_service.cli.importing import Course
    from fhir_service.cli.importing.ledger import Ledger
    from fhir_service.cli.importing.rejects import Rejects
    from fhir_service.cli.importing.sources import Sources

STATE = Path("knutepunkt-import.state")


def import_(
    paths: Annotated[
        list[Path], typer.Argument(metavar="FILE|FOLDER", help="NDJSON, single resources, Bundles; or folders of them.")
    ],
    http: Http = DEFAULT_HTTP,
    state: Annotated[
        Path, typer.Option(help="Where it is kept what is done; what is rejected stands beside it.")
    ] = STATE,
    batch: Annotated[int, typer.Option(help="Resources in one request.", min=1, max=1000)] = 100,
    parallel: Annotated[int, typer.Option(help="Requests at once.", min=1, max=64)] = 4,
    patience: Patience = 60.0,
) -> None:
    """Bring resources into a running service, what is referred to first.

    It may be stopped at any time: the same command goes on where it was, and doubles nothing. A resource keeps its
    id. A second individual plan for a person becomes a Task resolve-duplicate. What is refused is written, with the
    reason, to a file beside the state, and tried again by the next run.

    The exit status is 1 when something was rejected.
    """
    from fhir_service.cli.importing.ledger import Ledger
    from fhir_service.cli.importing.rejects import Rejects
    from fhir_service.cli.importing.sources import Sources

    base = endpoint_of(http)
    sources = Sources(files_of(paths))
    _look_through(sources)
    with Ledger(state, base) as ledger:
        rejects = Rejects(state.with_suffix(".rejected.ndjson"))
        course = asyncio.run(_run(sources, ledger, rejects, (base, patience), (batch, parallel)))
        rejects.close()
    _sum_up(course)
    if rejects.count:
        out().print(f"[red]{rejects.count} rejected[/]; the reasons are in {rejects.file}")
        raise typer.Exit(1)


def _look_through(sources: "Sources") -> None:
    """Find what there is."""
    with Progress(TextColumn("{task.description}"), console=err(), transient=True) as shown:
        task = shown.add_task("Looking through the files")
        for count in sources.scan():
            if count % 10_000 == 0:
                shown.update(task, description=f"Looking through the files: {count} resources")
    if not sources.count and not sources.unreadable:
        raise Problem("there is nothing to import in these files.")


async def _run(
    sources: "Sources", ledger: "Ledger", rejects: "Rejects", to: tuple[str, float], how: tuple[int, int]
) -> "Course":
    import httpx

    from fhir_service.cli.importing import Course, Options

    columns = (TextColumn("Importing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err(), transient=True) as shown:
        task = shown.add_task("", total=sources.count + len(sources.unreadable))
        async with httpx.AsyncClient(timeout=TIMEOUT) as client:
            endpoint = Endpoint(client, *to)
            advance = lambda count: shown.advance(task, count)  # noqa: E731
            course = Course(endpoint, sources, ledger, rejects, Options(*how), advance)
            await course.run()
    return course


def _sum_up(course: "Course") -> None:
    """A row for each type: how many became what."""
    from fhir_service.cli.importing.delivery import How

    ways = [how for how in How if any(told is how for _, told in course.told)]
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("type")
    for how in ways:
        table.add_column(str(how), justify="right")
    for rtype in sorted({rtype for rtype, _ in course.told}):
        table.add_row(rtype, *(str(course.told[rtype, how] or "") for how in ways))
    out().print(table)
