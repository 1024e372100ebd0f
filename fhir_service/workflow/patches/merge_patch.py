"""JSON Merge Patch: what it has replaces, and null takes out.  https://www.rfc-editor.org/rfc/rfc7396"""

from typing import Any, cast

from fhir_service.workflow.patches.model import Patch
from profiles.issues import Issue, error
from profiles.resource import Resource


def merge_patch(value: Any) -> Patch | Issue:
    """The patch of a decoded body, a part of a resource."""
    if not isinstance(value, dict):
        return error("structure", "", "A JSON Merge Patch of a resource is a JSON object")
    return lambda resource: cast(Resource, _merged(resource, value))


def _merged(target: Any, patch: Any) -> Any:
    """As deep as the patch, which is no deeper than a body may be."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = _merged(merged.get(name), value)
    return merged
