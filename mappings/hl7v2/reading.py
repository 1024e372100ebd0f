"""What is the same for all fields of one message while they are read, and one field's repetition with its place."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from mappings.hl7v2.parse import Hl7Message, Repetition, Segment
from mappings.hl7v2.times import Clock, When, message_offset, read_time, zone
from mappings.message import Endpoint
from mappings.sources import local_system
from profiles.issues import Issue, error, information, warning
from profiles.r4_types import Period
from profiles.resource import stated


@dataclass(frozen=True, slots=True)
class Reading:
    """The message, its endpoint, and the issues found so far: the one thing here that grows."""

    message: Hl7Message
    endpoint: Endpoint
    received_at: datetime
    clock: Clock
    facility: str
    """What the sender's own numbers are called by: MSH-4.1, else MSH-3.1."""
    sender: str
    """`MSH-3|MSH-4`, as in `MessageKey.sender`."""
    issues: list[Issue] = field(default_factory=list)

    def refuse(self, code: str, at: str, text: str) -> None:
        self.issues.append(error(code, at, text))

    def warn(self, code: str, at: str, text: str) -> None:
        self.issues.append(warning(code, at, text))

    def aside(self, code: str, at: str, text: str) -> None:
        self.issues.append(information(code, at, text))

    def local(self, *parts: str) -> str:
        """Identifier system of the sender's own numbers."""
        return local_system(self.facility, *parts)

    def time(self, item: "Item", component: int = 1, *, critical: bool = False) -> When | None:
        """The time in a component; None when it is empty or impossible."""
        text = item.part(component)
        if not text:
            return None
        when, issues = read_time(text, item.at(component if component > 1 else 0), self.clock, critical=critical)
        self.issues.extend(issues)
        return when

    def period(self, start: When | None, end: When | None, at: str) -> Period:
        """A Period; when it ends before it starts, the start is dropped with a warning (5)."""
        if start and end and _is_before(end, start):
            self.warn("period-reversed", at, "The period ends before it starts; the start was left out.")
            start = None
        found: Period = {"start": start.value if start else None, "end": end.value if end else None}
        return stated(found)

    def time_of(self, segment: Segment | None, number: int, *, critical: bool = False) -> When | None:
        """The time in a field."""
        item = first_item(segment, number)
        return self.time(item, critical=critical) if item else None


@dataclass(frozen=True, slots=True)
class Item:
    """One repetition of a field, with its place in the sender's terms."""

    segment: Segment
    number: int
    index: int
    """1, 2, ..: which repetition."""
    content: Repetition

    def part(self, component: int, subcomponent: int = 1) -> str:
        """The text of a leaf without blanks around it; empty when absent or `""`."""
        return self.content.value(component, subcomponent).strip()

    def at(self, component: int = 0) -> str:
        return self.segment.at(self.number, self.index, component)


def _is_before(one: When, other: When) -> bool:
    """Whether a time is before another as far as both are precise: a date is not before an hour of that day."""
    length = 19 if one.has_time and other.has_time else min(len(one.value), len(other.value), 10)
    return one.moment < other.moment and (length == 19 or one.value[:length] != other.value[:length])


def items(segment: Segment | None, number: int) -> list[Item]:
    """The repetitions of a field that say something; neither empty nor `""`."""
    if segment is None:
        return []
    return [
        Item(segment, number, index, content)
        for index, content in enumerate(segment.repetitions(number), start=1)
        if content.raw.strip() and not content.is_null()
    ]


def first_item(segment: Segment | None, number: int) -> Item | None:
    """The first repetition of a field that says something."""
    return next(iter(items(segment, number)), None)


def value(segment: Segment | None, number: int, component: int = 1) -> str:
    """A leaf of the first repetition without blanks around it; empty when there is none."""
    return segment.value(number, component).strip() if segment else ""


def nulled(segment: Segment | None, paths: Iterable[tuple[int, str]]) -> tuple[str, ...]:
    """The element paths whose field is `""`: delete what is there (3.5)."""
    return tuple(path for number, path in paths if segment.is_null(number)) if segment else ()


def begin(message: Hl7Message, endpoint: Endpoint, received_at: datetime) -> Reading:
    """Start to read a message."""
    msh = message.msh
    facility = value(msh, 4) or value(msh, 4, 2) or value(msh, 3) or "unknown"
    clock = Clock(zone(endpoint.zone), message_offset(value(msh, 7)))
    application, channel = msh.field(3).strip(), msh.field(4).strip()
    sender = f"{application}|{channel}" if application or channel else ""
    return Reading(message, endpoint, received_at, clock, facility, sender)
