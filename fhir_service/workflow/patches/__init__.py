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

__all__ = ["FHIRPATH", "FORMS", "JSON_PATCH", "MERGE_PATCH", "Patch", "patch_of"]

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
FHIRPATH = "application/fhir+json"
"""A Parameters resource.  https://hl7.org/fhir/R4/fhirpatch.html"""
FORMS: Mapping[str, Callable[[Any], Patch | Issue]] = {
    JSON_PATCH: json_patch,
    FHIRPATH: fhirpath_patch,
    MERGE_PATCH: merge_patch,
}
"""By media type."""


def patch_of(media_type: str, value: Any) -> Patch | Issue:
    """The patch that a decoded body of this media type is."""
    return FORMS[media_type](value)
