"""The mark of a reduced view: `REDACTED` in `meta.security`, whose element id tells one view from another."""

import hashlib

import msgspec

from fhir_service.rules import several
from profiles import names
from profiles.resource import Resource

REDACTED = "REDACTED"
_MARK = "view-"
_ENCODE = msgspec.json.Encoder(order="sorted").encode


def mark_of(resource: Resource) -> str | None:
    """The mark of the view that a resource is; None: it is whole."""
    return next((coding["id"] for coding in _security(resource) if _is_mark(coding)), None)


def unmarked(resource: Resource) -> Resource:
    """The resource without the mark."""
    if mark_of(resource) is None:
        return resource
    left = [coding for coding in _security(resource) if not _is_mark(coding)]
    meta = {name: value for name, value in resource["meta"].items() if name != "security"}
    meta |= {"security": left} if left else {}
    rest = {name: value for name, value in resource.items() if name != "meta"}
    return {**rest, "meta": meta} if meta else rest


def _security(resource: Resource) -> list[Resource]:
    return several(resource.get("meta", {}).get("security"))


def _is_mark(coding: Resource) -> bool:
    told = coding.get("system"), coding.get("code")
    return told == (names.V3_OBSERVATION_VALUE, REDACTED) and str(coding.get("id", "")).startswith(_MARK)


def marked(shown: Resource) -> Resource:
    """The view with its mark."""
    digest = hashlib.sha256(_ENCODE(shown)).hexdigest()
    mark = {"id": _MARK + digest[:32], "system": names.V3_OBSERVATION_VALUE, "code": REDACTED}
    return {**shown, "meta": {**shown.get("meta", {}), "security": [*_security(shown), mark]}}
