"""What the referral messages have in common (hl7v2-mapping.md 7).

REF^I12 and I13 state a referral, whole; I14 and I15 are about one that is known, by its number (RF1-6, RF1-11).
"""

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
from mappings.message import Endpoint, Key, Mode, Proposal, Translation
from profiles import names
from profiles.code_systems import concept
from profiles.r4_types import CodeableConcept, Communication, Reference, RequestStatusCode, ServiceRequest
from profiles.resource import stated

REF_SEGMENTS: Final = ADT_SEGMENTS | {"RF1", "PRD", "CTD", "NTE"}
KNOWN_SEGMENTS: Final = frozenset({"MSH", "RF1", "PRD", "CTD", "PID", "NTE"})
"""Read, or of no use where the referral is known already."""
ASKS: Final = "Melderen spør hvordan henvisningen står."


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


def withdrawal(message: Hl7Message, endpoint: Endpoint, received_at: datetime) -> Translation:
    """Translate a cancelled referral: the ServiceRequest `request` is revoked, if there is one."""
    found = Proposals(begin(message, endpoint, received_at))
    happened = event(found, "I14")
    if not _is_about_one(found, "revoked"):
        return refused(found, happened)
    return finished(found, happened, KNOWN_SEGMENTS, {})


def question(message: Hl7Message, endpoint: Endpoint, received_at: datetime) -> Translation:
    """Translate a question how a referral stands: the Communication `reminder` about the ServiceRequest `request`."""
    found = Proposals(begin(message, endpoint, received_at))
    happened = event(found, "I15")
    if not _is_about_one(found):
        return refused(found, happened)
    said = "\n".join(note.get("text") or "" for note in rf.notes(found.reading))
    asked: Communication = {
        "resourceType": "Communication",
        "status": "completed",
        "category": [concept(names.FEEDBACK_CATEGORY, "reminder")],
        "basedOn": [reference("request")],
        "subject": reference("patient"),
        "sent": happened.sent.value if happened.sent and happened.sent.has_time else None,
        "sender": reference("sender"),
        "payload": [{"contentString": said or ASKS}],
    }
    found.named(Proposal("reminder", Key(), stated(asked)))
    return finished(found, happened, KNOWN_SEGMENTS, {"about": "request"})


def _is_about_one(found: Proposals, status: RequestStatusCode | None = None) -> bool:
    """Propose `patient` and `request` as those that are there: nothing is made; False if nobody could find them.

    `status`: the one that the event sets, if any.
    """
    rf1 = found.reading.message.first("RF1")
    patient, _, _ = person.patient(found)
    sender(found)
    numbers = rf.identifiers(rf1, found.reading) if rf1 else []
    if not patient.identifiers:
        found.reading.refuse("field-required", "PID-3", "No identifier of the patient can be used.")
    if not patient.identifiers or not numbers:
        return False
    found.named(Proposal("patient", patient, {"resourceType": "Patient"}, Mode.STATUS))
    told: ServiceRequest = {
        "resourceType": "ServiceRequest",
        "meta": source_of(found.reading),
        "intent": "proposal",
        "subject": reference("patient"),
        "status": status or "active",  # that of what is there, unless the event sets it
    }
    sets = status is not None
    found.named(Proposal("request", Key(keys_of(numbers)), stated(told), Mode.STATUS, states=sets, cancels=sets))
    return True


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
