"""FHIR dates and times: existence and order (https://hl7.org/fhir/R4/datatypes.html#dateTime)."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiles.checking.times import certainly_after


@pytest.mark.parametrize(
    ("first", "second", "after"),
    [
        ("2026-03-02", "2026-03-01", True),
        ("2026-03-01", "2026-03-02", False),
        ("2026-03-01", "2026-03-01", False),
        ("2026-03", "2026-02-28", True),
        ("2026-02-28", "2026-02", False),
        ("2027", "2026-12-31", True),
        ("2026-03-02T10:00:00+01:00", "2026-03-02T09:30:00Z", False),
        ("2026-03-02T10:00:00Z", "2026-03-02T10:30:00+01:00", True),
        ("2026-03-02T10:00:00Z", "2026-03-02", False),
        ("2026-03-03T10:00:00Z", "2026-03-02", False),  # it may still be the 2nd west of Greenwich
        ("2026-03-04T10:00:00Z", "2026-03-02", True),
        ("2026-03-02T10:00:00.5Z", "2026-03-02T10:00:00.25Z", True),
        ("9999-12-31T23:59:60-14:00", "0001-01-01T00:00:00+14:00", True),
        ("2026-02-30", "2026-01-01", False),
        ("today", "2026-01-01", False),
        (None, "2026-01-01", False),
    ],
)
def test_order_is_certain_when_no_reading_fits(first: Any, second: Any, after: bool) -> None:
    assert certainly_after(first, second) is after


MOMENTS = st.datetimes(
    min_value=datetime(1900, 1, 1),  # noqa: DTZ001 - the zone is drawn beside it
    max_value=datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)


@given(MOMENTS, MOMENTS)
def test_order_of_moments_is_that_of_the_clock(first: datetime, second: datetime) -> None:
    first, second = first.replace(microsecond=0), second.replace(microsecond=0)

    assert certainly_after(first.isoformat(), second.isoformat()) == (first.astimezone(UTC) > second.astimezone(UTC))
