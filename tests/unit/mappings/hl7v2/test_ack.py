"""Acknowledgements (hl7v2-mapping.md 12; SR-4)."""

from datetime import UTC, datetime

import pytest
from hl7apy.parser import parse_message
from hypothesis import given
from hypothesis import strategies as st

from mappings.hl7v2.ack import said_code
from mappings.hl7v2.format import FORMAT
from mappings.hl7v2.parse import parse
from mappings.message import Endpoint, InboundMessage, Issue, Verdict, error, information, warning

NOW = datetime(2026, 11, 22, 10, 15, 30, tzinfo=UTC)
ANSWER_ID = "0f0e0d0c-1111-2222-3333-444444444444"
HEADER = r"MSH|^~\&|DIPS|HUS|KP|BERGEN|20261122101500+0100||ADT^A03|42|P|2.5"
WRONG = error("bad-check-digit", "PID-3[2].1", "The national number has wrong check digits.")


def answered(text: str | bytes, *issues: Issue):
    body = text.encode() if isinstance(text, str) else text
    envelope = FORMAT.read(InboundMessage("hl7v2", "mllp", body, NOW), Endpoint())
    verdict = Verdict.REFUSED if any(issue.refuses for issue in issues) else Verdict.APPLIED
    return FORMAT.answer(envelope, verdict, issues, NOW, ANSWER_ID)


def lines(text: str | bytes, *issues: Issue) -> list[str]:
    body = answered(text, *issues).body.decode("utf-8")
    assert body.endswith("\r")
    return body.removesuffix("\r").split("\r")


def test_accepted_message_is_answered_with_its_sides_swapped():
    assert lines(HEADER) == [
        r"MSH|^~\&|KP|BERGEN|DIPS|HUS|20261122101530+0000||ACK^A03^ACK|0f0e0d0c111122223333|P|2.5",
        "MSA|AA|42",
    ]


def test_each_problem_has_its_err_segment_from_2_5_on():
    issues = (warning("defaulted", "DG1[2]", "Taken as main."), WRONG, information("unmapped", "ZZZ", "Left aside."))
    assert lines(HEADER, *issues)[1:] == [
        "MSA|AE|42|The national number has wrong check digits.",
        "ERR||PID^1^3^2^1|102^Data type error^HL70357|E|bad-check-digit||PID-3[2].1"
        "|The national number has wrong check digits.",
        "ERR||DG1^2|101^Required field missing^HL70357|W|defaulted||DG1[2]|Taken as main.",
    ]


@pytest.mark.parametrize("version", ["2.3.1", "2.4"])
def test_problems_stand_in_err_1_before_2_5(version):
    told = lines(
        HEADER.replace("|2.5", f"|{version}"), WRONG, error("unknown-code", "PV1-2", "No."), warning("x", "", "y")
    )
    assert told[1:] == [
        "MSA|AE|42|The national number has wrong check digits.",
        "ERR|PID^1^3^102&Data type error&HL70357~PV1^1^2^103&Table value not found&HL70357",
    ]


@pytest.mark.parametrize(
    ("stated", "kind", "version"),
    [
        ("2.2", "ACK", "2.2"),
        ("2.3", "ACK", "2.3"),
        ("2.3.1", "ACK^A03^ACK", "2.3.1"),
        ("2.8.2", "ACK^A03^ACK", "2.8.2"),
        ("2.5^NOR", "ACK^A03^ACK", "2.5^NOR"),
        ("9.9", "ACK^A03^ACK", "2.8.2"),
        ("", "ACK^A03^ACK", "2.5"),
    ],
)
def test_version_is_repeated_when_it_is_known(stated, kind, version):
    header = lines(HEADER.replace("|2.5", f"|{stated}"))[0].split("|")
    assert (header[8], header[11]) == (kind, version)


def test_delimiters_charset_and_processing_id_are_those_of_the_message():
    text = "MSH$%*!@$Å%1$B$C$D$2026$$ADT%A03$4!F!2$T$2.5$$$$$$8859/1\rPID$1"
    body = answered(text.encode("iso8859-1"), WRONG).body
    first, second, third = body.decode("iso8859-1").removesuffix("\r").split("\r")
    assert first == "MSH$%*!@$C$D$Å%1$B$20261122101530+0000$$ACK%A03%ACK$0f0e0d0c111122223333$T$2.5$$$$$$8859/1"
    assert second.startswith("MSA$AE$4!F!2$")
    assert third.startswith("ERR$$PID%1%3%2%1$102%")


def test_unreadable_message_has_an_answer_without_msa_2():
    unreadable = error("unreadable", "MSH", "The message does not begin with MSH.")
    assert lines(b"GARBAGE", unreadable) == [
        r"MSH|^~\&|KNUTEPUNKT||||20261122101530+0000||ACK|0f0e0d0c111122223333|P|2.5",
        "MSA|AR||The message does not begin with MSH.",
        "ERR||MSH^1|100^Segment sequence error^HL70357|E|unreadable||MSH|The message does not begin with MSH.",
    ]


def test_temporary_trouble_is_ar_207_with_its_word_in_msa_3():  # SR-4
    told = lines(HEADER, error("temporary", "", "Try again."))
    assert told[1] == "MSA|AR|42|temporary"
    assert "|207^Application internal error^HL70357|E|" in told[2]


def test_refusal_is_ar_when_one_of_its_reasons_is():
    assert answered(HEADER, WRONG, error("unsupported-event", "MSH-9.2", "No.")).code == "AR"


def test_at_most_ten_problems_are_told_errors_first():
    issues = [warning("defaulted", f"DG1[{n}]", "x") for n in range(1, 20)] + [WRONG]
    told = [line for line in lines(HEADER, *issues) if line.startswith("ERR")]
    assert len(told) == 10
    assert told[0].startswith("ERR||PID")


@pytest.mark.parametrize(
    ("accept", "application", "accepted", "refused"),
    [
        ("", "", "AA", "AE"),
        ("AL", "NE", "CA", "CE"),
        ("AL", "", "CA", "CE"),
        ("AL", "AL", "AA", "AE"),
        ("NE", "AL", "AA", "AE"),
        ("", "AL", "AA", "AE"),
        ("ER", "NE", None, "CE"),
        ("SU", "NE", "CA", None),
        ("AL", "ER", "CA", "AE"),
        ("NE", "ER", None, "AE"),
        ("NE", "SU", "AA", None),
        ("NE", "NE", "AA", "AE"),
        ("??", "??", "AA", "AE"),
    ],
)
def test_msh_15_and_16_choose_what_is_said(accept, application, accepted, refused):
    assert said_code("AA", accept, application) == accepted
    assert said_code("AE", accept, application) == refused


def test_acknowledgement_is_never_acknowledged():
    assert answered(HEADER.replace("ADT^A03", "ACK^A03") + "\rMSA|AA|1").body == b""


def test_control_characters_of_the_header_cannot_end_line_or_frame():  # SR-21
    body = answered(HEADER.replace("|42|", "|4\n2\x1c|").replace("KP|", "K\x0bP|"), WRONG).body
    assert body.count(b"\r") == 3
    assert not {0x0B, 0x1C, 0x0A}.intersection(body)


def test_character_that_the_charset_lacks_does_not_break_the_answer():
    body = answered(HEADER + "||||||8859/7", error("rule", "PID", "Fødselsnummer")).body
    assert b"F?dselsnummer" in body


@given(st.binary(max_size=120), st.text(max_size=30), st.sampled_from(["PID-3", "MSH", "CarePlan.status", ""]))
def test_every_answer_can_be_read_and_names_the_message(body, text, at):
    raw = HEADER.encode() + b"\r" + body + b"\rZZZ|"
    envelope = FORMAT.read(InboundMessage("hl7v2", "mllp", raw, NOW), Endpoint())
    ack = FORMAT.answer(envelope, Verdict.REFUSED, (error("value", at, text),), NOW, ANSWER_ID)
    message, _ = parse(ack.body, Endpoint())
    assert message is not None
    assert [s.name for s in message.segments] == ["MSH", "MSA", "ERR"]
    assert message.first("MSA").field(2) == "42" == envelope.control_id


@pytest.mark.parametrize("version", ["2.3", "2.4", "2.5", "2.5.1", "2.8.2"])
def test_answer_is_valid_to_hl7apy(version):  # decision 22
    body = answered(HEADER.replace("|2.5", f"|{version}"), WRONG).body.decode()
    if version == "2.3":
        body = body.replace("||ACK|", "||ACK^A03|")  # hl7apy asks for an event that v2.3 does not
    message = parse_message(body.strip())
    assert message.msa.msa_2.to_er7() == "42"
    assert message.err.to_er7()
