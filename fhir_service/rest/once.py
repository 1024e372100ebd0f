"""The header `Idempotency-Key` of a POST (workflow.md 7.3): whose key it is, and what is asked for with it."""

import hashlib
from collections.abc import MutableMapping
from typing import Any

from fhir_service.principal import Principal
from fhir_service.rest.body import bytes_of
from fhir_service.rest.exchange import Face, Request
from fhir_service.workflow.once import Once
from profiles.issues import Issue, error

IDEMPOTENCY_KEY = b"idempotency-key"
LONGEST = 255
_BAD_KEY = error("bad-request", "Idempotency-Key", f"Expected 1 to {LONGEST} printable ASCII characters")
_SAME = (b"content-type", b"content-encoding", b"if-none-exist", b"if-match")
"""Headers that tell what is asked for, too."""


async def noted(face: Face, request: Request, address: bytes) -> Issue | None:
    """Note the key in `request.once`; what is wrong with it, if anything. The body is read, and can be read again."""
    name = request.headers[IDEMPOTENCY_KEY].strip()
    if not 0 < len(name) <= LONGEST or not all(0x21 <= c <= 0x7E for c in name):
        return _BAD_KEY
    body = await bytes_of(request, face.max_body)
    if isinstance(body, Issue):
        return body
    digest = hashlib.sha256(address)
    for part in (*(request.headers.get(header, b"") for header in _SAME), body):
        digest.update(b"\0%d\0" % len(part) + part)
    request.once = Once(_caller(request.by), hashlib.sha256(name).hexdigest(), digest.hexdigest())

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    request.receive = receive
    return None


def _caller(by: Principal) -> str:
    return "|".join(part or "" for part in (by.tenant, by.organization, by.role, by.person))
