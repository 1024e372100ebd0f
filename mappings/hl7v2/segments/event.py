"""MSH and EVN: who sends, what happened, when (hl7v2-mapping.md 9 and 13 "Event clock").

Not mapped: MSH-8, MSH-13, MSH-14, MSH-17, MSH-19, MSH-21 to MSH-25, EVN-7; EVN-3 but for a planned
discharge (`stay`).
"""

from dataclasses import dataclass, field
from datetime import datetime

from mappings.hl7v2.proposals import Proposals, practitioner
from mappings.hl7v2.reading import first_item, value
from mappings.hl7v2.times import When
from mappings.message import PROPOSAL


@dataclass(frozen=True, slots=True)
class Event:
    """What the header says about the event."""

    code: str
    at: datetime
    """EVN-6, else EVN-2, else MSH-7, else when we received it: orders the events of a stay."""
    stated: When | None
    """The same from EVN alone, as FHIR writes it; None when EVN states no time."""
    sent: When | None
    """MSH-7."""
    author: str | None = None
    facts: dict[str, str] = field(default_factory=dict)


def event(found: Proposals, code: str) -> Event:
    """Read MSH-7 and EVN; the author of EVN-5 becomes a proposal when an identifier says who it is."""
    reading = found.reading
    evn = reading.message.first("EVN")
    sent = reading.time_of(reading.message.msh, 7)
    recorded = reading.time_of(evn, 2, critical=True)  # EVN-2
    occurred = reading.time_of(evn, 6)  # EVN-6
    stated = occurred or recorded
    if (said := value(evn, 1).upper()) and said != code:  # EVN-1
        reading.warn("event-mismatch", "EVN-1", "EVN-1 is another event than MSH-9.2; MSH-9.2 was followed.")
    at = stated or sent
    return Event(code, at.moment if at else reading.received_at, stated, sent, _author(found), _facts(value(evn, 4)))


def _author(found: Proposals) -> str | None:
    """EVN-5."""
    evn = found.reading.message.first("EVN")
    item = first_item(evn, 5)
    who = practitioner(item, found) if item else None
    if item and who and "reference" not in who:
        text = "The person behind the event has no identifier and was left to the raw message."
        found.reading.aside("unmapped", item.at(), text)
    return str(who["reference"]).removeprefix(PROPOSAL) if who and "reference" in who else None


def _facts(reason: str) -> dict[str, str]:
    return {"reason": reason} if reason else {}
