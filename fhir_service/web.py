"""What is served beside FHIR: health, front page, HL7 v2 over HTTP. FastAPI, its errors in our form (SR-17)."""

from collections.abc import Awaitable, Callable, Mapping

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import PlainTextResponse, Response
from starlette.exceptions import HTTPException

from fhir_service.logs import told
from fhir_service.rest import outcome
from fhir_service.storage.port import Unavailable
from profiles.issue_codes import ISSUE_CODES
from profiles.issues import error

log = structlog.get_logger()
_CODES = {
    404: ("not-found", "Nothing is served at this address"),
    405: ("method-not-allowed", "This address does not serve this method"),
    406: ("not-acceptable", "This address does not serve that media type"),
    413: ("too-large", "The body is too large"),
    415: ("unsupported-media-type", "This address does not read that media type"),
}
_BAD_REQUEST = ("bad-request", "The request cannot be understood")


def web_app(front: str, ready: Callable[[], Awaitable[bool]]) -> FastAPI:
    """The application. `front`: text of the front page; `ready`: whether requests can be served now."""
    app = FastAPI(title="Knutepunkt", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_exception_handler(HTTPException, _told_http)
    app.add_exception_handler(RequestValidationError, _told_validation)
    app.add_exception_handler(Unavailable, _told_unavailable)
    app.add_exception_handler(Exception, _told_internal)

    @app.api_route("/", methods=["GET", "HEAD"])
    async def front_page() -> Response:
        return PlainTextResponse(front)

    @app.api_route("/healthz", methods=["GET", "HEAD"])
    async def healthz() -> Response:
        return PlainTextResponse("ok\n")

    @app.api_route("/readyz", methods=["GET", "HEAD"])
    async def readyz() -> Response:
        if await ready():
            return PlainTextResponse("ready\n")
        return _outcome("temporary", "Not ready to serve", {"retry-after": "2"})

    return app


def _outcome(code: str, text: str, headers: Mapping[str, str] | None = None) -> Response:
    body = outcome((error(code, "", text),))
    return Response(body, ISSUE_CODES[code].http, headers, media_type="application/fhir+json; charset=utf-8")


async def _told_http(_request: Request, failure: Exception) -> Response:
    """Routing and the framework's own refusals, without their texts."""
    status, headers = (failure.status_code, failure.headers) if isinstance(failure, HTTPException) else (400, None)
    code, text = _CODES.get(status, _BAD_REQUEST)
    return _outcome(code, text, headers)


async def _told_validation(_request: Request, _failure: Exception) -> Response:
    return _outcome(*_BAD_REQUEST)


async def _told_unavailable(_request: Request, _failure: Exception) -> Response:
    return _outcome("temporary", "Temporarily unable to reach the database; try again", {"retry-after": "2"})


async def _told_internal(_request: Request, failure: Exception) -> Response:
    log.error("internal error", **told(failure))
    return _outcome("internal", "Internal error; the operator finds it in the log")
