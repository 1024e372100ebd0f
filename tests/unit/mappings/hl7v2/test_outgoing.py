"""Feedback to a referrer as RRI^I12 (workflow.md 11; decision 22)."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mappings.feedback import FeedbackPayload
from mappings.hl7v2.escapes import FORBIDDEN
from mappings.hl7v2.outgoing import build
from mappings.hl7v2.parse import Hl7Message, parse
from mappings.message import Endpoint
from profiles import names

NOW = datetime(2026, 11, 22, 10, 15, 30, tzinfo=UTC)
UNIQUE = "0f0e0d0c-1111-2222-3333-444444444444"
PAYLOAD: FeedbackPayload = {
    "referral": {"value": "H-17", "system": "urn:hl7v2:St.%20Olav:DIPS%20REF"},
    "status": "A",
    "case_number": "2026-0042",
    "patient": {"identifier": "15918512397", "system": names.FNR, "family": "Ødegård", "given": "Arne"},
    "ke": {"name": "Koordinerende enhet", "identifier": {"value": "942110464", "system": names.ENH}},
    "text": "Vedtak fattet.\nKoordinator & oppnevnt | i dag",
    "outcome": "granted",
    "coordinator": {"name": "Kari Maria Nordmann", "phone": "72 54 00 00", "unit": "Helse og velferd"},
}


def built(payload: FeedbackPayload = PAYLOAD) -> Hl7Message:
    body, issues = build(payload, "DIPS|St. Olavs hospital", NOW, UNIQUE)
    assert issues == ()
    message, told = parse(body, Endpoint())
    assert told == ()
    assert message is not None
    return message


def test_header_goes_to_the_referrer_under_the_id_of_the_delivery():
    msh = built().msh
    assert [msh.field(n) for n in (3, 4, 5, 6, 9, 10, 11, 12, 18)] == [
        "KNUTEPUNKT", "942110464", "DIPS", "St. Olavs hospital", "RRI^I12^RRI_I12", "0f0e0d0c111122223333", "P", "2.5",
        "UNICODE UTF-8",
    ]  # fmt: skip


def test_answer_to_a_referral_for_training_is_for_training_too():
    assert built(PAYLOAD | {"training": True}).msh.field(11) == "T"


def test_referral_is_named_as_the_referrer_named_it():
    rf1 = built().first("RF1")
    assert (rf1.value(1), rf1.field(6), rf1.value(11)) == ("A", "H-17^DIPS REF", "2026-0042")


@pytest.mark.parametrize(
    ("system", "expected"),
    [
        ("urn:oid:1.2.3", "H-17^^1.2.3^ISO"),
        ("urn:uuid:abc", "H-17^^abc^UUID"),
        ("http://example.org/ids", "H-17^^http://example.org/ids^URI"),
        ("urn:hl7v2:HUS:rf1", "H-17"),
    ],
)
def test_system_of_the_referral_becomes_an_assigning_authority(system, expected):
    assert built({**PAYLOAD, "referral": {"value": "H-17", "system": system}}).first("RF1").field(6) == expected


def test_coordinator_and_unit_are_providers():
    coordinator, unit = built().all("PRD")
    assert (coordinator.value(1), coordinator.value(2, 1), coordinator.value(2, 2)) == ("CP", "Nordmann", "Kari Maria")
    assert (coordinator.value(4, 9), coordinator.value(5)) == ("Helse og velferd", "72 54 00 00")
    assert (unit.value(1), unit.value(4, 9), unit.field(7)) == ("RT", "Koordinerende enhet", "942110464^ENH")


def test_patient_is_named_by_the_identifier_of_the_referral():
    pid = built().first("PID")
    assert pid.field(3) == "15918512397^^^&2.16.578.1.12.4.1.4.1&ISO^FNR"
    assert (pid.value(5, 1), pid.value(5, 2)) == ("Ødegård", "Arne")


def test_patient_without_a_name_is_sent_with_an_unstated_one():
    payload: FeedbackPayload = {**PAYLOAD, "patient": {"identifier": "7"}}
    assert built(payload).first("PID").field(5) == "^^^^^^U"


def test_text_stands_line_by_line_in_notes():
    notes = built().all("NTE")
    assert [note.value(3) for note in notes] == ["Vedtak fattet.", "Koordinator & oppnevnt | i dag"]
    assert notes[0].value(4) == "granted"


def test_least_payload_has_one_provider_and_no_note():
    message = built(
        {"referral": {"value": "1"}, "status": "P", "case_number": "2", "patient": {"identifier": "3"},
         "ke": {"name": "KE"}}
    )  # fmt: skip
    assert [s.name for s in message.segments] == ["MSH", "RF1", "PRD", "PID"]


def test_names_longer_than_the_lengths_of_the_standard_are_sent():
    name = "Koordinerende enhet for habilitering og rehabilitering"
    body, issues = build({**PAYLOAD, "ke": {"name": name}}, "DIPS|Oslo universitetssykehus HF", NOW, UNIQUE)
    assert issues == ()
    assert f"|{name}|DIPS|Oslo universitetssykehus HF|".encode() in body


def test_structure_is_checked_before_sending():
    body, issues = build({**PAYLOAD, "referral": {"value": ""}}, "A|B", NOW, UNIQUE)
    assert (body, [issue.code for issue in issues]) == (b"", ["not-representable"])


def test_payload_without_a_referral_is_told_and_not_sent():
    broken = {key: value for key, value in PAYLOAD.items() if key != "referral"}
    body, issues = build(broken, "A|B", NOW, UNIQUE)
    assert (body, [issue.code for issue in issues]) == (b"", ["not-representable"])


LINES = st.text(st.characters(exclude_categories=["Cs", "Zl", "Zp", "Cc"]), min_size=1, max_size=30).map(str.strip)


@settings(max_examples=25, deadline=None)
@given(LINES.filter(bool), LINES.filter(bool))
def test_texts_come_out_as_they_went_in(text, name):
    assert not FORBIDDEN.search(text + name)
    message = built({**PAYLOAD, "text": text, "ke": {"name": name}})
    assert message.first("NTE").value(3) == text
    assert message.all("PRD")[1].value(4, 9) == name
