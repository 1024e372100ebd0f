"""Times as FHIR writes them, deadlines in Europe/Oslo, ages (workflow.md 4.9, 13)."""

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from profiles.r4_types import Period

OSLO = ZoneInfo("Europe/Oslo")


def instant(at: datetime) -> str:
    """A dateTime in UTC with milliseconds."""
    utc = at.astimezone(UTC)
    return utc.strftime("%Y-%m-%dT%H:%M:%S.") + f"{utc.microsecond // 1000:03d}Z"


def due(now: datetime, days: int) -> str:
    """The dateTime so many calendar days from now, at the same time of day in Europe/Oslo."""
    return (now.astimezone(OSLO) + timedelta(days=days)).isoformat(timespec="seconds")


def end_of_day(day: date) -> str:
    """The last second of a day in Europe/Oslo."""
    return datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=OSLO).isoformat()


def parse(text: object) -> datetime | None:
    """A dateTime or date as an instant (a date: its beginning in Europe/Oslo); None when it is neither."""
    if not isinstance(text, str) or len(text) < len("2026-11-22"):
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=OSLO)


def parse_date(text: object) -> date | None:
    """A full date; None for anything else."""
    try:
        return date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None


def is_open(period: object) -> bool:
    """Whether a Period is still running: one without `end` (decision 35)."""
    return not (isinstance(period, dict) and period.get("end"))


def closed(period: Period | None, now: datetime) -> Period:
    """The period ended now, `end` in the precision of `start` and never before it (workflow.md 13)."""
    start = (period or {}).get("start")
    if isinstance(start, str) and len(start) <= len("2026-11-22"):
        end = now.astimezone(OSLO).date().isoformat()[: len(start)]
        end = max(end, start)
    else:
        began = parse(start)
        end = start if start and began and began > now else instant(now)
    return {**(period or {}), "end": end}


def months_after(day: date, months: int) -> date:
    """The same day so many months later, or the last day of that month."""
    year, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + year, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def age_on(birth_date: object, today: date) -> int | None:
    """Full years on that day; None when the birth date is not known to the day."""
    born = parse_date(birth_date)
    if born is None:
        return None
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))
