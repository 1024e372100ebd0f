"""HTTP/1.1 as uvicorn speaks it; what it refuses is told as an OperationOutcome (SR-17), heads are bounded (SR-8)."""

import asyncio
from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from fhir_service.rest import outcome
from profiles.issue_codes import ISSUE_CODES
from profiles.issues import Issue, error

MAX_HEAD = 65_536
"""Bytes of request line and headers while they arrive; a head that came whole in one read may be somewhat larger."""
LONGEST_URL = 65_535
"""The parser measures an address in 16 bits."""
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_NOT_HTTP = error("bad-request", "", "This is no HTTP/1.1 request; an address is ASCII, all else in it percent-encoded")
_HEAD_TOO_LARGE = error("head-too-large", "", f"The headers are larger than {MAX_HEAD} bytes")
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

    def on_headers_complete(self) -> None:
        """A request begins; an answer without a body has nothing to wait for."""
        super().on_headers_complete()
        cycle = self.cycle
        if cycle is not None and cycle.scope is self.scope and cycle.scope["method"] != "HEAD":
            cycle.transport = _InOneWrite(self.transport)

    def data_received(self, data: bytes) -> None:
        """Take what came; the head of a request must end before it is too large."""
        super().data_received(data)
        if self.scope is None or "path" in self.scope:  # no head has begun, or it is complete
            self._head = 0
            return
        self._head += len(data)
        if self._head > MAX_HEAD and not self.transport.is_closing():
            self._refuse(_URL_TOO_LONG if len(self.url) > LONGEST_URL else _HEAD_TOO_LARGE)

    def send_400_response(self, msg: str) -> None:
        """What came cannot be read as HTTP. An earlier request that is still in work gets its own answer first."""
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete and not cycle.more_body:
            cycle.keep_alive = False
            return
        too_long = self.scope is not None and len(self.url) > LONGEST_URL
        self._refuse(_URL_TOO_LONG if too_long else _NOT_HTTP)

    def _refuse(self, issue: Issue) -> None:
        status, body = HTTPStatus(ISSUE_CODES[issue.code].http), outcome((issue,))
        headers = [
            *self.server_state.default_headers,
            (b"content-type", b"application/fhir+json; charset=utf-8"),
            (b"content-length", b"%d" % len(body)),
            (b"connection", b"close"),
        ]
        lines = [b"HTTP/1.1 %d %s" % (status, status.phrase.encode()), *(b"%s: %s" % pair for pair in headers)]
        self.transport.write(b"\r\n".join(lines) + b"\r\n\r\n" + body)
        self.transport.close()
