"""HL7 v2 times (hl7v2-mapping.md 5)."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.hl7v2.times import Clock, instant, message_offset, read_time
from profiles.issues import Severity

OSLO = Clock(ZoneInfo("Europe/Oslo"))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1945", "1945"),
        ("202403", "2024-03"),
        ("20240229", "2024-02-29"),
        ("202611221030", "2026-11-22T10:30:00+01:00"),
        ("20260701103015", "2026-07-01T10:30:15+02:00"),
        ("20260701103015.1234", "2026-07-01T10:30:15.1234+02:00"),
        ("20260701103015.5+0100", "2026-07-01T10:30:15.5+01:00"),
        ("20260701103015+01", "2026-07-01T10:30:15+01:00"),
        ("20260701103015-0330", "2026-07-01T10:30:15-03:30"),
        ("20260701103015+0000", "2026-07-01T10:30:15+00:00"),
    ],
)
def test_precision_and_offset_are_kept(text: str, value: str) -> None:
    when, issues = read_time(text, "PV1-44", OSLO)
    assert when and when.value == value
    assert issues == ()


@pytest.mark.parametrize(
    ("text", "value", "code"),
    [
        ("2026112210", "2026-11-22T10:00:00+01:00", "precision-padded"),
        ("20261025023000", "2026-10-25T02:30:00+02:00", "ambiguous-local-time"),
        ("20260329023000", "2026-03-29T03:30:00+02:00", "nonexistent-local-time"),
        ("20260101000000.123456", "2026-01-01T00:00:00.1234+01:00", "not-representable"),
    ],
)
def test_what_was_decided_for_the_sender_is_told(text: str, value: str, code: str) -> None:
    when, issues = read_time(text, "PV1-44", OSLO)
    assert when and when.value == value
    assert [(i.code, i.severity) for i in issues] == [(code, Severity.WARNING)]


@pytest.mark.parametrize("text", ["20240230", "2024022925", "202402291060", "i går", "20241", "20240101+9900"])
@pytest.mark.parametrize(("critical", "severity"), [(True, Severity.ERROR), (False, Severity.WARNING)])
def test_impossible_time_is_left_out(text: str, critical: bool, severity: Severity) -> None:
    when, issues = read_time(text, "PID-7", OSLO, critical=critical)
    assert when is None
    assert [(i.code, i.severity, i.at) for i in issues] == [("bad-date", severity, "PID-7")]


@pytest.mark.parametrize("text", ["851115", "8511151030", "00000000"])
def test_two_digit_year_is_never_guessed_and_never_refuses(text: str) -> None:
    when, issues = read_time(text, "PID-7", OSLO, critical=True)
    assert when is None
    assert [i.severity for i in issues] == [Severity.WARNING]


def test_offset_of_msh_7_is_the_default_of_the_message() -> None:
    clock = Clock(ZoneInfo("Europe/Oslo"), message_offset("20261122120000+0300"))
    when, _ = read_time("20260701100000", "PV1-44", clock)
    assert when and when.value == "2026-07-01T10:00:00+03:00"
    assert message_offset("20261122120000") is None
    assert message_offset("20261122120000+9900") is None


def test_date_starts_at_midnight_of_the_zone() -> None:
    when, _ = read_time("20260701", "PV1-44", OSLO)
    assert when and when.moment == datetime(2026, 7, 1, tzinfo=timezone(timedelta(hours=2)))
    assert (when.date, when.has_time) == ("2026-07-01", False)


def test_instant_is_utc_with_milliseconds() -> None:
    moment = datetime(2026, 7, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    assert instant(moment) == "2026-07-01T10:00:00.000Z"
    assert instant(datetime(2026, 7, 1, tzinfo=UTC)) == "2026-07-01T00:00:00.000Z"


@given(st.one_of(st.text(max_size=30), st.from_regex(r"\d{4,14}(\.\d{1,4})?([+-]\d{4})?", fullmatch=True)))
def test_never_raises_and_is_silent_only_when_read(text: str) -> None:
    when, issues = read_time(text, "PV1-44", OSLO)
    assert when is not None or issues
