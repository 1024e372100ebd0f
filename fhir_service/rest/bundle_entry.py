"""One entry of a batch or transaction as the request that it stands for, and its response as an entry.

https://hl7.org/fhir/R4/bundle.html#entry
"""

import base64
import binascii
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from fhir_service.rest.media import FHIR_JSON
from profiles.decimals import ENCODER
from profiles.issues import Issue, error
from profiles.resource import Resource

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_HEADERS = {"ifMatch": b"if-match", "ifNoneMatch": b"if-none-match", "ifNoneExist": b"if-none-exist"}
_NO_REQUEST = error("required", "request", f"An entry needs a request with a url and a method: {', '.join(METHODS)}")
_ELSEWHERE = error("value", "request.url", "The url must be one of this server: relative to its base, as Patient/1")
_BAD_TIME = error("value", "request.ifModifiedSince", "Expected an instant, as 2026-11-22T09:00:00Z")
_BAD_BINARY = error("structure", "resource", "A patch in a Binary has a contentType and base64 data")


@dataclass(frozen=True, slots=True)
class EntryRequest:
    """What an entry asks for. `address`: below the base; `content_type` and `resource` are those of its body."""

    method: str
    address: str
    headers: dict[bytes, bytes] = field(default_factory=dict)
    full_url: str = ""
    resource: Any = None

    @property
    def path(self) -> str:
        return self.address.partition("?")[0]

    @property
    def query(self) -> str:
        return self.address.partition("?")[2]


def entry_request(entry: Any, base: str) -> EntryRequest | Issue:
    """The request of an entry, or what is wrong with it."""
    told = entry.get("request") if isinstance(entry, dict) else None
    if not isinstance(told, dict):
        return _NO_REQUEST
    method, url = told.get("method"), told.get("url")
    if method not in METHODS or not isinstance(url, str):
        return _NO_REQUEST
    address = _address(url, base)
    headers = _headers(told)
    if isinstance(address, Issue):
        return address
    if isinstance(headers, Issue):
        return headers
    full_url = entry.get("fullUrl")
    return EntryRequest(method, address, headers, full_url if isinstance(full_url, str) else "", entry.get("resource"))


def _address(url: str, base: str) -> str | Issue:
    """Below the base. A fragment, or the address of somebody else, names nothing here."""
    below = url.removeprefix(base) if url == base or url.startswith((base + "/", base + "?")) else url
    try:
        parts = urlsplit(below)
    except ValueError:
        return _ELSEWHERE
    return _ELSEWHERE if parts.scheme or parts.netloc or parts.fragment else below.lstrip("/")


def _headers(told: Resource) -> dict[bytes, bytes] | Issue:
    headers = {
        name: value.encode() for element, name in _HEADERS.items() if isinstance(value := told.get(element), str)
    }
    since = told.get("ifModifiedSince")
    if since is None:
        return headers
    try:
        moment = datetime.fromisoformat(since).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return _BAD_TIME
    return {**headers, b"if-modified-since": format_datetime(moment, usegmt=True).encode()}


def body_of_entry(asked: EntryRequest) -> tuple[str, bytes] | Issue:
    """(media type, bytes) of what an entry sends: a patch may come as the content of a Binary."""
    resource = asked.resource
    if asked.method != "PATCH" or not isinstance(resource, dict) or resource.get("resourceType") != "Binary":
        return FHIR_JSON, b"" if resource is None else ENCODER.encode(resource)
    kind, data = resource.get("contentType"), resource.get("data")
    try:
        if isinstance(kind, str) and isinstance(data, str) and kind.isascii():
            return kind, base64.b64decode(data)
    except (binascii.Error, ValueError):
        return _BAD_BINARY
    return _BAD_BINARY


def response_entry(response: Resource, resource: bytes = b"") -> bytes:
    """An entry of the answer."""
    told = b'"response":' + ENCODER.encode(response) + b"}"
    return b'{"resource":' + resource + b"," + told if resource else b"{" + told


def status_line(status: int) -> str:
    """`201 Created`"""
    return f"{status} {HTTPStatus(status).phrase}"


def instant_of(http_date: bytes) -> str:
    """A Last-Modified header as an instant."""
    return parsedate_to_datetime(http_date.decode()).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def bundle_of(kind: str, entries: list[bytes]) -> bytes:
    """The answer, joined from its entries."""
    listed = b',"entry":[' + b",".join(entries) + b"]" if entries else b""
    return b'{"resourceType":"Bundle","type":"' + kind.encode() + b'"' + listed + b"}"
