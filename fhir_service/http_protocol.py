"""HTTP/1.1 as uvicorn speaks it; what it refuses is told as an OperationOutcome (SR-17).

Bounded are heads, connections, and how long a client may take for a head or for taking its answer (SR-8).
"""

import asyncio
import re
from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

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
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_NOT_HTTP = error("bad-request", "", "This is no HTTP/1.1 request; an address is ASCII, all else in it percent-encoded")
_HEAD_TOO_LARGE = error("head-too-large", "", f"The headers are larger than {MAX_HEAD} bytes")
_TOO_SLOW = error("request-timeout", "", "The headers of a request did not arrive in time")
_TOO_MANY = error("temporary", "", "Too many connections are open; try again")
_URL_TOO_LONG = error("address-too-long", "", "The address is too long; use POST [base]/[type]/_search")


class _InOneWrite(asyncio.Transport):
    """The transport of one answer: its head leaves together with the body, in one system call instead of two."""

    def __init__(self, transport: asyncio.Transport) -> None:
        super().__init__()
        self._transport = transport
        self._head: bytes | None = None

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """The first write of an answer is its head, but for what is said before it (RFC 9110 15.2.1)."""
        if self._head is None and data != _CONTINUE:
            self._head = bytes(data)
        elif self._head:
            self._transport.writelines((self._head, data))
            self._head = b""
        else:
            self._transport.write(data)

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def close(self) -> None:
        if self._head:
            self.write(b"")
        self._transport.close()


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

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody has connected; one too many is told so."""
        super().connection_made(transport)
        if len(self.connections) > MAX_CONNECTIONS:
            self._refuse(_TOO_MANY, (b"retry-after", b"2"))
        self._timer = self.loop.call_later(LOOK_SECONDS, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """It has ended."""
        super().connection_lost(exc)
        if self._timer is not None:
            self._timer.cancel()

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
        cycle = self.cycle
        if cycle is not None and cycle.scope is self.scope and cycle.scope["method"] != "HEAD":
            cycle.transport = _InOneWrite(self.transport)

    def on_body(self, body: bytes) -> None:
        """A part of a body; one that goes on long after it was answered ends the connection."""
        if self.cycle.response_complete:
            self._unread += len(body)
            if self._unread > MOST_UNREAD:
                self.transport.close()
        super().on_body(body)

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
