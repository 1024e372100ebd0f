"""HL7 v2 over HTTP: `POST /hl7v2`, a message (or several) in, the answer out (hl7v2-mapping.md 12, 13).

The v2 answer is the result: 200 also for AE and AR. Another status only where no v2 answer can be made.
"""

from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime
from typing import Final
from uuid import uuid4

import msgspec
from fastapi import FastAPI, Request, Response
from starlette.requests import ClientDisconnect

from mappings.hl7v2 import batch
from mappings.message import InboundMessage
from profiles.issue_codes import ISSUE_CODES
from profiles.issues import Issue, error
from profiles.names import RAW_HL7V2

PATH: Final = "/hl7v2"
MEDIA_TYPES: Final = (RAW_HL7V2, "application/hl7-v2", "application/hl7-v2+er7", "text/plain")
_UNSUPPORTED: Final = error(
    "unsupported-media-type", "Content-Type", f"Send the message as one of: {', '.join(MEDIA_TYPES)}."
)
_TOO_LARGE: Final = error("too-large", "", "The body is larger than is received here.")


def register(
    app: FastAPI,
    take: Callable[[InboundMessage], Awaitable[bytes]],
    clock: Callable[[], datetime],
    max_bytes: int,
) -> None:
    """Add the route to `app`. `take` answers one message; an empty answer of all of them is a 204."""

    async def receive(request: Request) -> Response:
        kind, charset = media_type(request.headers.get("content-type", ""))
        if kind not in MEDIA_TYPES:
            return _refused(_UNSUPPORTED)
        try:
            body = await _body(request, max_bytes)
        except ClientDisconnect:
            return Response(status_code=400)
        if body is None:
            return _refused(_TOO_LARGE)
        several = batch.split(body)
        answers = [
            await take(InboundMessage("hl7v2", "http", message, clock(), charset)) for message in several.messages
        ]
        answer = batch.join(several, answers, clock(), str(uuid4()))
        return _answered(answer, charset)

    app.add_api_route(
        PATH, receive, methods=["POST"], summary="Receive HL7 v2 messages", tags=["HL7 v2"], response_class=Response
    )


def media_type(header: str) -> tuple[str, str | None]:
    """Media type and `charset` of a Content-Type header."""
    kind, *parameters = header.split(";")
    return kind.strip().lower(), next(_values(parameters, "charset"), None)


def _values(parameters: list[str], wanted: str) -> Iterator[str]:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == wanted and value.strip().strip('"'):
            yield value.strip().strip('"')


async def _body(request: Request, max_bytes: int) -> bytes | None:
    """What arrives, counted as it does (SR-8); None when it is too much."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > max_bytes:
            return None
    return bytes(body)


def _answered(answer: bytes, charset: str | None) -> Response:
    if not answer:
        return Response(status_code=204)
    # A header is never built from input: the name goes back only when it is a plain token.
    known = charset if charset and charset.isascii() and charset.replace("-", "").replace("_", "").isalnum() else None
    content_type = f"{RAW_HL7V2}; charset={known}" if known else RAW_HL7V2
    return Response(answer, headers={"Content-Type": content_type, "X-Content-Type-Options": "nosniff"})


def _refused(issue: Issue) -> Response:
    """An OperationOutcome: https://hl7.org/fhir/R4/operationoutcome.html"""
    told = {"severity": issue.severity.value, "code": ISSUE_CODES[issue.code].type, "diagnostics": issue.text}
    body = {"resourceType": "OperationOutcome", "issue": [told]}
    return Response(
        msgspec.json.encode(body),
        status_code=ISSUE_CODES[issue.code].http,
        media_type="application/fhir+json",
        headers={"X-Content-Type-Options": "nosniff"},
    )
