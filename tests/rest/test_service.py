"""The service around the FHIR endpoint: addresses beside it, start and end, and trouble (SR-7, SR-9, SR-17, SR-18)."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from fhir_service.app import Knutepunkt, create_app
from fhir_service.rest.exchange import Face
from fhir_service.rest.paging import PageTokens
from fhir_service.rest.router import FhirRouter
from fhir_service.settings import Settings
from fhir_service.storage.port import InForceConflict
from tests.rest.conftest import BASE, FHIR_JSON, Rest, code, issue

HERE = BASE.removesuffix("/fhir")
SCOPE = {"type": "http", "method": "POST", "path": "/fhir/Patient", "query_string": b"", "headers": []}
JSON_HEADERS = [(b"content-type", b"application/fhir+json")]
A01 = (
    "MSH|^~\\&|DIPS|St. Olavs hospital|KP|KE|20261122100000+0100||ADT^A01^ADT_A01|A-1|P|2.5.1\r"
    "EVN|A01|20261122095500+0100\rPID|1||15918512397^^^NO^FNR||Dal^Arne\rPV1|1|I|NEV^^^ST OLAV\r"
)


class Conversation:
    """One request as a server hands it over: `parts` are what `receive` gives, one after another."""

    def __init__(self, parts: list[Any]) -> None:
        self._parts: Iterator[Any] = iter(parts)
        self.sent: list[dict[str, Any]] = []

    async def receive(self) -> Any:
        part = next(self._parts)
        if isinstance(part, BaseException):
            raise part
        return part

    async def send(self, message: Any) -> None:
        self.sent.append(message)

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])


def hold(app: Any, parts: list[Any], **scope: Any) -> Conversation:
    conversation = Conversation(parts)
    asyncio.run(app(SCOPE | scope, conversation.receive, conversation.send))
    return conversation


@pytest.mark.parametrize(("path", "text"), [("/", "FHIR R4"), ("/healthz", "ok"), ("/readyz", "ready")])
def test_what_is_served_beside_fhir(rest: Rest, path: str, text: str) -> None:
    answer = rest.get(HERE + path)
    assert (answer.status_code, text in answer.text) == (200, True)
    assert rest("HEAD", HERE + path).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nope", 404),
        ("GET", "/fhirr", 404),
        ("GET", "/docs", 404),
        ("GET", "/openapi.json", 404),
        ("POST", "/healthz", 405),
        ("GET", "/hl7v2", 405),
        ("GET", "/%00%0d%0a", 404),
    ],
)
def test_errors_beside_fhir_are_operation_outcomes_too(rest: Rest, method: str, path: str, status: int) -> None:
    answer = rest(method, HERE + path)
    assert answer.status_code == status
    issue(answer)


def test_a_message_over_http_is_answered_and_its_patient_is_there(rest: Rest) -> None:
    answer = rest(
        "POST",
        f"{HERE}/hl7v2",
        content=A01.encode(),
        headers={"content-type": "x-application/hl7-v2+er7; charset=utf-8"},
    )
    assert answer.status_code == 200
    assert "\rMSA|AA|A-1" in answer.text
    found = rest("POST", "Patient/_search", content="identifier=15918512397", headers=_form())
    assert found.json()["entry"]


def _form() -> dict[str, str]:
    return {"content-type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize("rest", ["sqlite"], indirect=True)
def test_a_locked_database_is_503_for_writers_and_reads_go_on(rest: Rest) -> None:
    stored = rest.stored({"resourceType": "Patient"})
    with closing(sqlite3.connect(rest.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        write = rest.post({"resourceType": "Patient"})
        assert rest.get(f"Patient/{stored['id']}").status_code == 200
        other.execute("ROLLBACK")
    assert (write.status_code, code(write)) == (503, "temporary")
    assert int(write.headers["retry-after"]) > 0
    assert rest.post({"resourceType": "Patient"}).status_code == 201


def test_a_body_that_comes_in_pieces_is_one_body(rest: Rest) -> None:
    async def pieces() -> Any:
        for piece in (b'{"resourceTy', b'pe":"Pat', b"", b'ient"}'):
            yield piece

    assert rest("POST", "Patient", content=pieces(), headers=FHIR_JSON).status_code == 201


def test_a_body_is_counted_as_it_arrives_whatever_its_length_header_says(rest: Rest) -> None:
    async def pieces() -> Any:
        for _ in range(50):
            yield b" " * 10_000

    answer = rest("POST", "Patient", content=pieces(), headers=FHIR_JSON | {"content-length": "2"})
    assert (answer.status_code, code(answer)) == (413, "too-large")


@pytest.mark.parametrize(
    "more", [{"content-length": "400000", "expect": "100-continue"}, {"content-length": "9999999"}]
)
def test_a_body_that_says_to_be_too_large_is_not_waited_for(rest: Rest, more: dict[str, str]) -> None:  # SR-8
    async def pieces() -> Any:
        raise AssertionError("there is no use in reading it")
        yield b""

    answer = rest("POST", "Patient", content=pieces(), headers=FHIR_JSON | more)
    assert (answer.status_code, code(answer)) == (413, "too-large")


class Refusing:
    """An office at which the database constraint speaks, or something breaks."""

    def __init__(self, failure: Exception) -> None:
        self._failure = failure

    async def write(self, _request: object, _by: object, _once: object) -> Any:
        raise self._failure


def router(failure: Exception) -> FhirRouter:
    office: Any = Refusing(failure)
    repository: Any = None
    exports: Any = None
    face = Face(repository, office, BASE, PageTokens(b""), b"{}", exports)
    return FhirRouter(face, ("CarePlan", "CareTeam", "Patient"))


BODIES = {
    "CarePlan": b'{"resourceType":"CarePlan","status":"draft","intent":"plan","subject":{"reference":"Patient/1"}}',
    "CareTeam": b'{"resourceType":"CareTeam"}',
    "Patient": b'{"resourceType":"Patient"}',
}


@pytest.mark.parametrize(("rtype", "expected"), [("CarePlan", "duplicate-plan"), ("CareTeam", "second-coordinator")])
def test_what_the_constraint_refuses_is_409(rtype: str, expected: str) -> None:
    part = {"type": "http.request", "body": BODIES[rtype]}
    answer = hold(router(InForceConflict("x")), [part], path=f"/fhir/{rtype}", headers=JSON_HEADERS)
    assert answer.status == 409
    assert expected in answer.sent[1]["body"].decode()


def test_an_error_of_ours_is_500_with_an_id_and_no_detail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fhir_service.rest.router.log", structlog.get_logger())  # none that an earlier test has used
    part = {"type": "http.request", "body": BODIES["Patient"]}
    with capture_logs() as logs:
        answer = hold(router(KeyError("15918512397")), [part], headers=JSON_HEADERS)
    body, request_id = answer.sent[1]["body"].decode(), dict(answer.sent[0]["headers"])[b"x-request-id"].decode()
    assert answer.status == 500
    assert '"exception"' in body
    assert request_id in body
    assert logs[0]["request"] == request_id
    for told in (body, str(logs)):
        assert "15918512397" not in told
    assert "KeyError" not in body
    assert logs[0]["failure"] == "KeyError"


def test_a_client_that_hangs_up_is_not_answered() -> None:
    half = {"type": "http.request", "body": b"{", "more_body": True}
    answer = hold(router(KeyError()), [half, {"type": "http.disconnect"}], headers=JSON_HEADERS)
    assert answer.sent == []


def settings(folder: Path, **more: Any) -> Settings:
    return Settings(database=f"sqlite:///{folder / 'k.db'}", mllp="127.0.0.1:0", **more)


def test_before_its_start_the_service_says_503(tmp_path: Path) -> None:
    for path in ("/fhir/Patient/1", "/readyz"):
        answer = hold(create_app(settings(tmp_path)), [], path=path, method="GET")
        assert answer.status == 503
        assert b"OperationOutcome" in answer.sent[1]["body"]


def test_the_lifespan_opens_the_doors_and_closes_them(tmp_path: Path) -> None:
    app = create_app(settings(tmp_path))
    answer = hold(app, [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}], type="lifespan")
    assert [m["type"] for m in answer.sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert app.mllp is not None
    assert hold(app, [], path="/fhir/metadata", method="GET").status == 503


def test_a_start_that_fails_says_why(tmp_path: Path) -> None:
    app = create_app(settings(tmp_path / "not-there"))
    answer = hold(app, [{"type": "lifespan.startup"}], type="lifespan")
    assert [m["type"] for m in answer.sent] == ["lifespan.startup.failed"]
    assert "folder" in answer.sent[0]["message"]


def test_a_second_start_finds_what_the_first_one_stored(tmp_path: Path) -> None:
    async def once() -> int:
        app = create_app(settings(tmp_path))
        async with app.running():
            answer = Conversation([])
            await app(SCOPE | {"method": "GET", "path": "/fhir/Organization"}, answer.receive, answer.send)
            return len(answer.sent[1]["body"])

    first, second = asyncio.run(once()), asyncio.run(once())
    assert first == second
    assert first > 1000


def test_a_file_of_routes_that_cannot_be_used_stops_the_start(tmp_path: Path) -> None:
    for name, text in (("empty.json", ""), ("rows.json", '{"inboxes":[{}]}'), ("list.json", "[1]")):
        (tmp_path / name).write_text(text)
        with pytest.raises(ValueError, match=name):
            create_app(settings(tmp_path, routes=tmp_path / name))
    with pytest.raises(ValueError, match="nowhere"):
        create_app(settings(tmp_path, endpoints=tmp_path / "nowhere.json"))


def test_a_websocket_is_closed(tmp_path: Path) -> None:
    app: Knutepunkt = create_app(settings(tmp_path))
    answer = hold(app, [], type="websocket")
    assert answer.sent == [{"type": "websocket.close", "code": 1008}]
