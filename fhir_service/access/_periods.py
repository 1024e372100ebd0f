"""Periods as [from, until) in microseconds since 1970 UTC."""

from collections.abc import Iterable
from typing import Any, TypeAlias

from fhir_service.search.dates import EARLIEST, LATEST, interval

Times: TypeAlias = tuple[int, int]
ALWAYS: Times = (EARLIEST, LATEST)
NEVER: Times = (0, 0)


def held(period: Any) -> Times:
    """How long somebody is a member: no longer than until the beginning of what `end` says.

    Who is taken out of a team today is out at the next request, also where the end is told by the day (SR-27).
    """
    return _edge(period, "start")[0], _edge(period, "end")[0] if _has_end(period) else LATEST


def covering(period: Any) -> Times:
    """How long something holds: until the end of what `end` says, as FHIR has it.

    https://hl7.org/fhir/R4/datatypes.html#Period
    """
    return _edge(period, "start")[0], _edge(period, "end")[1] if _has_end(period) else LATEST


def both(one: Times, other: Times) -> Times:
    """When both hold."""
    return max(one[0], other[0]), min(one[1], other[1])


def minus(times: Times, others: Iterable[Times]) -> list[Times]:
    """When the one holds and none of the others."""
    left = [times]
    for starts, ends in others:
        left = [part for lo, hi in left for part in ((lo, min(hi, starts)), (max(lo, ends), hi)) if part[0] < part[1]]
    return left


def _has_end(period: Any) -> bool:
    return isinstance(period, dict) and "end" in period


def _edge(period: Any, name: str) -> Times:
    """What an edge of a period stands for; a start that is not told was always, an end that cannot be read is over."""
    told = period.get(name) if isinstance(period, dict) else None
    return (interval(told) if isinstance(told, str) else None) or (EARLIEST, EARLIEST)
