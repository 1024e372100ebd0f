"""A page of versions as a Bundle.  https://hl7.org/fhir/R4/http.html#history"""

import re

from fhir_service.rest.exchange import View
from fhir_service.rest.searchset import opening
from fhir_service.rest.views import part_of
from fhir_service.storage.port import HistoryPage, Stored
from fhir_service.workflow.versions import instant

_OURS = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.ASCII)
"""An id that this service made (`workflow.ids`): what has it was created, all else was put there under its id."""


def historyset(base: str, page: HistoryPage, links: bytes, view: View) -> bytes:
    """The Bundle. `links`: as JSON; `view`: which part of each version is shown."""
    entries = b",".join(_entry(base, version, view) for version in page.versions)
    total = b"" if page.total is None else b',"total":%d' % page.total
    listed = b',"entry":[' + entries + b"]" if entries else b""
    return b'{"resourceType":"Bundle","type":"history"' + total + b',"link":' + links + listed + b"}"


def _entry(base: str, version: Stored, view: View) -> bytes:
    """A version with what made it; a deletion has no resource."""
    method, status = _made_by(version)
    url = version.rtype if method == "POST" else f"{version.rtype}/{version.rid}"
    told = f'"request":{{"method":"{method}","url":"{url}"}},"response":{{"status":"{status}",'
    marked = f'"etag":"W/\\"{version.version}\\"","lastModified":"{instant(version.updated)}"}}}}'
    resource = b"" if version.deleted else b'"resource":' + _part(version, view) + b","
    return opening(base, version.rtype) + version.rid.encode() + b'",' + resource + (told + marked).encode()


def _made_by(version: Stored) -> tuple[str, int]:
    if version.deleted:
        return "DELETE", 204
    if version.version > 1:
        return "PUT", 200
    return ("POST" if _OURS.fullmatch(version.rid) else "PUT"), 201


def _part(version: Stored, view: View) -> bytes:
    return part_of(version.rtype, version.body, view) if view.part else version.body
