"""The envelope of a message (hl7v2-mapping.md 12, 13; SR-3)."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.hl7v2.format import FORMAT, message_types
from mappings.message import Endpoint, InboundMessage, MessageKey

NOW = datetime(2026, 11, 22, 10, 15, tzinfo=UTC)
HEADER = r"MSH|^~\&|DIPS|HUS|KNUTEPUNKT|BERGEN|20261122101500+0100||ADT^A01|42|P|2.5"
BODY = HEADER + "\rEVN|A01|20261122101500\rPID|1||15918512397^^^^FNR||Test^Arne\rPV1|1|I\r"


def read(text: str | bytes, door: str = "mllp"):
    body = text.encode() if isinstance(text, str) else text
    return FORMAT.read(InboundMessage("hl7v2", door, body, NOW), Endpoint())


def refusals(text: str):
    return [(issue.code, issue.at) for issue in read(text).issues if issue.refuses]


def test_key_is_sender_and_control_id():
    envelope = read(BODY)
    assert envelope.key == MessageKey("DIPS|HUS", "42")
    assert (envelope.sender, envelope.kind, envelope.control_id) == ("DIPS|HUS", "ADT^A01", "42")
    assert not [issue for issue in envelope.issues if issue.refuses]


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("20261122101500+0100||", "20261122120000||", True),
        ("PV1|1|I\r", "PV1|1|I", True),
        ("PV1|1|I", "PV1|1|O", False),
        ("|DIPS|", "|OTHER|", False),
        ("|P|2.5", "|T|2.5", False),
    ],
)
def test_digest_is_over_all_but_msh_7(old, new, same):  # SR-3
    assert (read(BODY).digest == read(BODY.replace(old, new)).digest) is same


def test_digest_of_utf_16_passes_over_msh_7_too():
    later = BODY.replace("20261122101500+0100||", "20261122120000||")
    assert read(BODY.encode("utf-16"), "http").digest == read(later.encode("utf-16"), "http").digest


def test_utf_16_is_refused_over_mllp_only():
    body = BODY.encode("utf-16")
    assert [i.code for i in read(body).issues if i.refuses] == ["unreadable"]
    assert not [i for i in read(body, "http").issues if i.refuses]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("|42|", "||", [("control-id-missing", "MSH-10")]),
        ("|42|", '|""|', [("control-id-missing", "MSH-10")]),
        ("ADT^A01", "", [("unsupported-message-type", "MSH-9.1")]),
        ("ADT^A01", "ORU^R01", [("unsupported-message-type", "MSH-9.1")]),
        ("ADT^A01", "ADT^Z99", [("unsupported-event", "MSH-9.2")]),
        ("ADT^A01", "ADT^A01^NONSENSE", []),
        ("|P|2.5", "|X|2.5", [("unsupported-processing-id", "MSH-11.1")]),
        ("|P|2.5", "|T|9.9", []),
        ("PID|1||15918512397^^^^FNR||Test^Arne\r", "", [("segment-missing", "PID")]),
        ("PV1|1|I\r", "PV1|1|I\rPID|2\rPID|3\r", [("duplicate-segment", "PID[2]")]),
        ("PV1|1|I\r", f"PV1|1|I\r{HEADER}\r", [("duplicate-segment", "MSH[2]")]),
    ],
)
def test_envelope_is_checked(old, new, expected):
    assert old in BODY
    assert refusals(BODY.replace(old, new)) == expected


def test_missing_control_id_gives_no_key():
    assert read(BODY.replace("|42|", "||")).key is None


def test_missing_processing_id_is_taken_as_production_with_a_warning():
    issues = read(BODY.replace("|P|2.5", "||2.5")).issues
    assert [(i.code, i.at, i.refuses) for i in issues] == [("defaulted", "MSH-11", False)]


def test_unreadable_bytes_have_a_digest_and_no_key():
    envelope = read(b"GARBAGE")
    assert (envelope.key, envelope.sender, envelope.kind, envelope.content) == (None, "", "", None)
    assert len(envelope.digest) == 64


def test_refused_envelope_is_not_translated():
    translation = FORMAT.translate(read(BODY.replace("|42|", "||")), Endpoint())
    assert translation.proposals == ()
    assert [i.code for i in translation.issues] == ["control-id-missing"]


def test_warnings_of_the_envelope_ride_along_with_the_translation():
    envelope = read(BODY.replace("|P|2.5", "||2.5"))
    translation = FORMAT.translate(envelope, Endpoint())
    assert translation.issues[: len(envelope.issues)] == envelope.issues
    assert translation.proposals


def test_acknowledgement_means_nothing_and_is_not_refused():
    envelope = read(r"MSH|^~\&|A|B|C|D|20261122||ACK^A01|7|P|2.5" + "\rMSA|AA|42\r")
    assert not [i for i in envelope.issues if i.refuses]
    assert FORMAT.translate(envelope, Endpoint()).proposals == ()


def test_every_message_type_requires_its_header():
    assert message_types()
    assert all("MSH" in message.requires for message in message_types().values())


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_have_an_envelope_and_a_translation(body, headed):  # SR-16
    envelope = read(HEADER.encode() + b"\r" + body if headed else body)
    translation = FORMAT.translate(envelope, Endpoint())
    assert translation.issues[: len(envelope.issues)] == envelope.issues
    assert not (translation.proposals and any(issue.refuses for issue in envelope.issues))
