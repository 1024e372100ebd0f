"""FHIR dates and times: whether they exist, and whether one is certainly after another.

https://hl7.org/fhir/R4/datatypes.html#dateTime
"""

import re
from calendar import monthrange
from datetime import date
from typing import Any

_YEAR = r"(?!0000)[0-9]{4}"
_MONTH = r"(?:0[1-9]|1[0-2])"
_DAY = r"(?:0[1-9]|[12][0-9]|3[01])"
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?"
_ZONE = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"

TIME = re.compile(_CLOCK)
DATE = re.compile(rf"{_YEAR}(?:-{_MONTH}(?:-{_DAY})?)?")
DATE_TIME = re.compile(rf"{_YEAR}(?:-{_MONTH}(?:-{_DAY}(?:T{_CLOCK}{_ZONE})?)?)?")
INSTANT = re.compile(rf"{_YEAR}-{_MONTH}-{_DAY}T{_CLOCK}{_ZONE}")

_DAY_SECONDS = 86_400
_FURTHEST_ZONE = 14 * 3600


def exists(text: str) -> bool:
    """Whether the calendar has this day; the text fits one of the patterns, and days up to 28 are always there."""
    return text[8:10] <= "28" or int(text[8:10]) <= monthrange(int(text[:4]), int(text[5:7]))[1]


def certainly_after(first: Any, second: Any) -> bool:
    """Whether `first` is after `second` however the parts left out are filled in; False for what is no date."""
    if type(first) is str and type(second) is str and len(first) == len(second) <= 10 and first <= second:
        return False  # days of one precision are in the order of their texts
    if not (_is_date(first) and _is_date(second)):
        return False
    lowest, highest = _span(first, widen=len(second) > 10)[0], _span(second, widen=len(first) > 10)[1]
    return lowest > highest


def _is_date(text: Any) -> bool:
    return type(text) is str and DATE_TIME.fullmatch(text) is not None and exists(text)


def _span(text: str, *, widen: bool) -> tuple[float, float]:
    """First and last second that the text can mean; a date beside a time may be in any time zone."""
    if len(text) > 10:
        seconds = _seconds(text)
        return seconds, seconds
    year, month = int(text[:4]), int(text[5:7] or 0)
    first = date(year, month or 1, int(text[8:10] or 1)).toordinal()
    last = first if len(text) == 10 else date(year, month or 12, monthrange(year, month or 12)[1]).toordinal()
    margin = _FURTHEST_ZONE if widen else 0
    return first * _DAY_SECONDS - margin, (last + 1) * _DAY_SECONDS - 1 + margin


def _seconds(text: str) -> float:
    """A date with time as seconds of UTC, counted from the first day of year 1."""
    clock, zone = (text[11:-1], "+00:00") if text[-1] == "Z" else (text[11:-6], text[-6:])
    offset = (int(zone[1:3]) * 3600 + int(zone[4:6]) * 60) * (-1 if zone[0] == "-" else 1)
    day = date.fromisoformat(text[:10]).toordinal() * _DAY_SECONDS
    return day + int(clock[:2]) * 3600 + int(clock[3:5]) * 60 + float(clock[6:]) - offset


def order(first: str, second: str) -> int | None:
    """-1, 0 or 1 as the first is before, at or after the second; None where what is left out decides.

    https://hl7.org/fhirpath/N1/#datetime-comparison
    """
    widen = (len(first) > 10) != (len(second) > 10)
    one, other = _span(first, widen=widen and len(first) <= 10), _span(second, widen=widen and len(second) <= 10)
    if first == second or (one == other and len(first) > 10 and len(second) > 10):
        return 0
    return -1 if one[1] < other[0] else 1 if one[0] > other[1] else None
