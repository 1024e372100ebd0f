"""ROL and PRT: people in a role for the patient or for the stay (hl7v2-mapping.md 9).

A role before PV1 belongs to the patient: PP is the general practitioner, any other a candidate for a care team, which a
message never changes. A role after PV1 belongs to the stay; one after PR1 or IN1 belongs to those and is not mapped.
"""

from dataclasses import dataclass
from typing import Final

from mappings.hl7v2.datatypes import concept
from mappings.hl7v2.parse import Segment
from mappings.hl7v2.proposals import Proposals, practitioner
from mappings.hl7v2.reading import Reading, first_item, value
from mappings.hl7v2.segments.event import Event
from profiles.r4_types import EncounterParticipant, Reference
from profiles.resource import stated


@dataclass(frozen=True, slots=True)
class Columns:
    """Where ROL and PRT hold the same things."""

    action: int
    role: int
    person: int
    start: int
    end: int
    table: str


COLUMNS: Final = {"ROL": Columns(2, 3, 4, 5, 6, "0443"), "PRT": Columns(2, 4, 5, 11, 12, "0912")}
GENERAL_PRACTITIONER: Final = "PP"
ELSEWHERE: Final = frozenset({"PR1", "IN1", "OBR", "ORC"})
"""Segments whose ROL or PRT that follow are not about the patient or the stay."""


@dataclass(frozen=True, slots=True)
class Roles:
    """What the roles come to."""

    general_practitioners: list[Reference]
    participants: list[EncounterParticipant]


def roles(found: Proposals, event: Event) -> Roles:
    """Read every ROL and PRT by where it stands."""
    told = Roles([], [])
    place = "PID"
    for segment in found.reading.message.segments:
        if segment.name in ("PID", "PV1") or segment.name in ELSEWHERE:
            place = segment.name
        elif segment.name in COLUMNS:
            _role(segment, place, (found, event), told)
    return told


def _role(segment: Segment, place: str, context: tuple[Proposals, Event], told: Roles) -> None:
    found, event = context
    columns = COLUMNS[segment.name]
    item = first_item(segment, columns.person)
    who = practitioner(item, found) if item and place in ("PID", "PV1") else None
    code = value(segment, columns.role).upper()
    if who is None or (place == "PID" and code != GENERAL_PRACTITIONER):
        _left(segment, found.reading)
    elif place == "PV1":
        told.participants.append(_participant(segment, who, found.reading, event))
    elif value(segment, columns.action).upper() != "D":
        told.general_practitioners.append(who)


def _left(segment: Segment, reading: Reading) -> None:
    said = "A role that is neither of the stay nor the general practitioner was left to the raw message."
    reading.aside("unmapped", segment.at(), said)


def _participant(segment: Segment, who: Reference, reading: Reading, event: Event) -> EncounterParticipant:
    """ROL-3 keeps its own code (table 0443); ROL-2 D ends the period."""
    columns = COLUMNS[segment.name]
    start, end = reading.time_of(segment, columns.start), reading.time_of(segment, columns.end)
    if end is None and value(segment, columns.action).upper() == "D":
        end = event.stated or event.sent
    role = concept(first_item(segment, columns.role), reading, columns.table)
    told: EncounterParticipant = {
        "type": [role] if role else [],
        "period": reading.period(start, end, segment.at(columns.start)),
        "individual": who,
    }
    return stated(told)
