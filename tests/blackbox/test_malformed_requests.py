"""Hundreds of malformed requests over real sockets (SR-16, SR-17, SR-18).

`KNUTEPUNKT_MALFORMED=5000` makes more of them, `KNUTEPUNKT_SEED=7` others.
"""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from tests import postgres
from tests.waiting import GUARD

from .conftest import Service
from .malformed import KINDS, corpus
from .malformed_request import SECRET, Malformed
from .malformed_request import request as as_bytes

SIZE = int(os.environ.get("KNUTEPUNKT_MALFORMED", "700"))
SEED = int(os.environ.get("KNUTEPUNKT_SEED", "16"))
LARGEST = 300_000_000
TELLS_TOO_MUCH = ("Traceback", ".py", "sqlite", "msgspec", "uvicorn", "Error(", SECRET)


def exchange(service: Service, sent: Malformed) -> bytes:
    """All that comes back before the connection ends; empty when there is no answer."""
    with socket.create_connection(("127.0.0.1", service.http_port), timeout=GUARD) as connection:
        received = b""
        try:
            connection.sendall(sent.wire)
            if sent.ends:
                connection.shutdown(socket.SHUT_WR)
            while piece := connection.recv(65_536):
                received += piece
        except (ConnectionResetError, BrokenPipeError):
            pass  # answered and closed while we were still sending
        return received


def judged(sent: Malformed, received: bytes) -> str:
    """What is wrong with the answer; empty when it is as it should be."""
    if not received:
        return "" if sent.ends else "no answer"
    head, _, body = received.partition(b"\r\n\r\n")
    status = int(head.split(b" ", 2)[1])
    if status not in sent.statuses:
        return f"status {status}"
    text = received.decode("utf-8", "replace")
    if status < 400 or sent.wire.startswith(b"HEAD"):
        return ""
    found = next((word for word in TELLS_TOO_MUCH if word in text), "")
    if found:
        return f"tells {found}"
    return _no_outcome(head, body)


def _no_outcome(head: bytes, body: bytes) -> str:
    if b"content-type: application/fhir+json" not in head:
        return "not FHIR JSON"
    issues = json.loads(body)["issue"]
    told = all(i["severity"] == "error" and i["code"] and i["diagnostics"].strip() for i in issues)
    return "" if issues and told else "no issue told"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """With the resource that some of the requests are about."""
    with ExitStack() as opened:
        url = opened.enter_context(postgres.empty_database()) if request.param == "postgresql" else None
        running = Service(tmp_path_factory.mktemp("service"), url).start()
        opened.callback(running.end)
        _store_patient(running)
        yield running


def _store_patient(running: Service) -> None:
    body = b'{"resourceType":"Patient","id":"p1"}'
    answer = exchange(
        running,
        Malformed("good", as_bytes("PUT", "/fhir/Patient/p1", (("Content-Type", "application/fhir+json"),), body)),
    )
    assert answer.startswith(b"HTTP/1.1 201")


@pytest.mark.parametrize("number", range(len(KINDS)), ids=[kind.__name__ for kind in KINDS])
def test_malformed_requests_of_a_kind_are_refused_and_told_why(service: Service, number: int) -> None:
    wrong: list[tuple[str, str, bytes, bytes]] = []
    for sent in corpus(SIZE, SEED)[number :: len(KINDS)]:
        try:
            received = exchange(service, sent)
        except TimeoutError:
            wrong.append((sent.kind, "no answer in time", sent.wire[:300], b""))
            continue
        told = judged(sent, received)
        if told:
            wrong.append((sent.kind, told, sent.wire[:300], received[:600]))
    assert wrong == []
    assert service.alive()


def test_the_service_goes_on_and_its_log_tells_nothing(service: Service) -> None:
    good = Malformed("good", as_bytes("GET", "/fhir/Patient/p1"), (200,))
    assert exchange(service, good).startswith(b"HTTP/1.1 200")
    log = Path(service.log).read_text(encoding="utf-8")
    assert "internal error" not in log
    assert [word for word in ("Traceback", SECRET) if word in log] == []
    assert service.process
    assert psutil.Process(service.process.pid).memory_info().rss < LARGEST  # SR-8: whatever came, nothing of it is kept


def test_a_request_in_work_is_answered_before_what_cannot_be_read(service: Service) -> None:
    """What follows a whole request never takes the place of its answer: the client would send the write again."""
    body = b'{"resourceType":"Patient"}'
    headers = (("Content-Type", "application/fhir+json"), ("Content-Length", str(len(body))))
    wire = as_bytes("POST", "/fhir/Patient", headers, body, length=False).replace(b"Connection: close\r\n", b"")
    received = exchange(service, Malformed("more than told", wire + b"garbage\x00\r\n\r\n"))
    assert received.startswith(b"HTTP/1.1 201 Created"), received[:200]
