"""Patches: what a client sends becomes a function from the current resource to the next, or an Issue.

https://hl7.org/fhir/R4/http.html#patch  Pure; whether the outcome is a valid resource is for the caller to check.
"""

from collections.abc import Callable, Mapping
from typing import Any

from fhir_service.workflow.patches.fhirpath_patch import fhirpath_patch
from fhir_service.workflow.patches.json_patch import json_patch
from fhir_service.workflow.patches.merge_patch import merge_patch
from fhir_service.workflow.patches.model import Patch
from profiles.issues import Issue

__all__ = ["FHIRPATH", "FORMS", "JSON_PATCH", "MERGE_PATCH", "PLAIN_JSON", "Patch", "patch_of"]

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
FHIRPATH = "application/fhir+json"
"""A Parameters resource.  https://hl7.org/fhir/R4/fhirpatch.html"""
PLAIN_JSON = "application/json"
"""Told by its shape: a list is a JSON Patch, Parameters are FHIR's, any other object a merge (so fhirpy sends it)."""


def _by_shape(value: Any) -> Patch | Issue:
    if isinstance(value, dict):
        return fhirpath_patch(value) if value.get("resourceType") == "Parameters" else merge_patch(value)
    return json_patch(value)


FORMS: Mapping[str, Callable[[Any], Patch | Issue]] = {
    JSON_PATCH: json_patch,
    FHIRPATH: fhirpath_patch,
    MERGE_PATCH: merge_patch,
    PLAIN_JSON: _by_shape,
}
"""By media type."""


def patch_of(media_type: str, value: Any) -> Patch | Issue:
    """The patch that a decoded body of this media type is."""
    return FORMS[media_type](value)
