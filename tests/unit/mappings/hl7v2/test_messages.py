"""What is true of every message: times, senders, nothing lost (hl7v2-mapping.md 6, 8.1, 10, 13)."""

from collections.abc import Callable
from datetime import datetime

import pytest

from mappings.hl7v2.format import message_types
from mappings.message import Mode
from profiles import names
from tests.golden import translated

from .building import ADMITTED, FNR, PID, VISIT, codes, message, proposal, pv1, segment, told


@pytest.mark.parametrize(
    ("segments", "at"),
    [
        (("EVN||20261122110000||||20261122103000",), "2026-11-22T10:30:00+01:00"),
        (("EVN||20261122110000",), "2026-11-22T11:00:00+01:00"),
        ((), "2026-11-22T12:00:00+01:00"),
    ],
)
def test_event_clock_is_the_best_time_of_the_event(segments: tuple[str, ...], at: str) -> None:
    found = told("ADT^A01", *segments, PID, pv1())
    assert found.occurred_at == proposal(found, "encounter").at == datetime.fromisoformat(at)


@pytest.mark.parametrize(
    ("segments", "place"),
    [
        (("PID|1||1^^^DIPS^MR||X||20240230", "PV1|1|I"), "PID-7"),
        ((PID, segment("PV1", {2: "I", 19: VISIT, 44: "20260231"})), "PV1-44"),
        ((PID, segment("PV1", {2: "I", 19: VISIT, 44: ADMITTED, 45: "2026112225"})), "PV1-45"),
        (("EVN||20260231", PID, "PV1|1|I"), "EVN-2"),
    ],
)
def test_impossible_date_refuses_in_the_fields_that_matter(segments: tuple[str, ...], place: str) -> None:
    found = told("ADT^A01", *segments)
    assert ("bad-date", place) in codes(found)
    assert any(issue.refuses for issue in found.issues)


def test_null_deletes_and_empty_says_nothing() -> None:
    """3.5"""
    stated = {3: f"{FNR}^^^^FNR", 5: '""', 11: '""', 13: '""', 16: '""'}
    found = told("ADT^A08", segment("PID", stated), pv1(f36='""', f45='""'))
    assert proposal(found, "patient").cleared == ("name", "address", "maritalStatus", "telecom")
    assert proposal(found, "encounter").cleared == ("hospitalization.dischargeDisposition", "period.end")


@pytest.mark.parametrize("processing", ["T", "D"])
def test_training_message_marks_all_it_makes(processing: str) -> None:
    found = told("ADT^A01", PID, pv1(f3="A^1", f7="1^X^Y"), processing=processing)
    assert {p.values["meta"]["tag"][0]["code"] for p in found.proposals} == {"HTEST"}
    assert all("tag" not in p.values.get("meta", {}) for p in told("ADT^A01", PID, pv1()).proposals)


def test_author_is_who_entered_the_event() -> None:
    evn = "EVN||20261122110000||01|9144889^Strøm^Åse^^^^^^HPR^L^^^HPR"
    found = told("ADT^A01", evn, PID, pv1())
    assert found.author and proposal(found, found.author).values["name"][0]["family"] == "Strøm"
    assert found.facts["reason"] == "01"
    nameless = told("ADT^A01", "EVN||20261122110000|||^Strøm^Åse", PID, pv1())
    assert nameless.author is None
    assert ("unmapped", "EVN-5") in codes(nameless)


@pytest.mark.parametrize(
    ("facility", "system", "value"),
    [
        ("St. Olavs^883974832^ENH", names.ENH, "883974832"),
        ("883974832", names.ENH, "883974832"),
        ("St. Olavs^4208723^RESH", names.RESH, "4208723"),
        ("HMN^1.2.3^ISO", names.RFC_3986, "urn:oid:1.2.3"),
        ("St. Olavs", names.RFC_3986, "urn:hl7v2:St.%20Olavs"),
    ],
)
def test_sender_is_known_by_the_best_number_it_gives(facility: str, system: str, value: str) -> None:
    found = translated(message("ADT^A08", PID, facility=facility))
    assert proposal(found, "sender").key.identifiers == ((system, value),)
    assert found.sender == "sender"


@pytest.mark.parametrize(
    ("segments", "issue"),
    [
        (("DG1|1||||||",), ("field-required", "DG1-3")),
        (("DG1|1||I63^^I10", "DG1|2||I63^^I10"), ("unmapped", "DG1[2]")),
        (("AL1|1|DA",), ("field-required", "AL1-3")),
        (("AL1|1|DA|P^P^L", "AL1|2|DA|P^P^L"), ("unmapped", "AL1[2]")),
        (("AL1|1|DA|P^P^L|SV",), ("unmapped", "AL1-4")),
        (("NK1|1||MTH",), ("field-required", "NK1-2")),
        (("NK1|1|A^B|MTH", "NK1|2|A^B|MTH"), ("unmapped", "NK1[2]")),
        (("ROL|1|AD|SW|1^A^B",), ("unmapped", "ROL")),
        ((pv1(), "PV2|||||||||||uker"), ("bad-number", "PV2-11")),
        (("PV2|||^Slag",), ("unmapped", "PV2")),
        (("OBX|1", "OBX|2", "ZXY|1"), ("unmapped", "OBX")),
        (("ZXY|1",), ("unmapped", "ZXY")),
        (("NTE|1||tekst",), ("unmapped", "NTE")),
    ],
)
def test_nothing_disappears_silently(segments: tuple[str, ...], issue: tuple[str, str]) -> None:
    """S8"""
    assert issue in codes(told("ADT^A08", PID, *segments))


@pytest.mark.parametrize("key", sorted(message_types()))
def test_message_type_says_what_it_is(key: tuple[str, str]) -> None:
    kind = message_types()[key]
    assert kind.key == key
    assert kind.title and "MSH" in kind.requires and "PID" in kind.requires
    translate: Callable[..., object] = kind.translate
    assert translate.__doc__


def test_everything_that_replaces_carries_the_time_of_the_event() -> None:
    """Section 13: an older message only fills gaps, also in a diagnosis or a relative."""
    found = told("ADT^A08", PID, pv1(), "DG1|1||I63^^I10", "NK1|1|A^B|MTH", "AL1|1|DA|P^P^L")
    assert {p.at for p in found.proposals if p.mode is Mode.SNAPSHOT} == {found.occurred_at}
    assert {p.at for p in found.proposals if p.mode is Mode.FILL} == {None}


def test_message_without_a_sender_names_no_channel() -> None:
    body = "\r".join(["MSH|^~\\&|||KE|KE|20261122120000||ADT^A08|1|P|2.5", PID, pv1()]).encode()
    found = translated(body)
    assert found.sender is None
    assert "meta" not in proposal(found, "encounter").values
