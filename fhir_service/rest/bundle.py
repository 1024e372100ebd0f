"""POST [base]: a batch or a transaction.  https://hl7.org/fhir/R4/http.html#transaction"""

import asyncio
from typing import Any

from fhir_service.rest.batch import batch
from fhir_service.rest.body import INLINE, body_of
from fhir_service.rest.exchange import Face, Reply, Request
from fhir_service.rest.json_body import json_of
from fhir_service.rest.media import RESOURCE_TYPES
from fhir_service.rest.render import refusal
from fhir_service.rest.transaction import transaction
from profiles.issues import Issue, error
from profiles.resource import Resource
from profiles.validate import check

MOST_ENTRIES = 1_000
"""Of one Bundle (SR-8)."""
_EXPECTED = (
    "This address takes a Bundle of type batch or transaction. To keep a Bundle of another type as it is, POST it to "
    "[base]/Bundle"
)
_ONCE = error(
    "bad-request", "Idempotency-Key", "The entries of a batch are done one by one: send a transaction to have all once"
)


async def bundle(face: Face, request: Request) -> Reply:
    """Do what the entries ask for: each by itself, or all together."""
    body = await body_of(request, RESOURCE_TYPES, face.max_body)
    if isinstance(body, Issue):
        return refusal(body)
    value = _understood(body) if len(body) <= INLINE else await asyncio.to_thread(_understood, body)
    if isinstance(value, tuple):
        return refusal(value)
    if value["type"] == "batch" and request.once is not None:
        return refusal(_ONCE)
    if value["type"] == "batch":
        return await batch(face, request, value.get("entry", []))
    return await transaction(face, request, value.get("entry", []))


def _understood(body: bytes) -> Resource | tuple[Issue, ...]:
    """The Bundle. A transaction is valid as a whole; of a batch each entry is judged by itself."""
    value: Any = json_of(body)
    if isinstance(value, Issue):
        return (value,)
    if not isinstance(value, dict) or value.get("resourceType") != "Bundle":
        return (error("structure", "", _EXPECTED),)
    if value.get("type") not in ("batch", "transaction"):
        return (error("structure", "Bundle.type", _EXPECTED),)
    entries = value.get("entry", [])
    if not isinstance(entries, list) or len(entries) > MOST_ENTRIES:
        return (error("structure", "Bundle.entry", f"Expected a list of at most {MOST_ENTRIES} entries"),)
    if value["type"] == "batch":
        return value
    issues = tuple(issue for issue in check(value, "Bundle") if issue.refuses)
    return issues or value
