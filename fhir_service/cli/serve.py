"""`knutepunkt serve`: the service in the foreground until SIGTERM or Ctrl-C."""

import gc
import signal
import socket
import sys
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from fhir_service.cli.console import Problem, err
from fhir_service.cli.database import Database, make_folder_of, shown
from fhir_service.cli.workers import Workers, end_with_parent, is_worker, share

if TYPE_CHECKING:
    from fhir_service.settings import Settings

SWITCH_SECONDS = 0.0005
COLLECT_EVERY = 20_000
"""Objects more than before until the collector looks for cycles; requests make hardly any."""
DRAIN_SECONDS = 2
"""How long open requests may take to end after SIGTERM; messages in work have 3 s more, and the contract is 10 s."""


def serve(  # noqa: PLR0913 - its options
    http: Annotated[
        str | None,
        typer.Option(
            help="Address of the FHIR endpoint: HOST:PORT.", envvar="KNUTEPUNKT_HTTP", show_default="127.0.0.1:8000"
        ),
    ] = None,
    mllp: Annotated[
        str | None,
        typer.Option(
            help="Address for HL7 v2 over MLLP: HOST:PORT; empty for none.",
            envvar="KNUTEPUNKT_MLLP",
            show_default="127.0.0.1:2575",
        ),
    ] = None,
    database: Database = None,
    workers: Annotated[
        str | None,
        typer.Option(help="Processes; more than one on PostgreSQL.", envvar="KNUTEPUNKT_WORKERS", show_default="1"),
    ] = None,
    mode: Annotated[
        str | None,
        typer.Option(help="dev: no authentication, this machine only.", envvar="KNUTEPUNKT_MODE", show_default="dev"),
    ] = None,
    routes: Annotated[
        str | None,
        typer.Option(help="JSON file with more inboxes (districts, services).", envvar="KNUTEPUNKT_ROUTES"),
    ] = None,
    endpoints: Annotated[
        str | None,
        typer.Option(help="JSON file with what is agreed with each sender.", envvar="KNUTEPUNKT_ENDPOINTS"),
    ] = None,
) -> None:
    """Start the service: FHIR R4 at /fhir, HL7 v2 over MLLP and at POST /hl7v2.

    It is ready when /readyz answers 200. SIGTERM or Ctrl-C ends it; nothing that was answered is lost.

    The environment alone says which types of FHIR R4 are offered at /fhir, by default those of this plan:
    KNUTEPUNKT_SERVED_TYPES=Patient,Task,Observation
    """
    files = {"routes": routes, "endpoints": endpoints}
    given = {"http": http, "mllp": mllp, "database": database, "workers": workers, "mode": mode, **files}
    settings = _settings(given)
    if is_worker():
        end_with_parent()
        _run(settings, _listen("http", settings.http, shared=True))
        return
    listener = _listen("http", settings.http)
    if settings.mllp:
        _listen("mllp", settings.mllp).close()
    make_folder_of(settings.database)
    if settings.workers == 1:
        _run(settings, listener)
        return
    listener.close()
    _welcome(settings)
    with _listen("http", settings.http, shared=True):  # so that nobody else takes the address meanwhile
        Workers(settings.workers, _environment(given)).watch()


def _environment(given: Mapping[str, str | None]) -> dict[str, str]:
    """The options as settings. A password in them is not seen in the list of processes."""
    return {f"KNUTEPUNKT_{name.upper()}": value for name, value in given.items() if value is not None}


def _leave_alone_what_stays() -> None:
    """What is imported by now is never garbage: the collector need not walk through it under load."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_EVERY)


def _settings(given: Mapping[str, str | None]) -> "Settings":
    from pydantic import ValidationError

    from fhir_service.settings import Settings, host_port

    try:
        settings = Settings.model_validate({name: value for name, value in given.items() if value is not None})
        for address in filter(None, (settings.http, settings.mllp)):
            host_port(address)
    except ValidationError as invalid:
        told = invalid.errors(include_url=False, include_input=False)
        said = "; ".join(_sentence(e["loc"], e["msg"], given) for e in told)
        raise Problem(said) from invalid
    except ValueError as invalid:
        raise Problem(str(invalid)) from invalid
    return settings


def _sentence(place: tuple[int | str, ...], said: str, options: Collection[str]) -> str:
    """`place`: the setting and what is within it; one that is no option comes from the environment."""
    text = said.removeprefix("Value error, ")
    if not place:
        return text
    name = str(place[0])
    return f"--{name}: {text}" if name in options else f"KNUTEPUNKT_{name.upper()}: {text}"


def _listen(name: str, address: str, *, shared: bool = False) -> socket.socket:
    """The socket of the HTTP side; also how a busy port is found before anything else is started.

    `shared`: other processes of the service may listen there as well.
    """
    from fhir_service.settings import host_port

    host, port = host_port(address)
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        share(listener)
    try:
        listener.bind((host.strip("[]"), port))
    except OSError as refused:
        listener.close()
        raise Problem(
            f"{address} cannot be listened on ({refused.strerror}): end what uses it, or choose another with --{name}."
        ) from refused
    return listener


def _welcome(settings: "Settings") -> None:
    console = err()
    console.print(f"[bold]Knutepunkt[/]  FHIR R4  {settings.fhir_base}")
    if settings.mllp:
        console.print(f"             HL7 v2   mllp://{settings.mllp}")
    console.print(f"             database {shown(settings.database)}")
    if settings.workers > 1:
        console.print(f"             {settings.workers} workers")
    console.print("             Ctrl-C ends it")


def _run(settings: "Settings", listener: socket.socket) -> None:
    import uvicorn

    from fhir_service.app import create_app
    from fhir_service.http_protocol import HttpProtocol

    try:
        app = create_app(settings)
    except ValueError as invalid:
        raise Problem(str(invalid)) from invalid
    if not is_worker():
        _welcome(settings)
    # The thread that commits and the loop hand the interpreter to each other: not after 5 ms, but at once.
    sys.setswitchinterval(SWITCH_SECONDS)
    _leave_alone_what_stays()
    config = uvicorn.Config(
        app,
        http=HttpProtocol,
        loop="uvloop",
        lifespan="on",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        log_level="warning",
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )
    # uvicorn raises the signal that ended it once more: an orderly end is status 0.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    server = uvicorn.Server(config)
    try:
        server.run(sockets=[listener])
    except SystemExit as ended:
        raise Problem("the service did not start; the reason stands above.") from ended
