"""Compiled profiles are kept while nothing that they are made from changes."""

import asyncio

from fhir_service.search.query import SearchQuery
from fhir_service.storage.access import EVERYTHING, Access
from fhir_service.storage.port import Page
from fhir_service.workflow.profile_store import MOST_KEPT, ProfileStore
from fhir_service.workflow.profiles import MOST_CLAIMED, claimed, extended
from fhir_service.workflow.terminology_content import Terminology

URL = "http://example.org/StructureDefinition/a"


class Nothing:
    """A server on which nothing is stored. `asked`: the searches, in order."""

    def __init__(self) -> None:
        self.asked: list[SearchQuery] = []

    async def search(self, query: SearchQuery, access: Access = EVERYTHING) -> Page:
        self.asked.append(query)
        return Page((), total=0)


def profiles(store: ProfileStore, server: Nothing, *urls: str, access: Access = EVERYTHING) -> object:
    return asyncio.run(store.found(Terminology(server, access), urls))


def test_profile_that_is_not_there_is_looked_for_once() -> None:
    store, server = ProfileStore(), Nothing()

    assert profiles(store, server, URL) == {URL: None}
    first = len(server.asked)
    assert profiles(store, server, URL) == {URL: None}
    assert len(server.asked) - first == 3  # what tells whether anything has changed


def test_what_one_who_may_not_see_everything_finds_is_not_kept() -> None:
    store, server = ProfileStore(), Nothing()

    assert profiles(store, server, URL, access=Access("some")) == {URL: None}
    first = len(server.asked)
    assert profiles(store, server, URL, access=Access("some")) == {URL: None}
    assert len(server.asked) == 2 * first


def test_store_does_not_grow_without_end() -> None:
    store, server = ProfileStore(), Nothing()
    many = [f"{URL}{number}" for number in range(MOST_KEPT + 1)]

    profiles(store, server, *many)
    first = len(server.asked)
    profiles(store, server, URL)
    profiles(store, server, many[0])

    assert len(server.asked) - first == 2 * (3 + 1)


def test_claims_are_bounded_and_leave_out_the_type_itself() -> None:
    urls = [f"{URL}{number}" for number in range(MOST_CLAIMED + 5)]
    core = "http://hl7.org/fhir/StructureDefinition/Patient"

    assert claimed({"resourceType": "Patient", "meta": {"profile": [core, *urls, *urls]}}) == tuple(urls[:MOST_CLAIMED])
    assert claimed({"resourceType": "Patient", "meta": {"profile": URL}}) == ()
    assert claimed({"resourceType": "Patient", "meta": []}) == ()
    assert claimed(None) == ()


def test_extensions_are_found_at_every_depth() -> None:
    inner = {"url": "urn:b", "extension": [{"url": "part", "valueString": "x"}]}
    resource = {"name": [{"_given": [None, {"extension": [inner]}]}], "modifierExtension": [{"url": "urn:c"}, 1]}

    assert set(extended(resource)) == {"urn:b", "urn:c"}
