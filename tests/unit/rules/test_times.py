"""Deadlines in Europe/Oslo, periods that the service ends (workflow.md 4.9, 13)."""

from datetime import UTC, date, datetime

import pytest

from fhir_service.rules._times import age_on, closed, due, end_of_day, months_after, parse, parse_date

NOW = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)  # the 23rd in Oslo


def test_deadline_is_counted_in_days_of_oslo() -> None:
    assert due(datetime(2026, 10, 20, 8, 0, tzinfo=UTC), 28) == "2026-11-17T10:00:00+01:00"  # summer time ends between
    assert end_of_day(date(2026, 7, 1)) == "2026-07-01T23:59:59+02:00"


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-11-01", "2026-11-23"),
        ("2026-12-01", "2026-12-01"),  # never before its start (per-1)
        ("2026-11", "2026-11"),
        ("2026-11-01T08:00:00+01:00", "2026-11-22T23:30:00.000Z"),
        ("2026-12-01T08:00:00+01:00", "2026-12-01T08:00:00+01:00"),
        (None, "2026-11-22T23:30:00.000Z"),
    ],
)
def test_period_is_ended_in_the_precision_of_its_start(start: str | None, end: str) -> None:
    period = {"start": start} if start else None
    assert closed(period, NOW)["end"] == end


@pytest.mark.parametrize(
    ("months", "expected"), [(6, date(2027, 2, 28)), (12, date(2027, 8, 31)), (0, date(2026, 8, 31))]
)
def test_months_end_on_a_day_that_exists(months: int, expected: date) -> None:
    assert months_after(date(2026, 8, 31), months) == expected


def test_age_counts_birthdays() -> None:
    assert age_on("2008-11-23", date(2026, 11, 22)) == 17
    assert age_on("2008-11-22", date(2026, 11, 22)) == 18
    assert age_on("2008", date(2026, 11, 22)) is None


def test_what_is_no_time_is_none() -> None:
    assert [parse(t) for t in (None, "2026", "2026-13-01", "tomorrow, they said")] == [None] * 4
    assert [parse_date(t) for t in (None, "2026-11", 5)] == [None] * 3
    assert parse("2026-11-22") == datetime(2026, 11, 21, 23, 0, tzinfo=UTC)
