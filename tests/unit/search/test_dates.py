"""Dates as intervals: https://hl7.org/fhir/R4/search.html#date, SR-10."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_service.search import extract, microseconds
from fhir_service.search.dates import EARLIEST, LATEST, interval, read
from fhir_service.search.query import DateValue, Prefix

OSLO_WINTER = timezone(timedelta(hours=1))
OSLO_SUMMER = timezone(timedelta(hours=2))


def at(*parts: int, zone: timezone = UTC) -> int:
    return microseconds(datetime(*parts, tzinfo=zone))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "lo", "hi"),
    [
        ("2026", at(2026, 1, 1, zone=OSLO_WINTER), at(2027, 1, 1, zone=OSLO_WINTER)),
        ("2026-02", at(2026, 2, 1, zone=OSLO_WINTER), at(2026, 3, 1, zone=OSLO_WINTER)),
        ("2028-02-29", at(2028, 2, 29, zone=OSLO_WINTER), at(2028, 3, 1, zone=OSLO_WINTER)),
        ("2026-12-31", at(2026, 12, 31, zone=OSLO_WINTER), at(2027, 1, 1, zone=OSLO_WINTER)),
        ("2026-07", at(2026, 7, 1, zone=OSLO_SUMMER), at(2026, 8, 1, zone=OSLO_SUMMER)),
        ("2026-07-01T10:30", at(2026, 7, 1, 10, 30, zone=OSLO_SUMMER), at(2026, 7, 1, 10, 31, zone=OSLO_SUMMER)),
        ("2026-01-01T00:00:00Z", at(2026, 1, 1), at(2026, 1, 1, 0, 0, 1)),
        ("2026-01-01T00:00:00-05:30", at(2026, 1, 1, 5, 30), at(2026, 1, 1, 5, 30, 1)),
        ("2026-01-01T00:00:00.5Z", at(2026, 1, 1, 0, 0, 0, 500_000), at(2026, 1, 1, 0, 0, 0, 600_000)),
        ("2026-01-01T00:00:00.123Z", at(2026, 1, 1, 0, 0, 0, 123_000), at(2026, 1, 1, 0, 0, 0, 124_000)),
        ("2026-01-01T00:00:00.1234567Z", at(2026, 1, 1, 0, 0, 0, 123_456), at(2026, 1, 1, 0, 0, 0, 123_457)),
        ("2016-12-31T23:59:60Z", at(2017, 1, 1), at(2017, 1, 1, 0, 0, 1)),
    ],
)
def test_partial_date_is_all_of_its_time(text: str, lo: int, hi: int) -> None:
    assert interval(text) == (lo, hi)


@pytest.mark.parametrize("text", ["2026-03-29", "2026-10-25"])
def test_day_of_the_clock_change_has_its_own_length(text: str) -> None:
    """SR-10: 23 hours in spring, 25 in autumn."""
    lo, hi = interval(text) or (0, 0)
    assert (hi - lo) // 3_600_000_000 == (23 if "-03-" in text else 25)


def test_hour_that_happens_twice_is_the_first() -> None:
    assert interval("2026-10-25T02:30:00") == interval("2026-10-25T02:30:00+02:00")


def test_plus_that_an_address_made_a_blank_is_a_plus() -> None:
    assert interval("2026-01-01T10:00:00 01:00") == interval("2026-01-01T10:00:00+01:00")


def test_hour_that_is_skipped_is_one_later() -> None:
    assert interval("2026-03-29T02:30:00") == interval("2026-03-29T03:30:00+02:00")


@pytest.mark.parametrize(
    "text",
    [
        "", "26", "2026-13", "2026-00", "2026-02-30", "2025-02-29", "0000", "2026-1-1", "2026-01-01T", "2026-01-01T10",
        "2026-01-01T24:00", "2026-01-01T23:60", "2026-01-01T10:00:61Z", "2026-01-01T10:00:00.Z", "2026-01-01 10:00",
        "2026-01-01T10:00:00  01:00", "2026-01-01T10:00:00+15:00", "2026-01-01T10:00:00+01:60", "2026Z", "x", "-2026",
        "２０２６",
    ],
)  # fmt: skip
def test_other_texts_are_no_dates(text: str) -> None:
    assert interval(text) is None


@given(st.datetimes(timezones=st.just(UTC)), st.integers(0, 4))
def test_interval_contains_its_instant(moment: datetime, precision: int) -> None:
    texts = (
        moment.isoformat(timespec="microseconds"),
        moment.isoformat(timespec="milliseconds"),
        moment.isoformat(timespec="seconds"),
        moment.isoformat(timespec="minutes"),
        moment.replace(tzinfo=None).isoformat(timespec="minutes")[:16] + "Z",
    )
    lo, hi = interval(texts[precision]) or (0, 0)
    assert lo <= microseconds(moment) < hi


@given(st.dates())
def test_day_lies_in_its_month_and_year(day: date) -> None:
    text = day.isoformat()
    lo, hi = interval(text) or (0, 0)
    month, year = interval(text[:7]) or (1, 0), interval(text[:4]) or (1, 0)
    assert year[0] <= month[0] <= lo < hi <= month[1] <= year[1]


@given(st.dates(max_value=date(9999, 12, 30)))
def test_day_ends_where_the_next_begins(day: date) -> None:
    today, tomorrow = interval(day.isoformat()), interval((day + timedelta(days=1)).isoformat())
    assert today and tomorrow and today[1] == tomorrow[0]


@given(st.text())
def test_any_text_is_a_value_or_none(text: str) -> None:
    found = read(text)
    assert found is None or found.lo < found.hi


@pytest.mark.parametrize("prefix", list(Prefix))
def test_prefix_is_kept_beside_the_interval(prefix: Prefix) -> None:
    lo, hi = interval("2026-03-01") or (0, 0)
    wider = hi - lo if prefix is Prefix.AP else 0
    assert read(f"{prefix}2026-03-01") == DateValue(prefix, lo - wider, hi + wider)


def test_no_prefix_means_equal() -> None:
    assert read("2026") == read("eq2026")


@pytest.mark.parametrize("text", ["xx2026", "GE2026", "ge", "gege2026", "=2026", ">2026"])
def test_unknown_prefix_is_no_value(text: str) -> None:
    """Decision 26."""
    assert read(text) is None


def dates_of(element: str, value: object, rtype: str = "ServiceRequest") -> dict[str, tuple[int, int]]:
    return {code: (lo, hi) for code, lo, hi in extract({"resourceType": rtype, element: value}).dates}


@pytest.mark.parametrize(
    ("period", "lo", "hi"),
    [
        ({"start": "2026-01-01", "end": "2026-01-31"}, interval("2026-01")[0], interval("2026-01")[1]),  # type: ignore[index]
        ({"start": "2026-01-01"}, interval("2026")[0], LATEST),  # type: ignore[index]
        ({"end": "2026-12-31"}, EARLIEST, interval("2026")[1]),  # type: ignore[index]
    ],
)
def test_period_reaches_from_start_to_the_end_of_its_last_day(period: dict[str, str], lo: int, hi: int) -> None:
    assert dates_of("occurrencePeriod", period) == {"occurrence": (lo, hi)}


@pytest.mark.parametrize("period", [{}, {"start": "2026-02-01", "end": "2026-01-01"}, {"start": 7}, "2026", None])
def test_period_without_sense_is_not_indexed(period: object) -> None:
    assert dates_of("occurrencePeriod", period) == {}


def test_timing_is_indexed_by_its_outer_limits() -> None:
    timing = {
        "event": ["2026-03-01", "2026-01-01"],
        "repeat": {"boundsPeriod": {"start": "2026-02-01", "end": "2026-04-30"}, "frequency": 1},
    }
    lo, _ = interval("2026-01-01") or (0, 0)
    _, hi = interval("2026-04") or (0, 0)
    assert dates_of("occurrenceTiming", timing) == {"occurrence": (lo, hi)}


@pytest.mark.parametrize("timing", [{}, {"repeat": {"frequency": 2}}, {"code": {"text": "BID"}}, "weekly"])
def test_timing_without_limits_is_not_indexed(timing: object) -> None:
    assert dates_of("occurrenceTiming", timing) == {}


def test_instant_and_date_elements_are_indexed() -> None:
    assert dates_of("recorded", "2026-01-01T00:00:00.000Z", "AuditEvent") == {
        "date": interval("2026-01-01T00:00:00.000Z")
    }
    assert dates_of("birthDate", "1985-11", "Patient") == {"birthdate": interval("1985-11")}
