"""Places in a message, as senders read them: `PID-3[2].1` is PID, field 3, second repetition, component 1.

A segment that is not the first of its name carries its number: `DG1[2]-3.1`. `[1]` is left out.
"""

import re
from dataclasses import dataclass

_PLACE = re.compile(
    r"([A-Z][A-Z0-9]{2})(?:\[(\d{1,6})\])?(?:-(\d{1,4})(?:\[(\d{1,6})\])?(?:\.(\d{1,4})(?:\.(\d{1,4}))?)?)?", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Place:
    """A segment, and as much of a place within it as is known; 0 means not stated."""

    segment: str
    number: int = 1
    field: int = 0
    repetition: int = 1
    component: int = 0
    subcomponent: int = 0

    def __str__(self) -> str:
        said = self.segment + _index(self.number)
        if self.field:
            said += f"-{self.field}{_index(self.repetition)}"
            said += "".join(f".{part}" for part in (self.component, self.subcomponent) if part)
        return said


def read_place(said: str) -> Place | None:
    """The place behind an `Issue.at`; None if it is not written as one."""
    found = _PLACE.fullmatch(said)
    if found is None:
        return None
    number, field, repetition, component, subcomponent = (int(part) if part else 0 for part in found.groups()[1:])
    return Place(found[1], number or 1, field, repetition or 1, component, subcomponent)


def _index(number: int) -> str:
    return f"[{number}]" if number > 1 else ""
