"""PV1 and PV2 to Encounter (hl7v2-mapping.md 2 and 9).  [PV1[Encounter]], [PV2[Encounter]]

Not mapped: PV1-1, -12, -18, -20 to -35, -39, -41, -43, -46 to -49, -51, -53, -54; PV2-1, -2, -4 to -7, -10, -14 to -21,
-23, -24, -26, -28 to -37, -39 and later.
"""

from dataclasses import dataclass
from typing import Final, cast

from mappings import codes
from mappings.hl7v2.datatypes import concept, mapped
from mappings.hl7v2.datatypes_identifiers import CX, VISIT, coding_of, identifier, keys_of
from mappings.hl7v2.parse import Segment
from mappings.hl7v2.proposals import Proposals, destination, location, practitioner
from mappings.hl7v2.reading import Item, Reading, first_item, items, nulled, value
from mappings.hl7v2.segments._pv2 import PLANNED_END, from_pv2, planned_end
from mappings.hl7v2.segments.event import Event
from mappings.message import Key
from profiles import names
from profiles.r4_types import (
    CodeableConcept,
    Coding,
    Encounter,
    EncounterHospitalization,
    EncounterLocation,
    EncounterLocationStatusCode,
    EncounterParticipant,
    EncounterStatusCode,
    Identifier,
    Period,
    Reference,
)
from profiles.resource import stated

INPATIENT: Final[Coding] = {"system": names.V3_ACT_CODE, "code": "IMP", "display": "inpatient encounter"}
PARTICIPANTS: Final = (
    (7, "ATND", "attender"),
    (8, "REF", "referrer"),
    (9, "CON", "consultant"),
    (17, "ADM", "admitter"),
    (52, "PART", "Participation"),
)
CLEARS: Final = (
    (3, "location"),
    (4, "type"),
    (10, "serviceType"),
    (13, "hospitalization.reAdmission"),
    (14, "hospitalization.admitSource"),
    (15, "hospitalization.specialArrangement"),
    (16, "hospitalization.specialCourtesy"),
    (36, "hospitalization.dischargeDisposition"),
    (37, "hospitalization.destination"),
    (38, "hospitalization.dietPreference"),
    (44, "period.start"),
    (45, "period.end"),
)
PV2_CLEARS: Final = ((3, "reasonCode"), (11, "length"), (25, "priority"))
DISCHARGE: Final = ("period.end", "hospitalization.dischargeDisposition", "hospitalization.destination")
"""What a discharge states, and the cancellation of one takes back."""


@dataclass(frozen=True, slots=True)
class StayEvent:
    """How one event is read; the difference between A01, A02, A03 .. is this value."""

    code: str
    ends: bool = False
    """A discharge: the end is EVN-6, else EVN-2, when PV1-45 says nothing."""
    reopens: bool = False
    """A cancelled discharge: what a discharge states is taken back."""
    plans: bool = False
    """A discharge that is planned: its time is one to come (PV2-9, else EVN-3, else PV1-45)."""
    unplans: bool = False
    """A planned discharge that is cancelled: its time is taken back."""

    @property
    def status(self) -> EncounterStatusCode | None:
        """Status that the event itself sets; None when it sets none."""
        target = codes.concept_map("v2-0003-encounter-status").target(self.code)
        return cast(EncounterStatusCode, target.code) if target else None

    @property
    def cancels(self) -> bool:
        """Whether it takes back an admission or a discharge, planned or not."""
        return self.reopens or self.unplans or self.status == "cancelled"

    @property
    def leaves_open(self) -> bool:
        """Whether the person stays: what the message says of an end is none."""
        return self.reopens or self.plans or self.unplans


@dataclass(frozen=True, slots=True)
class Stay:
    """An Encounter as far as PV1 and PV2 tell it."""

    key: Key
    values: Encounter
    cleared: tuple[str, ...]


def stay(found: Proposals, how: StayEvent, event: Event, provider: Reference | None) -> Stay | None:
    """The Encounter; None when there is no PV1, or nothing to know the stay by again."""
    reading = found.reading
    pv1, pv2 = reading.message.first("PV1"), reading.message.first("PV2")
    if pv1 is None:
        if pv2 is not None:
            reading.aside("unmapped", "PV2", "PV2 without PV1 tells of no stay; left to the raw message.")
        return None
    own = _identifiers(pv1, reading)
    period = _period(pv1, how, event, reading)
    key = _key(own, value(pv1, 19), period)
    if key is None:
        _told_unknown(pv1, reading)
        return None
    status = how.status or _status(pv1, period)
    values: Encounter = {
        "resourceType": "Encounter",
        "identifier": own,
        "status": status,
        "class": _class(pv1, reading),
        "type": _some(mapped(first_item(pv1, 4), "v2-0007-admission-type", reading)),
        "serviceType": concept(first_item(pv1, 10), reading, "0069"),
        "priority": mapped(first_item(pv2, 25), "v2-0217-priority", reading),
        "participant": _participants(pv1, pv2, found),
        "period": period,
        "reasonCode": _some(concept(first_item(pv2, 3), reading)),
        "hospitalization": _hospitalization((pv1, pv2), how, status, found),
        "location": _locations(pv1, found),
        "serviceProvider": provider,
        **from_pv2(pv2, reading),
    }
    planned = planned_end((pv1, pv2), reading) if how.plans else []
    if planned or how.unplans:
        values["extension"] = [*(e for e in values.get("extension") or () if e.get("url") != PLANNED_END), *planned]
    values = stated(values)
    nulls = [path for path in (*nulled(pv1, CLEARS), *nulled(pv2, PV2_CLEARS)) if path not in values]
    taken_back = (*(DISCHARGE if how.reopens else ()), *((f"extension[{PLANNED_END}]",) if how.unplans else ()))
    return Stay(key, values, tuple(dict.fromkeys([*nulls, *taken_back])))


def _some(one: CodeableConcept | None) -> list[CodeableConcept]:
    return [one] if one else []


def _identifiers(pv1: Segment, reading: Reading) -> list[Identifier]:
    """PV1-19 with type VN; PV1-50."""
    said = [i for item in items(pv1, 19)[:1] if (i := identifier(item, CX, VISIT, reading))]
    coding: Coding = {"system": names.V2 + "0203", "code": "VN", "display": "Visit number"}
    visit: list[Identifier] = [{**i, "type": {"coding": [coding]}} for i in said]
    return visit + [i for item in items(pv1, 50) if (i := identifier(item, CX, VISIT, reading))]


def _key(own: list[Identifier], number: str, period: Period) -> Key | None:
    """(system, PV1-19.1); without it, patient, sender and PV1-44 (6.2). Never MSH-7."""
    if number and own:
        return Key(keys_of(own[:1]))
    if "start" not in period:
        return None
    return Key(natural=f"start:{period['start']}", within=(("subject", "patient"), ("serviceProvider", "sender")))


def _told_unknown(pv1: Segment, reading: Reading) -> None:
    said = "Without a visit number (PV1-19) or an admission time (PV1-44) the stay cannot be known again; left out."
    if value(pv1, 2).upper() == "N":
        reading.aside("unmapped", "PV1", "No stay: the patient class is 'not applicable'.")
    else:
        reading.warn("field-required", "PV1-19", said)


def _period(pv1: Segment, how: StayEvent, event: Event, reading: Reading) -> Period:
    """PV1-44 and PV1-45; a discharge ends at EVN-6 or EVN-2 at the latest word (2)."""
    start = reading.time_of(pv1, 44, critical=True)
    end = None if how.leaves_open else reading.time_of(pv1, 45, critical=True)
    if how.ends and end is None and not pv1.is_null(45):
        end = event.stated
        if end is None:
            reading.warn("field-required", "PV1-45", "The discharge states no time; the stay was ended without one.")
    return reading.period(start, end, "PV1-44")


def _status(pv1: Segment, period: Period) -> EncounterStatusCode:
    """For an event that sets none: PV1-45 valued, else the patient class. Only a new Encounter takes it over."""
    if "end" in period:
        return "finished"
    target = codes.concept_map("v2-0004-encounter-status").target(value(pv1, 2))
    return cast(EncounterStatusCode, target.code) if target else "unknown"


def _class(pv1: Segment, reading: Reading) -> Coding:
    """PV1-2. Encounter.class is required: without it the stay is taken for an inpatient's."""
    item = first_item(pv1, 2)
    if item is None or not item.part(1):
        reading.warn("defaulted", "PV1-2", "The patient class is missing; the stay was taken for an inpatient's.")
        return INPATIENT
    target, issue = codes.translate("v2-0004-encounter-class", item.part(1), item.at(1))
    if target:
        return coding_of(target)
    if issue:
        reading.issues.append(issue)
    said: CodeableConcept = concept(item, reading, "0004") or {}
    return next((c for c in said.get("coding") or () if c.get("code")), INPATIENT)


def _participants(pv1: Segment, pv2: Segment | None, found: Proposals) -> list[EncounterParticipant]:
    """PV1-7, -8, -9, -17, -52 and PV2-13, each person once in a role."""
    rows = [(item, code, text) for n, code, text in PARTICIPANTS for item in items(pv1, n)]
    rows += [(item, "REF", "referrer") for item in items(pv2, 13)]
    told: list[EncounterParticipant] = []
    for item, code, text in rows:
        coding: Coding = {"system": names.V3_PARTICIPATION, "code": code, "display": text}
        if who := practitioner(item, found):
            one: EncounterParticipant = {"type": [{"coding": [coding]}], "individual": who}
            told += [] if one in told else [one]
    return told


def _hospitalization(
    segments: tuple[Segment, Segment | None], how: StayEvent, status: str, found: Proposals
) -> EncounterHospitalization:
    """PV1-5, -13 to -16, -36 to -38; PV2-27 while the stay is planned."""
    pv1, pv2 = segments
    reading = found.reading
    before = first_item(pv1, 5)
    courtesy = concept(first_item(pv1, 16), reading, "0099")
    arrangements = (mapped(item, "v2-0009-special-arrangement", reading) for item in items(pv1, 15))
    told: EncounterHospitalization = {
        "preAdmissionIdentifier": identifier(before, CX, VISIT, reading) if before else None,
        "admitSource": concept(first_item(pv1, 14), reading, "0023"),
        "reAdmission": mapped(first_item(pv1, 13), "v2-0092-re-admission", reading),
        "dietPreference": [c for item in items(pv1, 38) if (c := concept(item, reading, "0114"))],
        "specialCourtesy": _some(courtesy),
        "specialArrangement": [c for c in arrangements if c],
    }
    if not how.leaves_open:
        goal = first_item(pv1, 37)
        told["destination"] = destination(goal, found) if goal else None
        expected = first_item(pv2, 27) if status == "planned" else None
        told["dischargeDisposition"] = _disposition(first_item(pv1, 36) or expected, reading)
    return stated(told)


def _disposition(item: Item | None, reading: Reading) -> CodeableConcept | None:
    """The code of table 0112 as sent, with FHIR's own where the map has one."""
    told = mapped(item, "v2-0112-discharge-disposition", reading)
    dead = told and any(c.get("code") == "exp" for c in told.get("coding") or ())
    pid = reading.message.first("PID")
    if dead and not value(pid, 29) and value(pid, 30).upper() != "Y":
        reading.warn("field-required", "PID-30", "The stay ended by death, but PID-29 and PID-30 do not say so.")
    return told


def _locations(pv1: Segment, found: Proposals) -> list[EncounterLocation]:
    """PV1-3, -6, -11, -42: where the person is, was, is for a while, and will be."""
    bed = value(pv1, 40)
    here: EncounterLocationStatusCode = "planned" if value(pv1, 2).upper() == "P" else "active"
    rows: tuple[tuple[int, EncounterLocationStatusCode], ...]
    rows = ((3, here), (6, "completed"), (11, "active"), (42, "reserved"))
    told: list[EncounterLocation] = []
    for number, status in rows:
        item = first_item(pv1, number)
        place = location(item, found, bed if number == 3 else "") if item else None
        if place is None:
            continue
        one: EncounterLocation = {"location": place, "status": status}
        if number == 11:
            url = f"{names.HL7_EXTENSION}/subject-locationClassification"
            one["extension"] = [{"url": url, "valueCodeableConcept": {"text": "temporary"}}]
        told.append(one)
    return told
