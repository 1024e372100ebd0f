"""What a search tells beside what it found."""

import asyncio
import json
from typing import Any

from fhir_service.rest.exchange import Face, Request
from fhir_service.rest.paging import PageTokens
from fhir_service.rest.search import search
from fhir_service.storage.port import Page

BASE = "http://knutepunkt.test/fhir"


class Cut:
    """A repository in which more would be included than one page may bring."""

    async def search(self, _query: object, _access: object) -> Page:
        return Page((), cut=True)


def test_includes_that_are_left_out_are_told() -> None:
    """SR-8, SR-19: capped, and said so."""
    repository: Any = Cut()
    nothing: Any = None
    face = Face(repository, nothing, BASE, PageTokens(b""), b"{}", nothing, rtypes=("Patient",))
    request = Request("GET", "Patient", "", "", {}, nothing, parameters=[("_include", "Patient:link")])
    (entry,) = json.loads(asyncio.run(search(face, request)).body)["entry"]
    assert entry["search"] == {"mode": "outcome"}
    issue = entry["resource"]["issue"][0]
    assert (issue["severity"], issue["code"], issue["expression"]) == ("warning", "too-costly", ["_include"])
