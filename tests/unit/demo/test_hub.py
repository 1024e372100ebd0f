"""The demo as a polite FHIR client: what goes over the wire, and what it makes of refusals."""

import json
from collections.abc import Iterator
from urllib.parse import parse_qs

import httpx
import pytest
from pytest_httpx import HTTPXMock

from fhir_service.demo.hub import Hub, Unexpected

BASE = "http://hub.test/fhir"
TASK = {"resourceType": "Task", "id": "t1", "meta": {"versionId": "4"}, "status": "requested", "note": [{"text": "x"}]}


@pytest.fixture
def hub() -> Iterator[Hub]:
    made = Hub("hub.test", "127.0.0.1:2575")
    yield made
    made.close()


def test_update_names_the_version_in_hand_and_drops_what_is_none(hub: Hub, httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_response(method="PUT", url=f"{BASE}/Task/t1", json=TASK, match_headers={"if-match": 'W/"4"'})
    hub.put(TASK, status="received", note=None)
    sent = json.loads(httpx_mock.get_requests()[0].content)
    assert sent == {"resourceType": "Task", "id": "t1", "meta": {"versionId": "4"}, "status": "received"}


def test_who_acts_is_named_in_each_request_and_nobody_otherwise(hub: Hub, httpx_mock: HTTPXMock) -> None:
    """Decision 32."""
    httpx_mock.add_response(json=TASK | {"entry": []}, is_reusable=True)
    school = hub.acting("service", "Organization/school")
    school.read("Task/t1")
    school.keep(TASK)
    hub.acting("person", person="Patient/1").find("Task")
    hub.post(TASK)
    said = [{k: v for k, v in r.headers.items() if k.startswith("x-knutepunkt")} for r in httpx_mock.get_requests()]
    at_school = {"x-knutepunkt-role": "service", "x-knutepunkt-organization": "Organization/school"}
    person = {"x-knutepunkt-role": "person", "x-knutepunkt-person": "Patient/1"}
    assert said == [at_school, at_school, person, {}]


def test_search_is_posted_so_that_no_number_is_in_a_url(hub: Hub, httpx_mock: HTTPXMock) -> None:
    """Decision 15."""
    entry = [
        {"resource": TASK, "search": {"mode": "match"}},
        {"resource": {"resourceType": "Patient"}, "search": {"mode": "include"}},
    ]
    httpx_mock.add_response(method="POST", url=f"{BASE}/Task/_search", json={"entry": entry})
    assert hub.find("Task", identifier="15918512397", part_of="Task/t0", _sort="due") == [TASK]
    form = parse_qs(httpx_mock.get_requests()[0].content.decode())
    assert form == {"identifier": ["15918512397"], "part-of": ["Task/t0"], "_sort": ["due"]}


def test_nothing_found_where_the_story_has_one_is_unexpected(hub: Hub, httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_response(json={"resourceType": "Bundle", "type": "searchset"})
    with pytest.raises(Unexpected, match="no Task"):
        hub.one("Task", status="requested")


@pytest.mark.parametrize("status", [409, 412, 422, 428, 503])
def test_refusal_is_unexpected_and_tells_status_and_outcome(hub: Hub, httpx_mock: HTTPXMock, status: int) -> None:
    httpx_mock.add_response(status_code=status, json={"resourceType": "OperationOutcome"})
    with pytest.raises(Unexpected, match=f"answered {status}:\n.*OperationOutcome"):
        hub.post({"resourceType": "Task"})


def test_service_that_is_not_there_is_an_error_of_the_line(hub: Hub, httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_exception(httpx.ConnectError("refused"))
    with pytest.raises(httpx.ConnectError):
        hub.read("Task/t1")
