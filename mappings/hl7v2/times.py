"""HL7 v2 times to FHIR times (hl7v2-mapping.md 5).  https://hl7.org/fhir/R4/datatypes.html#dateTime

Things that bite: a time without offset is the endpoint's local time at *that* date, and Python does not tell a local
hour that happens twice, or never, unless it is asked.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from profiles.issues import Issue, error, warning

_FORM = re.compile(
    r"(?P<year>\d{4})(?:(?P<month>\d{2})(?:(?P<day>\d{2})(?:(?P<hour>\d{2})(?:(?P<minute>\d{2})(?:(?P<second>\d{2})"
    r"(?:\.(?P<fraction>\d{1,9}))?)?)?)?)?)?(?P<offset>[+-]\d{2}(?:\d{2})?)?",
    re.ASCII,
)
_TWO_DIGIT_YEAR = re.compile(r"\d{6}|\d{8}|\d{10}|\d{12}", re.ASCII)
_YEARS = range(1800, 2200)


@dataclass(frozen=True, slots=True)
class When:
    """A time as FHIR writes it, and as a moment to compare."""

    value: str
    """dateTime, in the precision that was sent: `1945`, `2024-03`, `2026-11-22`, `2026-11-22T10:30:00+01:00`."""
    moment: datetime
    """Its first instant, with offset."""

    @property
    def date(self) -> str:
        """The date part, as precise as it is."""
        return self.value[:10]

    @property
    def has_time(self) -> bool:
        return len(self.value) > 10


@dataclass(frozen=True, slots=True)
class Clock:
    """What a time without offset means: the offset of MSH-7 when it has one, else the endpoint's zone."""

    zone: tzinfo
    offset: tzinfo | None = None


Timed = tuple[When | None, tuple[Issue, ...]]


def read_time(text: str, at: str, clock: Clock, *, critical: bool = False) -> Timed:
    """Read a DTM/TS. An impossible one gives None and a warning; an error where it is `critical` (5)."""
    found = _FORM.fullmatch(text)
    if found is None or int(found["year"]) not in _YEARS:
        return None, (_unreadable(text, at, critical),)
    try:
        return _read(found, at, clock)
    except ValueError:
        return None, (_unreadable(text, at, critical),)


def message_offset(text: str) -> timezone | None:
    """The offset that MSH-7 states, the default for the whole message (v2.5, 2.A.22)."""
    found = _FORM.fullmatch(text)
    try:
        return _offset(found["offset"]) if found and found["offset"] else None
    except ValueError:
        return None


def instant(moment: datetime) -> str:
    """A moment as a FHIR instant, in UTC."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _unreadable(text: str, at: str, critical: bool) -> Issue:
    if _TWO_DIGIT_YEAR.fullmatch(text) and int(text[:4]) not in _YEARS:
        return warning("bad-date", at, "The year must have four digits and be plausible; the field was left out.")
    say: Callable[[str, str, str], Issue] = error if critical else warning
    return say("bad-date", at, "This is not a date or time that exists (YYYYMMDDHHMM); the field was left out.")


def _read(found: re.Match[str], at: str, clock: Clock) -> Timed:
    """Raises ValueError on a date that does not exist."""
    year, month, day = int(found["year"]), int(found["month"] or 1), int(found["day"] or 1)
    if found["hour"] is None:
        midnight, _ = _placed(datetime(year, month, day), found["offset"], clock, at)  # noqa: DTZ001
        value = date(year, month, day).isoformat()[: 4 if found["month"] is None else 7 if found["day"] is None else 10]
        return When(value, midnight), ()
    fraction = (found["fraction"] or "")[:4]
    local = datetime(  # noqa: DTZ001
        *(year, month, day, int(found["hour"]), int(found["minute"] or 0), int(found["second"] or 0)),
        int(fraction.ljust(6, "0")) if fraction else 0,
    )
    moment, issues = _placed(local, found["offset"], clock, at)
    if found["minute"] is None:
        said = "An hour without minutes has no form in FHIR; minutes 00 were added."
        issues += (warning("precision-padded", at, said),)
    if len(found["fraction"] or "") > 4:
        issues += (warning("not-representable", at, "More than four decimals of a second were left out."),)
    written = moment.isoformat(timespec="seconds")
    return When(written[:19] + ("." + fraction if fraction else "") + written[19:], moment), issues


def _placed(local: datetime, offset: str | None, clock: Clock, at: str) -> tuple[datetime, tuple[Issue, ...]]:
    """The local time with its offset; the odd hours of summer time are told."""
    stated = _offset(offset) if offset else clock.offset
    if stated is not None:
        return local.replace(tzinfo=stated), ()
    first, second = local.replace(tzinfo=clock.zone), local.replace(tzinfo=clock.zone, fold=1)
    before, after = first.utcoffset() or timedelta(), second.utcoffset() or timedelta()
    if before > after:
        said = "This hour happens twice (end of summer time); the first one was taken."
        return _fixed(first), (warning("ambiguous-local-time", at, said),)
    if before < after:
        said = "This hour does not exist (start of summer time); it was moved one hour forward."
        return _fixed((first.astimezone(UTC)).astimezone(clock.zone)), (warning("nonexistent-local-time", at, said),)
    return _fixed(first), ()


def _fixed(moment: datetime) -> datetime:
    return moment.replace(tzinfo=timezone(moment.utcoffset() or timedelta()), fold=0)


def _offset(text: str) -> timezone:
    """Raises ValueError on an offset beyond a day."""
    size = timedelta(hours=int(text[1:3]), minutes=int(text[3:5] or 0))
    if int(text[3:5] or 0) > 59 or size > timedelta(hours=14):
        raise ValueError("no such offset")
    return timezone(-size if text[0] == "-" else size)


def zone(name: str) -> ZoneInfo:
    """The endpoint's zone. A name that does not exist is a fault of the configuration and raises at the first use."""
    return ZoneInfo(name)
