"""PATCH [base]/[type]/[id] with a JSON Patch (RFC 6902).  https://hl7.org/fhir/R4/http.html#patch"""

from typing import Any

from fhir_service.rest.body import body_of
from fhir_service.rest.exchange import Face, Header, Reply, Request
from fhir_service.rest.json_body import json_of
from fhir_service.rest.media import JSON_PATCH
from fhir_service.rest.preconditions import expected_version
from fhir_service.rest.render import refusal
from fhir_service.rest.writing import written
from fhir_service.workflow import WriteRequest
from profiles.issues import Issue, error
from profiles.resource import Resource

MOST_OPERATIONS = 100
MOST_COPIES = 4
"""Each copy can double the document; unbounded, a short patch fills the memory (SR-8)."""
ACCEPTED: tuple[Header, ...] = ((b"accept-patch", JSON_PATCH.encode()),)
"""RFC 5789 2.2"""
_NEEDED = {
    "add": ("value",),
    "replace": ("value",),
    "test": ("value",),
    "remove": (),
    "move": ("from",),
    "copy": ("from",),
}


async def patch(face: Face, request: Request) -> Reply:
    """The next version, made from the current one by the operations of the body."""
    version = expected_version(request.headers)
    if isinstance(version, Issue):
        return refusal(version)
    body = await body_of(request, (JSON_PATCH,), face.max_body)
    operations = body if isinstance(body, Issue) else _operations(json_of(body))
    if isinstance(operations, Issue):
        return refusal(operations, *(ACCEPTED if operations.code == "unsupported-media-type" else ()))
    wanted = WriteRequest("patch", request.rtype, request.rid, patch=operations, if_match=version)
    return await written(face, request, wanted)


def _operations(value: Any) -> list[Resource] | Issue:
    """The operations of a decoded body; whether they apply is for the use case to say."""
    if isinstance(value, Issue):
        return value
    if not isinstance(value, list) or not 0 < len(value) <= MOST_OPERATIONS:
        return error("structure", "", f"A JSON Patch is a list of 1 to {MOST_OPERATIONS} operations")
    for number, operation in enumerate(value):
        if not _is_operation(operation):
            return error("structure", f"[{number}]", f"Expected op ({', '.join(_NEEDED)}), path and what the op needs")
    if sum(operation["op"] == "copy" for operation in value) > MOST_COPIES:
        return error("bad-patch", "", f"At most {MOST_COPIES} copy operations in one patch")
    return value


def _is_operation(value: Any) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("path"), str):
        return False
    op = value.get("op")
    if not isinstance(op, str) or op not in _NEEDED or any(name not in value for name in _NEEDED[op]):
        return False
    return isinstance(value.get("from", ""), str)
