"""A batch: requests that have nothing to do with each other.  https://hl7.org/fhir/R4/http.html#brules

They are done side by side, so that those that write share their commits; each has its own outcome.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec

from fhir_service.rest.answer_room import TOO_MUCH, AnswerRoom
from fhir_service.rest.bundle_entry import (
    EntryRequest,
    body_of_entry,
    bundle_of,
    entry_request,
    instant_of,
    response_entry,
    status_line,
)
from fhir_service.rest.exchange import Face, Reply, Request
from fhir_service.rest.render import ALWAYS, refusal
from profiles.issues import Issue, error
from profiles.resource import Resource

AT_ONCE = 64
"""Entries that write in work at a time (SR-8)."""
READS_AT_ONCE = 8
"""Entries that read: each may bring a large page."""
_READS = ("GET", "HEAD")
_NO_BUNDLE = error("structure", "request.url", "A batch or transaction is no entry of another one")


async def batch(face: Face, request: Request, entries: Sequence[Any]) -> Reply:
    """The answers in the order of the entries."""
    room = AnswerRoom()
    turns = {True: asyncio.Semaphore(READS_AT_ONCE), False: asyncio.Semaphore(AT_ONCE)}

    async def one(entry: Any) -> bytes:
        asked = entry_request(entry, face.base)
        if isinstance(asked, Issue):
            return told(refusal(asked), reads=False)
        reads = asked.method in _READS
        async with turns[reads]:
            reply = refusal(TOO_MUCH) if reads and room.full else await _dispatched(request, asked)
            return told(room.fitted(reply, reads=reads), reads=reads)

    answers = await asyncio.gather(*map(one, entries))
    return Reply(200, ALWAYS, bundle_of("batch-response", answers))


async def _dispatched(request: Request, asked: EntryRequest) -> Reply:
    if not asked.path and asked.method not in _READS:  # a Bundle within a Bundle is no entry
        return await request.dispatch(asked.method, "_", asked.headers)
    body = body_of_entry(asked)
    if isinstance(body, Issue):
        return refusal(body)
    kind, content = body
    headers = {b"content-type": kind.encode(), b"prefer": prefer_of(request)} | asked.headers
    return await request.dispatch(asked.method, asked.address, headers, content)


def prefer_of(request: Request) -> bytes:
    """What the whole Bundle prefers holds for each entry; what was written is only sent back to who asks for it."""
    told_so = request.headers.get(b"prefer", b"")
    return told_so if b"return" in told_so else told_so + b"," * bool(told_so) + b"return=minimal"


def told(reply: Reply, *, reads: bool) -> bytes:
    """A reply as an entry."""
    headers = dict(reply.headers)
    response: Resource = {"status": status_line(reply.status)}
    if location := headers.get(b"location"):
        response["location"] = location.decode()
    if etag := headers.get(b"etag"):
        response["etag"] = etag.decode()
    if modified := headers.get(b"last-modified"):
        response["lastModified"] = instant_of(modified)
    if not reply.body:
        return response_entry(response)
    if reply.status >= 400 or (not reads and _is_outcome(reply.body)):
        return response_entry({**response, "outcome": msgspec.Raw(reply.body)})
    return response_entry(response, reply.body)


def _is_outcome(body: bytes) -> bool:
    return body.startswith(b'{"resourceType":"OperationOutcome"')
