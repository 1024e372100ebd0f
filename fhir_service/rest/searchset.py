"""A page of a search as a Bundle, joined from stored bytes.  https://hl7.org/fhir/R4/http.html#search"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import msgspec

from fhir_service.rest.render import outcome
from fhir_service.storage.port import Page, Stored
from profiles.issues import Issue

_MATCH = b',"search":{"mode":"match"}}'
_INCLUDE = b',"search":{"mode":"include"}}'
_OUTCOME = b',"search":{"mode":"outcome"}}'


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses of this page and of the next, if there is one."""

    self: str
    next: str | None = None


def searchset(base: str, page: Page, links: Links, told: tuple[Issue, ...] = ()) -> bytes:
    """The Bundle. `told`: what the caller should know, as an entry of mode `outcome`."""
    entries = [*_entries(base, page.matches, _MATCH), *_entries(base, page.included, _INCLUDE)]
    if told:
        entries.append(b'{"resource":' + outcome(told) + _OUTCOME)
    total = b"" if page.total is None else b',"total":%d' % page.total
    listed = b',"entry":[' + b",".join(entries) + b"]" if entries else b""
    return b'{"resourceType":"Bundle","type":"searchset"' + total + b',"link":' + _links(links) + listed + b"}"


def _entries(base: str, found: Iterable[Stored], mode: bytes) -> Iterable[bytes]:
    for stored in found:
        yield _opening(base, stored.rtype) + stored.rid.encode() + b'","resource":' + stored.body + mode


@lru_cache(maxsize=512)
def _opening(base: str, rtype: str) -> bytes:
    return b'{"fullUrl":' + msgspec.json.encode(f"{base}/{rtype}/")[:-1]


def _links(links: Links) -> bytes:
    shown = [("self", links.self), ("next", links.next)]
    return msgspec.json.encode([{"relation": relation, "url": url} for relation, url in shown if url is not None])
