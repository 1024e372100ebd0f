"""Read the body of a request: bytes counted as they arrive (SR-8), Content-Type checked first."""

import asyncio

from fhir_service.rest.exchange import ClientGone, Request
from fhir_service.rest.media import FORM, sent_as
from profiles.issues import Issue, error

PATIENCE = 60.0
"""Seconds within which a body has to arrive."""
INLINE = 65_536
"""Bodies above this are worked on in a thread: the loop serves others meanwhile (stack.md 3)."""
_DRAIN = 4
"""A body up to so many times too long is read to its end, so that a client still writing can read the answer."""


def is_large(request: Request) -> bool:
    """Whether the body may be more than can be worked on without keeping others waiting (stack.md 3)."""
    return int(request.headers.get(b"content-length", INLINE + 1)) > INLINE


async def body_of(request: Request, expected: tuple[str, ...], limit: int) -> bytes | Issue:
    """The bytes of a body of one of the `expected` media types, at most `limit`. Raises ClientGone."""
    headers = request.headers
    unread = sent_as(headers.get(b"content-type"), headers.get(b"content-encoding"), expected)
    return await bytes_of(request, limit) if unread is None else unread


async def form_of(request: Request, limit: int) -> bytes | Issue:
    """The bytes of a form, at most `limit`; what sends nothing need not say what it is. Raises ClientGone."""
    content = await bytes_of(request, limit)
    headers = request.headers
    unread = sent_as(headers.get(b"content-type"), headers.get(b"content-encoding"), (FORM,)) if content else None
    return content if isinstance(content, Issue) or unread is None else unread


async def bytes_of(request: Request, limit: int) -> bytes | Issue:
    """The bytes of a body, at most `limit`. Raises ClientGone."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await _read(request, limit)
    except TimeoutError:
        return error("request-timeout", "", f"The body did not arrive within {PATIENCE:.0f} seconds")


def _said_too_large(request: Request, limit: int) -> bool:
    """Whether the head already tells that there is no use in reading on: nothing is sent yet, or far too much is."""
    told = int(request.headers.get(b"content-length", 0))
    return told > limit and (told > limit * _DRAIN or b"expect" in request.headers)


async def _read(request: Request, limit: int) -> bytes | Issue:
    if _said_too_large(request, limit):
        return error("too-large", "", f"The body is larger than {limit} bytes")
    chunks: list[bytes] = []
    size, more = 0, True
    while more and size <= limit * _DRAIN:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        chunk = message.get("body", b"")
        more = message.get("more_body", False)
        size += len(chunk)
        if size <= limit:
            chunks.append(chunk)
    if size > limit:
        return error("too-large", "", f"The body is larger than {limit} bytes")
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)
