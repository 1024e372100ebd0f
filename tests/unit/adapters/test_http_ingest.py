"""HL7 v2 over HTTP (hl7v2-mapping.md 12, 13; SR-8, SR-16, SR-17)."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx
import pytest
from fastapi import FastAPI

from adapters.http_ingest import media_type, register
from mappings.hl7v2.format import FORMAT
from mappings.message import Endpoint, InboundMessage, Verdict

ER7 = "x-application/hl7-v2+er7"
ONE = b"MSH|^~\\&|DIPS|HUS|||2026||ADT^A01|1|P|2.5\rPID|||1\r"
TWO = ONE.replace(b"|1|P", b"|2|P")
NOW = datetime(2026, 11, 22, 10, 15, 30, tzinfo=UTC)


@dataclass
class Desk:
    taken: list[InboundMessage] = field(default_factory=list)

    async def take(self, inbound: InboundMessage) -> bytes:
        self.taken.append(inbound)
        envelope = FORMAT.read(inbound, Endpoint())
        refused = envelope.content is None
        verdict = Verdict.REFUSED if refused else Verdict.APPLIED
        return FORMAT.answer(envelope, verdict, envelope.issues if refused else (), NOW, "1").body


async def post(desk: Desk, body: bytes | AsyncIterator[bytes], content_type: str | None = ER7) -> httpx.Response:
    app = FastAPI()
    register(app, desk.take, lambda: NOW, 10_000)
    headers = {"Content-Type": content_type} if content_type else {}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        return await client.post("/hl7v2", content=body, headers=headers)


def sent(body: bytes, content_type: str | None = ER7, desk: Desk | None = None) -> httpx.Response:
    return asyncio.run(post(desk or Desk(), body, content_type))


@pytest.mark.parametrize("kind", [ER7, "application/hl7-v2", "application/hl7-v2+er7", "text/plain", "TEXT/Plain ;x=y"])
def test_message_is_answered_in_the_media_type_of_v2(kind):
    desk = Desk()
    response = sent(ONE, kind, desk)
    assert response.status_code == 200
    assert response.headers["content-type"] == ER7
    assert b"\rMSA|AA|1\r" in response.content
    assert [(m.format, m.door, m.body, m.charset) for m in desk.taken] == [("hl7v2", "http", ONE, None)]


def test_charset_of_the_content_type_is_passed_on_and_repeated():
    desk = Desk()
    response = sent(ONE, 'text/plain; charset="ISO-8859-1"', desk)
    assert desk.taken[0].charset == "ISO-8859-1"
    assert response.headers["content-type"] == f"{ER7}; charset=ISO-8859-1"


def test_header_is_never_built_from_what_is_no_charset():  # SR-21
    assert sent(ONE, "text/plain; charset=a b, c").headers["content-type"] == ER7


def test_refused_message_is_200_as_the_answer_is_the_result():
    response = sent(b"GARBAGE")
    assert response.status_code == 200
    assert b"\rMSA|AR|" in response.content


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "application/fhir+json", None])
def test_other_media_types_are_415_with_an_operation_outcome(kind):  # SR-17
    response = sent(ONE, kind)
    assert response.status_code == 415
    assert response.headers["content-type"] == "application/fhir+json"
    outcome = response.json()
    assert outcome["resourceType"] == "OperationOutcome"
    assert (outcome["issue"][0]["severity"], outcome["issue"][0]["code"]) == ("error", "not-supported")
    assert ER7 in outcome["issue"][0]["diagnostics"]


def test_body_above_the_limit_is_413_though_no_length_was_promised():  # SR-8
    async def pieces():
        for _ in range(20):
            yield b"x" * 1000

    desk = Desk()
    response = asyncio.run(post(desk, pieces()))
    assert response.status_code == 413
    assert response.json()["issue"][0]["code"] == "too-long"
    assert desk.taken == []


def test_messages_of_one_body_are_taken_and_answered_one_by_one():
    desk = Desk()
    response = sent(ONE + b"MSH|^^|bad\r" + TWO, desk=desk)
    assert len(desk.taken) == 3
    assert [line.split(b"|")[1] for line in response.content.split(b"\r") if line.startswith(b"MSA")] == [
        b"AA", b"AR", b"AA",
    ]  # fmt: skip


def test_batch_is_answered_in_a_batch():
    response = sent(b"FHS|^~\\&|A\rBHS|^~\\&|A|B|C|D\r" + ONE + TWO + b"BTS|2\rFTS|1\r")
    assert response.content.startswith(b"BHS|^~\\&|C|D|A|B|")
    assert response.content.endswith(b"BTS|2\r")


def test_acknowledgement_is_taken_without_an_answer():
    response = sent(b"MSH|^~\\&|A|B|||2026||ACK|1|P|2.5\rMSA|AA|7\r")
    assert (response.status_code, response.content) == (204, b"")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", ("", None)),
        ("text/plain", ("text/plain", None)),
        ("Text/Plain; charset=utf-8", ("text/plain", "utf-8")),
        ('a/b; x; charset=""; CHARSET="latin1"', ("a/b", "latin1")),
    ],
)
def test_media_type_and_charset_are_read(header, expected):
    assert media_type(header) == expected
