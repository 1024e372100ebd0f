"""How the modules here recognise their own category: by system and code, never by text."""

from collections.abc import Collection, Iterator
from typing import Any

from profiles.resource import Resource


def listed(value: Any) -> tuple[Any, ...]:
    """The items of a list, a single value as the only item, nothing for None."""
    if value is None:
        return ()
    return tuple(value) if isinstance(value, list) else (value,)


def codings(concepts: Any) -> Iterator[tuple[str | None, str | None]]:
    """(system, code) of every coding of a CodeableConcept or a list of them."""
    for concept in listed(concepts):
        if isinstance(concept, dict):
            for coding in listed(concept.get("coding")):
                if isinstance(coding, dict):
                    yield coding.get("system"), coding.get("code")


def has_coding(concepts: Any, system: str, codes: Collection[str]) -> bool:
    """Whether one of the codings is of that system and one of these codes."""
    return any(found == system and code in codes for found, code in codings(concepts))


def has_system(concepts: Any, system: str) -> bool:
    """Whether one of the codings is of that system, whatever its code."""
    return any(found == system for found, _ in codings(concepts))


def open_participants(resource: Resource) -> Iterator[Resource]:
    """Participants whose period has no end (decision 35)."""
    for participant in listed(resource.get("participant")):
        if isinstance(participant, dict) and not _ended(participant.get("period")):
            yield participant


def _ended(period: Any) -> bool:
    return isinstance(period, dict) and bool(period.get("end"))
