"""What the referral messages (REF^I12, later I13 and I14) have in common (hl7v2-mapping.md 7)."""

from datetime import datetime
from typing import Final

from mappings.hl7v2.admission import ADT_SEGMENTS, finished, people, refused, source_of
from mappings.hl7v2.datatypes_identifiers import keys_of
from mappings.hl7v2.parse import Hl7Message, Segment
from mappings.hl7v2.proposals import Proposals, reference, sender
from mappings.hl7v2.reading import Reading, begin
from mappings.hl7v2.segments import person
from mappings.hl7v2.segments import referral as rf
from mappings.hl7v2.segments.event import Event, event
from mappings.hl7v2.segments.stay import StayEvent
from mappings.message import Endpoint, Key, Proposal, Translation
from profiles.r4_types import CodeableConcept, Reference, ServiceRequest
from profiles.resource import stated

REF_SEGMENTS: Final = ADT_SEGMENTS | {"RF1", "PRD", "CTD", "NTE"}


def referral(message: Hl7Message, endpoint: Endpoint, received_at: datetime, code: str) -> Translation:
    """Translate a referral: the person and the stay as in ADT, and the ServiceRequest `request`."""
    found = Proposals(begin(message, endpoint, received_at))
    reading = found.reading
    happened = event(found, code)
    rf1 = message.first("RF1")
    by = sender(found)
    if rf1 is None or not people(found, happened, StayEvent(code), by, tuple(rf.general_practitioners(found))):
        return refused(found, happened)
    _request(found, rf1, happened, by)
    processed = reading.time_of(rf1, 9)
    told = finished(found, happened, REF_SEGMENTS, {**person.residence(message.first("PID")), **rf.route(reading)})
    return _processed(told, processed.moment) if processed else told


def _processed(told: Translation, moment: datetime) -> Translation:
    """RF1-9 is when it happened, for Provenance."""
    return Translation(told.proposals, told.issues, told.event, moment, told.sender, told.author, told.facts)


def _request(found: Proposals, rf1: Segment, happened: Event, by: Reference | None) -> None:
    reading = found.reading
    own = rf.request(rf1, happened, reading)
    numbers = own.get("identifier") or []
    stay = found.get("encounter")
    values: ServiceRequest = {
        "resourceType": "ServiceRequest",
        **own,
        "meta": {**source_of(reading), **(own.get("meta") or {})},
        "authoredOn": own.get("authoredOn") or _received(reading),
        "subject": reference("patient", _name(found)),
        "encounter": reference("encounter") if stay else None,
        "requester": rf.requester(found, numbers, by),
        "reasonReference": _reasons(found),
    }
    key = Key(keys_of(numbers))
    found.named(Proposal("request", key, stated(values)))


def _received(reading: Reading) -> str:
    return reading.received_at.isoformat(timespec="seconds")


def _name(found: Proposals) -> str:
    patient = found.get("patient")
    said = patient.values.get("name", []) if patient else []
    return str(said[0]["text"]) if said else ""


def _reasons(found: Proposals) -> list[Reference]:
    """DG1, whether or not there is a stay (7)."""
    conditions = [p for p in found.all() if p.rtype == "Condition"]
    wrong = "entered-in-error"
    kept = [p for p in conditions if wrong not in str(p.values.get("verificationStatus"))]
    return [reference(p.name, _said(p.values.get("code", {}))) for p in kept]


def _said(code: CodeableConcept) -> str:
    texts = [code.get("text"), *(c.get("display") for c in code.get("coding") or ())]
    return next((t for t in texts if t), "")
