"""What a search tells beside what it found."""

import asyncio
import json
from typing import Any

from fhir_service.rest.exchange import Face, Request
from fhir_service.rest.paging import PageToken, PageTokens
from fhir_service.rest.search import search
from fhir_service.storage.port import Page

BASE = "http://knutepunkt.test/fhir"


class Cut:
    """A repository in which more would be included than one page may bring."""

    async def search(self, _query: object, _access: object) -> Page:
        return Page((), cut=True)


def face() -> Face:
    repository: Any = Cut()
    nothing: Any = None
    return Face(repository, nothing, BASE, PageTokens(b""), b"{}", nothing, rtypes=("Patient",))


def request(*parameters: tuple[str, str]) -> Request:
    receive: Any = None
    return Request("GET", "Patient", "", "", {}, receive, parameters=list(parameters))


def test_includes_that_are_left_out_are_told() -> None:
    """SR-8, SR-19: capped, and said so."""
    (entry,) = json.loads(asyncio.run(search(face(), request(("_include", "Patient:link")))).body)["entry"]
    assert entry["search"] == {"mode": "outcome"}
    issue = entry["resource"]["issue"][0]
    assert (issue["severity"], issue["code"], issue["expression"]) == ("warning", "too-costly", ["_include"])


def test_a_page_link_of_a_search_that_is_served_no_longer_is_refused() -> None:
    """It was sealed by an earlier version, or when more was served."""
    sealed = face().pages.seal(PageToken("Patient", (("colour", "red"),), ((1,), 1)))
    answer = asyncio.run(search(face(), request(("_page", sealed))))
    assert (answer.status, b"bad-page-token" in answer.body) == (400, True)


def test_a_value_set_that_is_not_known_is_told() -> None:
    answer = asyncio.run(search(face(), request(("gender:in", "http://example.org/nowhere"))))
    assert (answer.status // 100, b"OperationOutcome" in answer.body) == (4, True)
