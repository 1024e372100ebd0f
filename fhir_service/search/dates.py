"""Date parameters: every date or time is the interval it stands for.  https://hl7.org/fhir/R4/search.html#date

[lo, hi) in microseconds since 1970 UTC. Without a zone it is time in Norway (SR-10): a local time that happens twice
is the first of the two, one that is skipped is one hour later, as in hl7v2-mapping.md 3.
"""

import re
from calendar import monthrange
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from fhir_service.search.paths import Branch
from fhir_service.search.query import DateValue, Prefix

Interval: TypeAlias = tuple[int, int]
Index: TypeAlias = Callable[[Any], Interval | None]

EXPECTED = (
    "a date or time such as 2026, 2026-03, 2026-03-01 or 2026-03-01T10:30:00+01:00 (write + as %2B in an address), "
    f"with one of the prefixes {', '.join(Prefix)} if any"
)
SECOND = 1_000_000
MINUTE = 60 * SECOND
DAY = 24 * 60 * MINUTE
EPOCH = date(1970, 1, 1).toordinal()
EARLIEST = (date.min.toordinal() - EPOCH) * DAY
LATEST = (date.max.toordinal() + 1 - EPOCH) * DAY
"""Bounds of a period without start or end."""

_FORM = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,40}))?)?(Z|[+ -]\d\d:\d\d)?)?)?)?", re.ASCII
)
_PREFIXED = re.compile(r"([A-Za-z]*)(.*)", re.DOTALL)


def read(text: str) -> DateValue | None:
    """`ge2026-03-01` as a value; None if it is none.

    `ap` widens the interval by its own length on both sides: R4 leaves the width to the server.
    """
    match = _PREFIXED.fullmatch(text)
    prefix, rest = (match[1], match[2]) if match else ("", "")
    found = interval(rest)
    if found is None or (prefix and prefix not in set(Prefix)):
        return None
    lo, hi = found
    if prefix == Prefix.AP:
        lo, hi = lo - (hi - lo), hi + (hi - lo)
    return DateValue(Prefix(prefix or "eq"), lo, hi)


def interval(text: str) -> Interval | None:
    """What a date, dateTime or instant of any precision stands for; None if it is none."""
    match = _FORM.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    try:
        first = date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        return None
    if hour is None:
        return _midnight(first.toordinal()), _midnight(_day_after(first, month, day))
    clock = _clock(int(hour), int(minute), int(second or 0))
    offset = _offset(zone) if zone else None
    if clock is None or (zone and offset is None):
        return None
    lo = _instant(first, clock, offset) + int((fraction or "")[:6].ljust(6, "0"))
    return lo, lo + _length(second, fraction)


def _length(second: str | None, fraction: str | None) -> int:
    """How long the last stated digit lasts."""
    if fraction:
        return int("1".ljust(7 - len(fraction), "0")) if len(fraction) < 6 else 1
    return SECOND if second else MINUTE


@lru_cache(maxsize=4096)
def _midnight(ordinal: int) -> int:
    """The beginning of a day in Norway, or the end of time."""
    return _instant(date.fromordinal(ordinal), 0, None) if ordinal <= date.max.toordinal() else LATEST


def _day_after(first: date, month: str | None, day: str | None) -> int:
    """The ordinal of the day after the day, month or year that begins with `first`."""
    if day:
        return first.toordinal() + 1
    last = first.replace(month=first.month if month else 12)
    return last.replace(day=monthrange(last.year, last.month)[1]).toordinal() + 1


def _clock(hour: int, minute: int, second: int) -> int | None:
    """Microseconds since midnight; a leap second is the first of the next minute."""
    if hour > 23 or minute > 59 or second > 60:
        return None
    return ((hour * 60 + minute) * 60 + second) * SECOND


def _offset(zone: str) -> int | None:
    """Microseconds east of UTC. A blank was a + that nobody escaped in an address: nothing else can stand there."""
    if zone == "Z":
        return 0
    hours, minutes = int(zone[1:3]), int(zone[4:6])
    if hours > 14 or minutes > 59:
        return None
    return (hours * 60 + minutes) * MINUTE * (-1 if zone[0] == "-" else 1)


def _instant(day: date, clock: int, offset: int | None) -> int:
    """The moment of a wall clock; `offset` None: in Norway."""
    local = (day.toordinal() - EPOCH) * DAY + clock
    return local - (_norwegian_offset(day, clock) if offset is None else offset)


def _norwegian_offset(day: date, clock: int) -> int:
    minutes = min(clock // MINUTE, 24 * 60 - 1)
    wall = datetime(day.year, day.month, day.day, minutes // 60, minutes % 60, tzinfo=_norway())
    offset = wall.utcoffset() or timedelta()
    return offset // timedelta(microseconds=1)


@cache
def _norway() -> ZoneInfo:
    return ZoneInfo("Europe/Oslo")


def _moment(value: Any) -> Interval | None:
    if not isinstance(value, str):
        return None
    return _day(value) if len(value) <= _DAY else interval(value)


_DAY = len("2026-01-31")
_day = lru_cache(maxsize=8192)(interval)
"""Days, months and years: many resources name the same ones."""


def _period(value: Any) -> Interval | None:
    """From the beginning of `start` to the end of `end`; an open side reaches to the bounds."""
    if not isinstance(value, dict):
        return None
    start, end = _moment(value.get("start")), _moment(value.get("end"))
    if start is None and end is None:
        return None
    lo, hi = start[0] if start else EARLIEST, end[1] if end else LATEST
    return (lo, hi) if lo < hi else None


def _timing(value: Any) -> Interval | None:
    """The outer limits of a Timing: its events and the period of its repetition."""
    if not isinstance(value, dict):
        return None
    events = value.get("event")
    repeat = value.get("repeat")
    found = [_moment(event) for event in events] if isinstance(events, list) else []
    found.append(_period(repeat.get("boundsPeriod")) if isinstance(repeat, dict) else None)
    return _outer(limits for limits in found if limits)


def _outer(intervals: Iterable[Interval]) -> Interval | None:
    found = list(intervals)
    return (min(lo for lo, _ in found), max(hi for _, hi in found)) if found else None


_INDEX: Mapping[str, Index] = {
    "date": _moment,
    "dateTime": _moment,
    "instant": _moment,
    "Period": _period,
    "Timing": _timing,
}


TYPES = frozenset(_INDEX)
"""Element types that a date parameter indexes."""


def indexer(branch: Branch) -> Index | None:
    """How values of the branch become an interval; None: a date parameter does not index that type."""
    return _INDEX.get(branch.type)


def microseconds(instant: datetime) -> int:
    """The same scale for a moment with a zone."""
    return (instant.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
