"""Every kind of answer comes whole over one connection: with body, without, before its request is complete."""

import http.client
import json
import re
import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.waiting import GUARD

from .conftest import Service

PATIENT = json.dumps({"resourceType": "Patient", "id": "wire"}).encode()
JSON = {"content-type": "application/fhir+json"}


@pytest.fixture
def connection(shared_service: Service) -> Iterator[http.client.HTTPConnection]:
    with closing(http.client.HTTPConnection(shared_service.http, timeout=GUARD)) as made:
        made.request("PUT", "/fhir/Patient/wire", PATIENT, JSON)
        assert json.loads(made.getresponse().read())["id"] == "wire"
        yield made


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "has_body"),
    [
        ("GET", "/fhir/Patient/wire", {}, 200, True),
        ("HEAD", "/fhir/Patient/wire", {}, 200, False),
        ("GET", "/fhir/Patient/wire", {"if-none-match": "*"}, 304, False),
        ("GET", "/fhir/Patient/never-there", {}, 404, True),
        ("HEAD", "/fhir/Patient/never-there", {}, 404, False),
        ("GET", "/healthz", {}, 200, True),
        ("PUT", "/fhir/Patient/wire", {"prefer": "return=minimal"}, 200, False),
        ("DELETE", "/fhir/Patient/wire", {}, 204, False),
    ],
)
@pytest.mark.parametrize("last", [False, True], ids=["kept", "closed"])
def test_answer_is_whole_and_the_next_request_is_answered(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    headers: dict[str, str],
    status: int,
    has_body: bool,
    last: bool,
) -> None:
    close = {"connection": "close"} if last else {}
    connection.request(method, path, PATIENT if method == "PUT" else None, JSON | headers | close)
    answer = connection.getresponse()
    body = answer.read()
    assert (answer.status, bool(body)) == (status, has_body)
    assert method == "HEAD" or len(body) == int(answer.headers.get("content-length", "0"))
    assert answer.headers["connection"] == ("close" if last else None)
    if not last:
        connection.request("GET", "/healthz")
        assert connection.getresponse().read()


def received(wire: socket.socket, ending: bytes) -> bytes:
    found = b""
    while not found.endswith(ending) and (piece := wire.recv(65_536)):
        found += piece
    return found


def test_client_that_asks_first_is_told_to_go_on(shared_service: Service) -> None:
    headers = ("Host: x", "Content-Type: application/fhir+json", "Expect: 100-continue", "Connection: close")
    head = "\r\n".join(("PUT /fhir/Patient/wire HTTP/1.1", *headers, f"Content-Length: {len(PATIENT)}", "", ""))
    with socket.create_connection(("127.0.0.1", shared_service.http_port), timeout=GUARD) as wire:
        wire.sendall(head.encode())
        assert received(wire, b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        wire.sendall(PATIENT)
        assert received(wire, b"never").startswith(b"HTTP/1.1 20")


def test_requests_sent_at_once_are_answered_in_turn(shared_service: Service) -> None:
    wanted = [b"GET /healthz", b"HEAD /fhir/metadata", b"GET /fhir/Patient/never-there", b"GET /healthz"]
    ends = [b"", b"", b"", b"Connection: close\r\n"]
    with socket.create_connection(("127.0.0.1", shared_service.http_port), timeout=GUARD) as wire:
        pairs = zip(wanted, ends, strict=True)
        wire.sendall(b"".join(b"%b HTTP/1.1\r\nHost: x\r\n%b\r\n" % pair for pair in pairs))
        answers = received(wire, b"never")
    assert re.findall(rb"HTTP/1.1 (\d+) ", answers) == [b"200", b"200", b"404", b"200"]


def test_head_and_body_leave_together(shared_service: Service) -> None:
    """One system call, one segment: what a client reads first is everything."""
    with socket.create_connection(("127.0.0.1", shared_service.http_port), timeout=GUARD) as wire:
        for _ in range(20):
            wire.sendall(b"GET /fhir/Patient/never-there HTTP/1.1\r\nHost: x\r\n\r\n")
            first = wire.recv(65_536)
            head, _, body = first.partition(b"\r\n\r\n")
            assert f"content-length: {len(body)}".encode() in head
            assert body
