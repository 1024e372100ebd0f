"""GET [base]/[type]/[id].  https://hl7.org/fhir/R4/http.html#read"""

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

import msgspec

from fhir_service.access.view import seen_in_part
from fhir_service.rest.exchange import Face, Header, Reply, Request
from fhir_service.rest.media import MEDIA_TYPE, not_acceptable
from fhir_service.rest.preconditions import is_unchanged
from fhir_service.rest.render import CACHING, of_stored, refusal, version_headers
from fhir_service.storage.port import Stored
from profiles.issues import error

NOT_FOUND = error("not-found", "", "There is no resource of this type with this id")
DELETED = error("deleted", "", "This resource is deleted; its earlier versions can be read at _history/[version]")
_NATIVE: tuple[Header, ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-disposition", b"attachment"),
    (b"content-security-policy", b"sandbox; default-src 'none'"),
    *CACHING,
)
"""Whatever was stored, a browser does not run it."""


async def read(face: Face, request: Request) -> Reply:
    """The current version; 304 when the client has it, 410 when it is deleted."""
    return told(await face.repository.read(request.rtype, request.rid, request.access), request)


def told(stored: Stored | None, request: Request) -> Reply:
    """One version as the client asked for it."""
    if stored is None:
        return refusal(NOT_FOUND)
    if stored.deleted:
        return refusal(DELETED, *version_headers(stored.version, stored.at))
    if _is_known(request.headers, stored) and not _may_have_changed(request):
        return Reply(304, (*CACHING, *version_headers(stored.version, stored.at)))
    own_form = request.view.native or (request.view.any_form and request.rtype == "Binary")
    return _native(stored) if own_form else of_stored(stored)


def _is_known(headers: Mapping[bytes, bytes], stored: Stored) -> bool:
    """Whether the client has this version; If-Modified-Since counts only without If-None-Match.  RFC 9110 13.1.3"""
    if b"if-modified-since" not in headers or b"if-none-match" in headers:
        return is_unchanged(headers, stored.version)
    since = _moment(headers[b"if-modified-since"].decode("latin-1"))
    return since is not None and stored.updated.replace(microsecond=0) <= since


def _may_have_changed(request: Request) -> bool:
    """Whether the caller may see more or less of the same version than when they read it."""
    return request.access.condition is not None and seen_in_part(request.rtype)


@lru_cache(maxsize=256)
def _moment(told: str) -> datetime | None:
    """The time of a header; None where it is none: then it says nothing."""
    try:
        return parsedate_to_datetime(told).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _native(stored: Stored) -> Reply:
    """The content of a Binary in its own media type.  https://hl7.org/fhir/R4/binary.html#rest"""
    binary = msgspec.json.decode(stored.body)
    try:
        content = base64.b64decode(binary.get("data", ""))
    except binascii.Error:
        return refusal(not_acceptable())
    kind = binary["contentType"]
    shown = kind if MEDIA_TYPE.fullmatch(kind) else "application/octet-stream"
    headers = ((b"content-type", shown.encode()), *_NATIVE, *version_headers(stored.version, stored.at))
    return Reply(200, headers, content)
