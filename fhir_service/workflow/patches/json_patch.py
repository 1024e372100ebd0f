"""JSON Patch.  https://www.rfc-editor.org/rfc/rfc6902"""

import copy
from typing import Any

import jsonpatch

from fhir_service.workflow.patches.model import MOST_OPERATIONS, Patch
from profiles.issues import Issue, error
from profiles.resource import Resource

MOST_COPIES = 4
"""Each copy can double the document; unbounded, a short patch fills the memory (SR-8)."""
_NEEDED = {
    "add": ("value",),
    "replace": ("value",),
    "test": ("value",),
    "remove": (),
    "move": ("from",),
    "copy": ("from",),
}
_DOES_NOT_APPLY = error("bad-patch", "", "The JSON Patch does not apply to the current version of the resource")
_PROBLEMS = (
    jsonpatch.JsonPatchException,
    jsonpatch.JsonPointerException,
    TypeError,
    ValueError,
    KeyError,
    IndexError,
    AttributeError,
)


def json_patch(value: Any) -> Patch | Issue:
    """The operations of a decoded body; whether they apply shows when they are applied."""
    if not isinstance(value, list) or not 0 < len(value) <= MOST_OPERATIONS:
        return error("structure", "", f"A JSON Patch is a list of 1 to {MOST_OPERATIONS} operations")
    for number, operation in enumerate(value):
        if not _is_operation(operation):
            return error("structure", f"[{number}]", f"Expected op ({', '.join(_NEEDED)}), path and what the op needs")
    if sum(operation["op"] == "copy" for operation in value) > MOST_COPIES:
        return error("bad-patch", "", f"At most {MOST_COPIES} copy operations in one patch")
    return lambda resource: _applied(resource, value)


def _is_operation(value: Any) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("path"), str):
        return False
    op = value.get("op")
    if not isinstance(op, str) or op not in _NEEDED or any(name not in value for name in _NEEDED[op]):
        return False
    return isinstance(value.get("from", ""), str)


def _applied(resource: Resource, operations: list[Resource]) -> Resource | Issue:
    try:
        after = jsonpatch.apply_patch(copy.deepcopy(resource), copy.deepcopy(operations))
    except _PROBLEMS:
        return _DOES_NOT_APPLY
    return after if isinstance(after, dict) else _DOES_NOT_APPLY
