"""PATCH [base]/[type]/[id] and PATCH [base]/[type]?[criteria].  https://hl7.org/fhir/R4/http.html#patch"""

import asyncio

from fhir_service.rest.asking import to_patch
from fhir_service.rest.body import INLINE, body_of
from fhir_service.rest.exchange import Face, Header, Reply, Request
from fhir_service.rest.json_body import json_of
from fhir_service.rest.render import refusal
from fhir_service.rest.writing import written
from fhir_service.workflow.patches import FORMS, Patch, patch_of
from profiles.issues import Issue

ACCEPTED: tuple[Header, ...] = ((b"accept-patch", ", ".join(FORMS).encode()),)
"""RFC 5789 2.2"""


async def patch(face: Face, request: Request) -> Reply:
    """The next version, made from the current one by what the body says."""
    body = await body_of(request, tuple(FORMS), face.max_body)
    if isinstance(body, Issue):
        return refusal(body, *(ACCEPTED if body.code == "unsupported-media-type" else ()))
    kind = request.headers[b"content-type"].partition(b";")[0].strip().lower().decode("latin-1")
    made = _patch(kind, body) if len(body) <= INLINE else await asyncio.to_thread(_patch, kind, body)
    if isinstance(made, Issue):
        return refusal(made)
    return await written(face, request, await to_patch(face, request, made))


def _patch(kind: str, body: bytes) -> Patch | Issue:
    value = json_of(body)
    return value if isinstance(value, Issue) else patch_of(kind, value)
