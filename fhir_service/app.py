"""The composition root: what is configured becomes one ASGI callable. The only module that names concrete adapters."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TypeAlias

import structlog
from fastapi import FastAPI

from adapters import http_ingest
from adapters.endpoints import EndpointsError, read_endpoints
from adapters.mllp.server import Limits, MllpServer
from adapters.outbox import OutboxWorker
from fhir_service.cors import CrossOrigin
from fhir_service.duty import Watch
from fhir_service.logs import configure, told
from fhir_service.rest import PATH, Face, FhirRouter, PageTokens, capability_statement, outcome
from fhir_service.rest.describing import describing
from fhir_service.rest.exchange import Receive, Scope, Send
from fhir_service.settings import Mode, Settings, host_port
from fhir_service.storage import claimed, migrate, open_audit, open_repository
from fhir_service.storage.audit import AuditStore
from fhir_service.storage.port import Repository, Unavailable
from fhir_service.web import web_app
from fhir_service.workflow import Ground, Ingest, Office
from fhir_service.workflow.audit_log import with_log
from fhir_service.workflow.audited import noticed, traced
from fhir_service.workflow.export import Exports
from fhir_service.workflow.export import Ground as Exporting
from fhir_service.workflow.export import Limits as ExportLimits
from fhir_service.workflow.one_person import of_one_person
from fhir_service.workflow.provenances import with_changes
from fhir_service.workflow.renewal import renewed
from fhir_service.workflow.sealing import Sealer
from fhir_service.workflow.shown import shown
from mappings.hl7v2.format import FORMAT
from mappings.message import Endpoint
from profiles.issues import error
from profiles.routing import Routes, national, with_more

log = structlog.get_logger()
Asgi: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]
FORMATS = {FORMAT.name: FORMAT}
STOP_SECONDS = 3.0
"""How long messages in work may take to end after SIGTERM; what is not answered then is sent again (SR-9)."""
EXPORT_SETTLES = 3.0
"""Seconds after which every transaction of PostgreSQL that began before an export has ended."""
_BELOW = PATH + "/"


def utc_now() -> datetime:
    """The clock of the service."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Configured:
    """What was read before anything is opened."""

    settings: Settings
    ground: Ground
    endpoints: Mapping[str, Endpoint] = field(default_factory=dict)
    clock: Callable[[], datetime] = utc_now


def create_app(settings: Settings) -> "Knutepunkt":
    """The service as an ASGI callable; nothing is opened before its lifespan begins.

    Raises ValueError, saying what is wrong, when a file that the settings name cannot be used.
    """
    configure(as_json=settings.log_json)
    try:
        endpoints = read_endpoints(settings.endpoints)
    except EndpointsError as problem:
        raise ValueError(f"--endpoints: {problem}") from problem
    ground = Ground(settings.fhir_base, routes(settings.routes), settings.municipal, settings.referential_integrity)
    return Knutepunkt(Configured(settings, ground, endpoints))


def routes(more: Path | None) -> Routes:
    """The municipalities and the inboxes of a file beside them. Raises ValueError."""
    if more is None:
        return national()
    try:
        return with_more(national(), json.loads(more.read_text(encoding="utf-8")))
    except OSError as problem:
        raise ValueError(f"--routes: {more} cannot be read ({problem.strerror})") from problem
    except (ValueError, LookupError, TypeError, AttributeError) as problem:
        raise ValueError(
            f"--routes: {more} is not a file of inboxes; fhir_service/demo/routes.json is one"
        ) from problem


class Knutepunkt:
    """The ASGI callable: `/fhir` to the FHIR endpoint, all else to the web application (stack.md 3)."""

    def __init__(self, configured: Configured) -> None:
        self._configured = configured
        self._fhir: Asgi = _unopened
        self._web: Asgi = _unopened
        self.mllp: MllpServer | None = None
        """The listener, while running; `mllp.port` is the port in use."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path: str = scope["path"]
            if path.startswith(_BELOW) or path == PATH:
                await self._fhir(scope, receive, send)
            else:
                await self._other(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _other(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._web(scope, receive, send)
        except Exception as failure:  # told and logged already; the framework raises it once more for its server
            log.warning("web request failed", **told(failure))

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        """https://asgi.readthedocs.io/en/latest/specs/lifespan.html"""
        await receive()
        try:
            async with self.running():
                await send({"type": "lifespan.startup.complete"})
                await receive()
        except Exception as failure:  # the server ends; the one who started it is told why
            log.error("service failed", **told(failure))  # noqa: TRY400 - see fhir_service.logs
            await send({"type": "lifespan.startup.failed", "message": str(failure)})
            return
        await send({"type": "lifespan.shutdown.complete"})

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Knutepunkt"]:
        """Open everything in order, and close it in the other order: doors first, the database last."""
        settings, clock = self._configured.settings, self._configured.clock
        async with AsyncExitStack() as opened:
            opened.enter_context(claimed(settings.database))
            if settings.mode is Mode.DEV:
                log.warning(
                    "MODE DEV: no authentication, this machine only, synthetic persons only", http=settings.http
                )
                await asyncio.to_thread(migrate, settings.database)
            repository = open_repository(settings.database, base_url=settings.fhir_base, clock=clock)
            opened.push_async_callback(repository.close)
            audit = self._audit(repository, opened)
            office = Office(traced(repository), self._configured.ground, clock)
            ingest = Ingest(repository, self._configured.ground, FORMATS, self._configured.endpoints, clock)
            made = await office.seed(describing(self._configured.settings.served_types, version("knutepunkt")))
            await renewed(repository, self._configured.ground)
            exports = Exports(self._exporting(repository))
            await exports.start()
            opened.push_async_callback(exports.stop)
            router = FhirRouter(await self._face(repository, office, (exports, audit)), settings.served_types)
            self._fhir = CrossOrigin(router, settings.cors_origins) if settings.cors_origins else router
            self._web = self._web_app(repository, ingest)
            opened.callback(self._close)
            outbox = OutboxWorker(repository, self._configured.endpoints, clock, office)
            watch = Watch(repository, ingest.recover, outbox, clock)
            opened.push_async_callback(watch.stop)
            recovered = await watch.start()
            await self._listen(ingest, opened)
            log.info("serving", fhir=settings.fhir_base, mllp=settings.mllp, seeded=made, recovered=recovered)
            yield self

    def _audit(self, repository: Repository, opened: AsyncExitStack) -> AuditStore:
        """The audit log, and what seals it."""
        settings, clock = self._configured.settings, self._configured.clock
        audit = open_audit(settings.database, clock=clock, durable=settings.audit_durable)
        opened.push_async_callback(audit.close)
        sealer = Sealer(repository, audit, clock, settles=not settings.database.startswith("sqlite:"))
        sealer.start()
        opened.push_async_callback(sealer.stop)
        return audit

    def _exporting(self, repository: Repository) -> Exporting:
        settings = self._configured.settings
        alone = settings.database.startswith("sqlite:")
        limits = ExportLimits(settle=0.0 if alone else EXPORT_SETTLES)
        clock, folder = self._configured.clock, settings.exports_in
        return Exporting(shown(repository), folder, settings.fhir_base, clock, alone, limits)

    async def _face(self, repository: Repository, office: Office, beside: tuple[Exports, AuditStore]) -> Face:
        exports, audit = beside
        settings, clock = self._configured.settings, self._configured.clock
        base = settings.fhir_base
        return Face(
            repository=noticed(with_changes(with_log(of_one_person(shown(repository)), audit, base), base)),
            office=office,
            base=base,
            pages=PageTokens(await repository.secret()),
            capability=capability_statement(settings.served_types, base, version("knutepunkt"), clock()),
            exports=exports,
            max_body=settings.max_body_bytes,
            rtypes=settings.served_types,
            audit=audit if settings.audit_reads else None,
            clock=clock,
        )

    def _web_app(self, repository: Repository, ingest: Ingest) -> FastAPI:
        async def ready() -> bool:
            try:
                await repository.read("Organization", "readyz")
            except Unavailable:
                return False
            return True

        settings = self._configured.settings
        app = web_app(_front(settings), ready)
        http_ingest.register(app, ingest.take, self._configured.clock, settings.max_body_bytes)
        return app

    async def _listen(self, ingest: Ingest, opened: AsyncExitStack) -> None:
        settings = self._configured.settings
        if not settings.mllp:
            return
        host, port = host_port(settings.mllp)
        limits = Limits(max_frame=settings.max_body_bytes, stop_timeout=STOP_SECONDS)
        self.mllp = MllpServer(ingest.take, host.strip("[]"), port, self._configured.clock, limits)
        await self.mllp.start(shared=settings.workers > 1)
        opened.push_async_callback(self.mllp.stop)

    def _close(self) -> None:
        self._fhir = self._web = _unopened


def _front(settings: Settings) -> str:
    mllp = f"mllp://{settings.mllp}" if settings.mllp else "not served"
    return (
        "Knutepunkt: one individual plan per person\n\n"
        f"FHIR R4    {settings.fhir_base}  (what it serves: {settings.fhir_base}/metadata)\n"
        f"HL7 v2     POST /hl7v2, and over MLLP: {mllp}\n"
        "Health     /healthz, /readyz\n"
    )


async def _unopened(_scope: Scope, _receive: Receive, send: Send) -> None:
    """Before the lifespan has begun, and after it has ended."""
    body = outcome((error("temporary", "", "The service is starting or ending; try again"),))
    headers = [(b"content-type", b"application/fhir+json; charset=utf-8"), (b"retry-after", b"2")]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": body})
