"""HTTP/1.1 as uvicorn speaks it; what it refuses is told as an OperationOutcome (SR-17).

Bounded are heads, connections, and how long a client may take for a head or for taking its answer (SR-8).
"""

import asyncio
import math
import re
from collections.abc import MutableMapping
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from fhir_service.rest import outcome
from profiles.issue_codes import ISSUE_CODES
from profiles.issues import Issue, error

MAX_HEAD = 65_536
"""Bytes of request line and headers while they arrive; a head that came whole in one read may be somewhat larger."""
LONGEST_URL = 65_535
"""The parser measures an address in 16 bits."""
MAX_CONNECTIONS = 800
"""Open at a time, in one process; a usual limit on open files is 1,024."""
LOOK_SECONDS = 30.0
"""A client that has sent no whole head, or taken nothing of its answer, between two looks at it is let go."""
MOST_UNREAD = 256_000_000
"""Bytes of a body that are passed over after its answer, so that a client that writes first can read it."""
_UPGRADE = re.compile(rb"^upgrade(?=[ \t]*:)", re.IGNORECASE | re.MULTILINE)
_CLOSE = b"connection: close\r\n\r\n"
_ODD = frozenset({b"connection", b"transfer-encoding"})
"""Headers that decide how an answer is sent."""
_NOT_HTTP = error("bad-request", "", "This is no HTTP/1.1 request; an address is ASCII, all else in it percent-encoded")
_HEAD_TOO_LARGE = error("head-too-large", "", f"The headers are larger than {MAX_HEAD} bytes")
_TOO_SLOW = error("request-timeout", "", "The headers of a request did not arrive in time")
_TOO_MANY = error("temporary", "", "Too many connections are open; try again")
_URL_TOO_LONG = error("address-too-long", "", "The address is too long; use POST [base]/[type]/_search")


class _Exchange(RequestResponseCycle):
    """One request and its answer; an answer that is there as a whole is checked as a whole and leaves in one write."""

    _head: MutableMapping[str, Any] | None = None
    """The beginning of the answer, until it is known how it goes on."""

    async def send(self, message: MutableMapping[str, Any]) -> None:  # type: ignore[override]
        """https://asgi.readthedocs.io/en/latest/specs/www.html#response-start-send-event"""
        head, self._head = self._head, None
        if head is None and not self.response_started and message["type"] == "http.response.start":
            self._head = message
        elif head is None or not self._sent_whole(head, message):
            for part in (head, message) if head else (message,):
                await super().send(part)  # type: ignore[arg-type]

    def _sent_whole(self, head: MutableMapping[str, Any], message: MutableMapping[str, Any]) -> bool:
        """Send an answer that is as long as it says to be; False for any other."""
        body: bytes = message.get("body", b"")
        headers = [*self.default_headers, *head["headers"]]
        named = dict(headers)
        if named.get(b"content-length") != b"%d" % len(body) or not _ODD.isdisjoint(named):
            return False
        if message.get("more_body") or self.flow.write_paused or self.disconnected or self.scope["method"] == "HEAD":
            return False
        lines = [STATUS_LINE[head["status"]], *[b"%b: %b\r\n" % pair for pair in headers]]
        begun = b"".join(lines)
        if begun.count(b"\n") != len(lines) or begun.count(b"\r") != len(lines):
            raise RuntimeError("There is a line break in a header")
        self.response_started = self.response_complete = True
        self.waiting_for_100_continue = False
        self.transport.writelines((begun, b"\r\n" if self.keep_alive else _CLOSE, body))
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()
        return True


class HttpProtocol(HttpToolsProtocol):
    """One connection."""

    _head = 0
    _heads = _seen = 0
    """Heads that came whole, now and at the last look."""
    _held = b""
    """The beginning of a line that may be an offer of another protocol."""
    _unread = 0
    _unsent = 0
    _timer: asyncio.TimerHandle | None = None
    _idle_since = math.inf
    """When the last answer was given; infinite while a request is in work."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody has connected; one too many is told so."""
        super().connection_made(transport)
        if len(self.connections) > MAX_CONNECTIONS:
            self._refuse(_TOO_MANY, (b"retry-after", b"2"))
        self._timer = self.loop.call_later(LOOK_SECONDS, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """It has ended."""
        super().connection_lost(exc)
        for timer in (self._timer, self.timeout_keep_alive_task):
            if timer is not None:
                timer.cancel()

    def _look(self) -> None:
        """Let go of a client that keeps the connection from being used."""
        self._timer = self.loop.call_later(LOOK_SECONDS, self._look)
        unsent = self.transport.get_write_buffer_size()
        if unsent and unsent == self._unsent:
            self.transport.abort()
        elif self._heads == self._seen and not self._in_work() and not self.transport.is_closing():
            if self.scope is None or "path" in self.scope:
                self.transport.close()
            else:
                self._refuse(_TOO_SLOW)
        self._unsent, self._seen = unsent, self._heads

    def _in_work(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def on_headers_complete(self) -> None:
        """A request begins; an answer without a body has nothing to wait for. Raises ValueError for a bad head."""
        self._heads += 1
        if self.parser.get_http_version() == "1.1" and [name for name, _ in self.headers].count(b"host") != 1:
            raise ValueError("One Host is needed")  # RFC 9112 3.2
        super().on_headers_complete()
        self.cycle.__class__ = _Exchange  # uvicorn makes it, and has no place to say as what; its task runs later

    def on_body(self, body: bytes) -> None:
        """A part of a body; one that goes on long after it was answered ends the connection."""
        if self.cycle.response_complete:
            self._unread += len(body)
            if self._unread > MOST_UNREAD:
                self.transport.close()
        super().on_body(body)

    def on_response_complete(self) -> None:
        """An answer has been given. The clock of an idle connection is looked at when it runs out, and not set anew
        for every request."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
            return
        self._idle_since = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._keep_alive_for(self.timeout_keep_alive)

    def _keep_alive_for(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def _unset_keepalive_if_required(self) -> None:
        """Something has arrived."""
        self._idle_since = math.inf

    def timeout_keep_alive_handler(self) -> None:
        """Nothing may have arrived for a while: close, or look again when it would be too long."""
        idle = self.loop.time() - self._idle_since
        if idle >= self.timeout_keep_alive:
            super().timeout_keep_alive_handler()
        else:
            self._keep_alive_for(self.timeout_keep_alive - max(0.0, idle))

    def on_message_complete(self) -> None:
        """A request has come to its end."""
        self._unread = 0
        super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        """Take what came; the head of a request must end before it is too large."""
        super().data_received(self._as_asked(data))
        if self.scope is None or "path" in self.scope:  # no head has begun, or it is complete
            self._head = 0
            return
        self._head += len(data)
        if self._head > MAX_HEAD and not self.transport.is_closing():
            self._refuse(_URL_TOO_LONG if len(self.url) > LONGEST_URL else _HEAD_TOO_LARGE)

    def _as_asked(self, data: bytes) -> bytes:
        """No other protocol is spoken here, and a request that offers one is served as it is.  RFC 9110 7.8

        The parser stops at such an offer, and would lose the body after it.
        """
        if b"\r\n\r\n" in data and not self._held and b"pgrade" not in data and b"PGRADE" not in data:
            return data  # a whole head, which offers none
        if not (self.scope is None or "path" not in self.scope or not self.cycle.more_body):
            return data
        if self._held:
            data, self._held = self._held + data, b""
        head, blank, rest = data.partition(b"\r\n\r\n")
        if not blank:
            begun = head[head.rfind(b"\n") + 1 :]
            if begun and b"upgrade".startswith(begun.lower()):  # who knows what this line becomes
                head, self._held = head[: -len(begun)], begun
        elif b"pgrade" not in head and b"PGRADE" not in head:
            return data
        return _UPGRADE.sub(b"x-upgrade", head) + blank + rest

    def send_400_response(self, msg: str) -> None:
        """What came cannot be read as HTTP. An earlier request that is still in work gets its own answer first."""
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete and not cycle.more_body:
            cycle.keep_alive = False
            return
        too_long = self.scope is not None and len(self.url) > LONGEST_URL
        self._refuse(_URL_TOO_LONG if too_long else _NOT_HTTP)

    def _refuse(self, issue: Issue, *more: tuple[bytes, bytes]) -> None:
        status, body = HTTPStatus(ISSUE_CODES[issue.code].http), outcome((issue,))
        headers = [
            *self.server_state.default_headers,
            (b"content-type", b"application/fhir+json; charset=utf-8"),
            (b"content-length", b"%d" % len(body)),
            (b"connection", b"close"),
            *more,
        ]
        lines = [b"HTTP/1.1 %d %s" % (status, status.phrase.encode()), *(b"%s: %s" % pair for pair in headers)]
        self.transport.write(b"\r\n".join(lines) + b"\r\n\r\n" + body)
        self.transport.close()
