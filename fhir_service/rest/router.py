"""The ASGI callable of the FHIR endpoint (decision 17): address -> interaction -> reply.

Nothing here knows a resource type; the hot path (read by id) is a split, three dict look-ups and one await.
"""

import itertools
import re
import secrets
from collections.abc import Iterable

import msgspec
import structlog

from fhir_service.logs import told
from fhir_service.rest.exchange import ClientGone, Face, Header, Receive, Reply, Request, Scope, Send
from fhir_service.rest.media import not_acceptable, view_of
from fhir_service.rest.preconditions import is_lenient
from fhir_service.rest.principal import principal_of
from fhir_service.rest.render import CONTENT_TYPE, refusal
from fhir_service.rest.routes import METADATA, Level, Methods, Route, methods, routes_of
from fhir_service.storage.port import Unavailable
from profiles.issues import Issue, error

log = structlog.get_logger()
PATH = "/fhir"
REQUEST_ID = b"x-request-id"
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}", re.ASCII)
_REQUEST_ID = re.compile(rb"[A-Za-z0-9\-._]{1,64}")
_NOWHERE = error("not-found", "", "Nothing is served at this address; [base]/metadata lists what is")
_UNKNOWN_TYPE = error("not-found", "", "This resource type is not served; [base]/metadata lists those that are")
_BAD_ID = error("value", "", "An id is 1 to 64 letters, digits, - and .")
_UNKNOWN_PARAMETER = "This address takes no such parameter; known: _format, _pretty"
_TRY_AGAIN = error("temporary", "", "Temporarily unable to reach the database; try again")
_RETRY_AFTER: Header = (b"retry-after", b"2")


class FhirRouter:
    """Serves `/fhir` and everything below it."""

    def __init__(self, face: Face, rtypes: Iterable[str]) -> None:
        self._face = face
        self._types = {rtype: routes_of(rtype) for rtype in rtypes}
        self._metadata = methods((METADATA,))
        self._prefix = f"{secrets.token_hex(4)}-"
        self._numbers = itertools.count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = _headers(scope["headers"])
        request = Request(scope["method"], "", "", "", headers, receive)
        request_id = self._request_id(headers)
        try:
            reply = await self._reply(scope, request)
        except ClientGone:
            return
        except Unavailable:
            log.warning("database unavailable", request=request_id.decode())
            reply = refusal(_TRY_AGAIN, _RETRY_AFTER)
        except Exception as failure:  # the top of the HTTP side: whatever goes wrong is told as an OperationOutcome
            log.error("internal error", request=request_id.decode(), **told(failure))  # noqa: TRY400 - its text may quote
            text = f"Internal error; the operator finds it under {request_id.decode()}"
            reply = refusal(error("internal", "", text))
        await _send(send, request, reply, request_id)

    def _request_id(self, headers: dict[bytes, bytes]) -> bytes:
        """The client's own, so that it finds the request again, else a new one.  FHIR R4 http.html#custom"""
        given = headers.get(REQUEST_ID)
        if given is not None and _REQUEST_ID.fullmatch(given):
            return given
        return f"{self._prefix}{next(self._numbers)}".encode()

    async def _reply(self, scope: Scope, request: Request) -> Reply:
        served = self._locate(scope["path"], request)
        if isinstance(served, Issue):
            return refusal(served)
        route = served.routes.get(request.method)
        if route is None:
            return _not_allowed(served)
        issue = _understand(scope["query_string"], request, route)
        if issue is not None:
            return refusal(issue)
        return await route.serve(self._face, request)

    def _locate(self, path: str, request: Request) -> Methods | Issue:
        """What is served at a path; notes in `request` what the path names."""
        parts = path.split("/")[2:]
        level = _level(parts)
        if parts == ["metadata"]:
            return self._metadata
        if level is None:
            return _NOWHERE
        served = self._types.get(parts[0])
        if served is None:
            return _UNKNOWN_TYPE
        request.rtype = parts[0]
        if level is Level.INSTANCE or level is Level.VERSION:
            if not _ID.fullmatch(parts[1]):
                return _BAD_ID if request.method == "PUT" else _NOWHERE
            request.rid = parts[1]
            request.version = parts[-1]
        return served[level] if served[level].routes else _NOWHERE


def _level(parts: list[str]) -> Level | None:
    size = len(parts)
    if size == 2:
        return Level.SEARCH if parts[1] == "_search" else Level.INSTANCE
    if size == 1:
        return Level.TYPE
    return Level.VERSION if size == 4 and parts[2] == "_history" else None


def _understand(query: bytes, request: Request, route: Route) -> Issue | None:
    """Note in `request` how the answer is to look, what is asked and who asks; what is wrong with that, if anything."""
    looked = view_of(request.headers.get(b"accept"), query)
    if isinstance(looked, Issue):
        return looked
    request.view, request.parameters = looked
    if request.view.native and not (route.native and request.rtype == "Binary"):
        return not_acceptable()
    by = principal_of(request.headers)
    if isinstance(by, Issue):
        return by
    request.by = by
    if route.searches or is_lenient(request.headers):
        return None
    if any(name not in route.passes_over for name, _ in request.parameters):
        return error("unknown-parameter", "", _UNKNOWN_PARAMETER)
    return None


def _headers(pairs: list[Header]) -> dict[bytes, bytes]:
    """Headers by name; those that came more than once joined by commas.  RFC 9110 5.2"""
    found = dict(pairs)
    if len(found) != len(pairs):
        found = {}
        for name, value in pairs:
            found[name] = found[name] + b", " + value if name in found else value
    return found


def _not_allowed(served: Methods) -> Reply:
    text = f"This address serves {served.allow.decode()}"
    return refusal(error("method-not-allowed", "", text), (b"allow", served.allow))


async def _send(send: Send, request: Request, reply: Reply, request_id: bytes) -> None:
    body = reply.body
    if request.view.pretty and body and reply.headers[0] == CONTENT_TYPE:
        body = msgspec.json.format(body, indent=2)
    headers: list[Header] = [*reply.headers, (REQUEST_ID, request_id)]
    if reply.status not in (204, 304):
        headers.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if request.method == "HEAD" else body})
