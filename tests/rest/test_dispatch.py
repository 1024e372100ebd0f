"""A request within a request: what a batch asks of the other interactions."""

import asyncio
from typing import Any

import pytest
import structlog

from fhir_service.rest import router
from fhir_service.rest.exchange import Face, Reply, Request
from fhir_service.rest.paging import PageTokens
from fhir_service.rest.router import FhirRouter
from fhir_service.storage.port import TooSlow, Unavailable, Uncertain

BASE = "http://knutepunkt.test/fhir"


class Asked:
    """A repository that notes what it is asked for, and has nothing or fails."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.asked: list[tuple[str, str]] = []
        self._failure = failure

    async def read(self, rtype: str, rid: str, _: object) -> None:
        self.asked.append((rtype, rid))
        if self._failure:
            raise self._failure


def dispatched(repository: Any, address: str, headers: dict[bytes, bytes] | None = None, method: str = "GET") -> Reply:
    nothing: Any = None
    face = Face(repository, nothing, BASE, PageTokens(b""), b"{}", nothing)
    serving = FhirRouter(face, ("Binary", "Patient"))

    async def receive() -> dict[str, Any]:
        return {}

    outer = Request("POST", "", "", "", {b"x-knutepunkt-role": b"ke", b"prefer": b"x"}, receive)
    outer.router, outer.request_id = serving, b"r-1"
    return asyncio.run(outer.dispatch(method, address, headers or {}))


def test_an_address_below_the_base_is_served() -> None:
    repository = Asked()
    assert dispatched(repository, "Patient/a%2D1?_format=json").status == 404
    assert repository.asked == [("Patient", "a-1")]


def test_what_is_wrong_is_told_as_anywhere() -> None:
    assert dispatched(Asked(), "Sandwich/1").status == 404
    assert dispatched(Asked(), "Patient/1", method="BREW").status == 405
    assert dispatched(Asked(), "Patient/1?colour=red").status == 400
    assert dispatched(Asked(), "Patient/1", {b"accept": b"application/fhir+xml"}).status == 406
    assert dispatched(Asked(), "Patient/1%2f2").status == 404


def test_a_failure_is_that_of_the_inner_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(router, "log", structlog.get_logger())  # one that remembers nothing of this test
    assert dispatched(Asked(Unavailable()), "Patient/1").status == 503
    slow = dispatched(Asked(TooSlow()), "Patient/1")
    assert (slow.status, b"too-slow" in slow.body) == (503, True)
    unknown = dispatched(Asked(Uncertain()), "Patient/1")
    assert (unknown.status, dict(unknown.headers).get(b"retry-after")) == (504, None)
    internal = dispatched(Asked(KeyError("15918512397")), "Patient/1")
    assert (internal.status, b"r-1" in internal.body, b"15918512397" in internal.body) == (500, True, False)


def test_the_caller_is_the_one_of_the_outer_request() -> None:
    """An entry cannot name another one."""
    assert dispatched(Asked(), "Patient/1", {b"x-knutepunkt-role": b"nobody"}).status == 404


def test_a_header_that_comes_twice_is_one_with_a_comma() -> None:
    """RFC 9110 5.2: otherwise the last one would win."""
    nothing: Any = None
    serving = FhirRouter(Face(nothing, nothing, BASE, PageTokens(b""), b"{}", nothing), ("Patient",))
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    twice = [(b"accept", b"text/plain;q=0"), (b"accept", b"application/fhir+xml"), (b"host", b"x")]
    scope = {"method": "GET", "path": "/fhir/metadata", "query_string": b"", "headers": twice}
    asyncio.run(serving(scope, nothing, send))
    assert sent[0]["status"] == 406
