"""The ASGI callable of the FHIR endpoint (decision 17): address -> interaction -> reply.

Nothing here knows a resource type; the hot path (read by id) is a split, three dict look-ups and one await.
"""

import copy
import itertools
import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

import msgspec
import structlog

from fhir_service.logs import told
from fhir_service.principal import DEVELOPER, EMERGENCY
from fhir_service.rest.addresses import NO_ADDRESS, NOWHERE, Addresses
from fhir_service.rest.auditing import UNNOTED, kept
from fhir_service.rest.emergency import emergency
from fhir_service.rest.exchange import PLAIN, ClientGone, Face, Header, Receive, Reply, Request, Scope, Send
from fhir_service.rest.media import not_acceptable, view_of
from fhir_service.rest.once import IDEMPOTENCY_KEY, noted
from fhir_service.rest.preconditions import is_lenient
from fhir_service.rest.principal import organization_of_number, principal_of
from fhir_service.rest.render import CONTENT_TYPE, refusal
from fhir_service.rest.routes import Methods, Route
from fhir_service.rest.views import in_part, unknown_part
from fhir_service.storage.access import access_of
from fhir_service.storage.indexing import TOO_MUCH
from fhir_service.storage.port import TooMuch, TooSlow, Unavailable, Uncertain, Views
from fhir_service.workflow.audited import CURRENT, Record, noticed
from fhir_service.workflow.one_person import of_one_person_within
from fhir_service.workflow.shown import shown_within
from profiles.issues import Issue, error

log = structlog.get_logger()
PATH = "/fhir"
REQUEST_ID = b"x-request-id"
_REQUEST_ID = re.compile(rb"[A-Za-z0-9\-._]{1,64}")
_NUMBER = re.compile(rb"(?<!\d)\d{11}(?!\d)")
"""What may be a national number stands in no log (SR-35)."""
_UNKNOWN_PARAMETER = "This address takes no such parameter; known: _format, _pretty, _summary, _elements"
_TRY_AGAIN = error("temporary", "", "Temporarily unable to reach the database; try again")
_TOO_SLOW = error("too-slow", "", "This took too long and was broken off; ask for less, or more narrowly")
_UNCERTAIN = error(
    "unknown-outcome",
    "",
    "The connection to the database broke at the commit: look whether it was done, then try again",
)
"""Without Retry-After: a client that repeats a create by itself would have it twice (SR-3)."""
_RETRY_AFTER: Header = (b"retry-after", b"2")


class FhirRouter:
    """Serves `/fhir` and everything below it."""

    def __init__(self, face: Face, rtypes: Iterable[str]) -> None:
        self._face = face
        self._addresses = Addresses(rtypes)
        self._prefix = f"{secrets.token_hex(4)}-"
        self._numbers = itertools.count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = _headers(scope["headers"])
        request = Request(scope["method"], "", "", "", headers, receive)
        request.router = self
        request.request_id = self._request_id(headers)
        try:
            reply = await self.answer(_parts(scope), scope["query_string"], request)
        except ClientGone:
            return
        await _send(send, request, reply)

    def _request_id(self, headers: dict[bytes, bytes]) -> bytes:
        """The client's own, so that it finds the request again, else a new one: also for one that is a national number.

        FHIR R4 http.html#custom
        """
        given = headers.get(REQUEST_ID)
        if given is not None and _REQUEST_ID.fullmatch(given) and not _NUMBER.search(given):
            return given
        return f"{self._prefix}{next(self._numbers)}".encode()

    def over(self, views: Views) -> "FhirRouter":
        """The same over what a transaction sees."""
        router = copy.copy(self)
        router._face = replace(self._face, repository=noticed(of_one_person_within(shown_within(views), views)))
        return router

    async def answer(self, parts: list[str], query: bytes, request: Request) -> Reply:
        """The reply, whatever goes wrong, when its audit event is kept. Raises ClientGone."""
        record = Record(request_id=request.request_id.decode())
        token = CURRENT.set(record)
        try:
            reply = await self._told(parts, query, request, record)
        finally:
            CURRENT.reset(token)
        try:
            await kept(self._face.audit, request, record, reply)
        except Unavailable:
            log.warning("audit log unavailable", request=record.request_id)
            return reply if reply.status >= 500 else refusal(_TRY_AGAIN, _RETRY_AFTER)
        return reply

    async def _told(self, parts: list[str], query: bytes, request: Request, record: Record) -> Reply:
        """The reply, or what went wrong as an OperationOutcome."""
        try:
            return await self._reply(parts, query, request, record)
        except ClientGone:
            raise
        except Unavailable as failure:
            issue = _TOO_SLOW if isinstance(failure, TooSlow) else _TRY_AGAIN
            log.warning("database unavailable", request=request.request_id.decode(), code=issue.code)
            return refusal(issue, _RETRY_AFTER)
        except TooMuch:
            return refusal(TOO_MUCH)
        except Uncertain:
            log.error("unknown outcome", request=request.request_id.decode())  # noqa: TRY400 - the storage's own words
            return refusal(_UNCERTAIN)
        except Exception as failure:  # the top of the HTTP side: whatever goes wrong is told as an OperationOutcome
            known_as = request.request_id.decode()
            log.error("internal error", request=known_as, **told(failure))  # noqa: TRY400 - its text may quote
            return refusal(error("internal", "", f"Internal error; the operator finds it under {known_as}"))

    async def _reply(self, parts: list[str], query: bytes, request: Request, record: Record) -> Reply:
        served = self._addresses.at(parts, request)
        route = None if isinstance(served, Issue) else served.routes.get(request.method)
        if route is None:
            _tried(request, record)
        if isinstance(served, Issue):
            return refusal(served)
        if route is None:
            return _otherwise(served, request.method)
        record.interaction = "" if route.interaction in UNNOTED else route.interaction
        issue = _understand(query, request, route, self._face.clock)
        if issue is None and request.by.organization is not None and request.by.organization.isdecimal():
            issue = await organization_of_number(self._face, request)
        record.by = request.by
        if issue is None and (IDEMPOTENCY_KEY in request.headers or request.by.purpose == EMERGENCY):
            issue = await self._first(parts, query, request)
        if issue is not None:
            return refusal(issue)
        reply = await route.serve(self._face, request)
        if request.view is PLAIN or route.whole or not request.view.part:
            return reply
        return in_part(reply, request.view)

    async def _first(self, parts: list[str], query: bytes, request: Request) -> Issue | None:
        """What comes before the interaction, where it is asked for; what is wrong with that, if anything."""
        issue = await emergency(self._face, request) if request.by.purpose == EMERGENCY else None
        if issue is None and request.method == "POST" and IDEMPOTENCY_KEY in request.headers:
            issue = await noted(self._face, request, b"/".join([*(part.encode() for part in parts), query]))
        return issue


def _parts(scope: Scope) -> list[str]:
    """The segments of the path below the base; none that is served has an escaped slash in it."""
    raw: bytes = scope.get("raw_path") or b""
    if b"%" in raw and b"%2f" in raw.lower():
        return NO_ADDRESS
    parts: list[str] = scope["path"].split("/")
    return parts[2:]


def _understand(query: bytes, request: Request, route: Route, clock: Callable[[], datetime]) -> Issue | None:
    """Note in `request` how the answer is to look, what is asked and who asks; what is wrong with that, if anything."""
    looked = view_of(request.headers.get(b"accept"), query)
    if isinstance(looked, Issue):
        return looked
    request.view, request.parameters = looked
    by = principal_of(request.headers)
    if isinstance(by, Issue):
        return by
    if by is not DEVELOPER:
        request.by, request.access = by, access_of(by, clock())
    issue = None if request.view is PLAIN else _unseen(request, route)
    if issue is not None or route.searches or not request.parameters or is_lenient(request.headers):
        return issue
    if any(name not in route.passes_over for name, _ in request.parameters):
        return error("unknown-parameter", "", _UNKNOWN_PARAMETER)
    return None


def _unseen(request: Request, route: Route) -> Issue | None:
    """What cannot be shown as it is asked for."""
    view = request.view
    own = request.rtype in ("Binary", "") or route.interaction.startswith("$")
    if view.native and not (route.native and own):
        return not_acceptable()
    return unknown_part(view, request.rtype, counts=route.whole) if view.part else None


def _headers(pairs: list[Header]) -> dict[bytes, bytes]:
    """Headers by name; those that came more than once joined by commas.  RFC 9110 5.2"""
    found = dict(pairs)
    if len(found) != len(pairs):
        found = {}
        for name, value in pairs:
            found[name] = found[name] + b", " + value if name in found else value
    return found


def _tried(request: Request, record: Record) -> None:
    """Note what a request tries that no address serves: it is refused, and in the log as such (SR-33)."""
    record.interaction = _BY_METHOD.get(request.method, "")
    by = principal_of(request.headers)
    if not isinstance(by, Issue):
        record.by = by


_BY_METHOD = {"GET": "read", "HEAD": "read", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


def _otherwise(served: Methods, method: str) -> Reply:
    """To OPTIONS what may be done at an address (RFC 9110 9.3.7), to any other method that it is not among that."""
    if not served.routes:
        return refusal(NOWHERE)
    if method == "OPTIONS":
        return Reply(204, ((b"allow", served.allow),))
    text = f"This address serves {served.allow.decode()}"
    return refusal(error("method-not-allowed", "", text), (b"allow", served.allow))


async def _send(send: Send, request: Request, reply: Reply) -> None:
    body = reply.body
    if request.view.pretty and body and reply.headers[0] == CONTENT_TYPE:
        body = msgspec.json.format(body, indent=2)
    headers: list[Header] = [*reply.headers, (REQUEST_ID, request.request_id)]
    if reply.status not in (204, 304):
        headers.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if request.method == "HEAD" else body})
