"""A page of a search as a Bundle, joined from stored bytes.  https://hl7.org/fhir/R4/http.html#search"""

from collections.abc import Iterable
from functools import lru_cache

import msgspec

from fhir_service.rest.exchange import PLAIN, View
from fhir_service.rest.render import outcome
from fhir_service.rest.views import part_of
from fhir_service.storage.port import Page, Stored
from profiles.issues import Issue

_MATCH = b',"search":{"mode":"match"}}'
_INCLUDE = b',"search":{"mode":"include"}}'
_OUTCOME = b',"search":{"mode":"outcome"}}'


def searchset(base: str, page: Page, links: bytes, told: tuple[Issue, ...] = (), view: View = PLAIN) -> bytes:
    """The Bundle. `links`: as JSON; `told`: what the caller should know, as an entry of mode `outcome`; `view`: which
    part of each resource is shown."""
    entries = [*_entries(base, page.matches, _MATCH, view), *_entries(base, page.included, _INCLUDE, view)]
    if told:
        entries.append(b'{"resource":' + outcome(told) + _OUTCOME)
    total = b"" if page.total is None else b',"total":%d' % page.total
    listed = b',"entry":[' + b",".join(entries) + b"]" if entries else b""
    return b'{"resourceType":"Bundle","type":"searchset"' + total + b',"link":' + links + listed + b"}"


def _entries(base: str, found: Iterable[Stored], mode: bytes, view: View) -> Iterable[bytes]:
    part = view.part
    for stored in found:
        body = part_of(stored.rtype, stored.body, view) if part else stored.body
        yield opening(base, stored.rtype) + stored.rid.encode() + b'","resource":' + body + mode


@lru_cache(maxsize=512)
def opening(base: str, rtype: str) -> bytes:
    """The beginning of an entry of a type, down to the id in its fullUrl."""
    return b'{"fullUrl":' + msgspec.json.encode(f"{base}/{rtype}/")[:-1]
