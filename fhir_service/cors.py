"""Requests of browser applications from other origins.  https://fetch.spec.whatwg.org/#http-cors-protocol

Only who is on the list is told that it may; everybody else gets the same answers, and the browser keeps them from the
page. Cookies play no part: a token goes in `Authorization`.
"""

from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any, TypeAlias

from fhir_service.rest.exchange import Header, Receive, Scope, Send
from fhir_service.settings import ANY_ORIGIN

Asgi: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]
_PREFLIGHT: tuple[Header, ...] = (
    (b"access-control-allow-methods", b"GET, HEAD, POST, PUT, PATCH, DELETE"),
    (
        b"access-control-allow-headers",
        b"Accept, Authorization, Content-Type, If-Match, If-Modified-Since, If-None-Exist, If-None-Match, Prefer, "
        b"X-Request-Id, X-Knutepunkt-Role, X-Knutepunkt-Organization, X-Knutepunkt-Person, X-Knutepunkt-Purpose, "
        b"X-Knutepunkt-Reason",
    ),
    (b"access-control-max-age", b"600"),
)
_EXPOSED: Header = (
    b"access-control-expose-headers",
    b"ETag, Location, Content-Location, Last-Modified, Retry-After, X-Progress, X-Request-Id",
)
"""What a page may read of an answer beside its body."""
_VARY: Header = (b"vary", b"origin")


class CrossOrigin:
    """An ASGI callable that serves pages of some origins as well."""

    def __init__(self, served: Asgi, origins: Sequence[str]) -> None:
        """`origins`: `https://app.example.no`, or ANY_ORIGIN."""
        self._served = served
        self._any = ANY_ORIGIN in origins
        self._origins = frozenset(origin.encode() for origin in origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        told = self._told(headers.get(b"origin"))
        if scope["method"] == "OPTIONS" and b"access-control-request-method" in headers and _EXPOSED in told:
            await send({"type": "http.response.start", "status": 204, "headers": [*told, *_PREFLIGHT]})
            await send({"type": "http.response.body", "body": b""})
            return

        async def telling(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *told]
            await send(message)

        await self._served(scope, receive, telling)

    def _told(self, origin: bytes | None) -> tuple[Header, ...]:
        """Who may read the answer, and what of it; caches have to ask anew for each origin where that differs."""
        if self._any:
            return ((b"access-control-allow-origin", b"*"), _EXPOSED)
        if origin is None or origin not in self._origins:
            return (_VARY,)
        return (_VARY, (b"access-control-allow-origin", origin), _EXPOSED)
