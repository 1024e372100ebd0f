"""What every ADT event and every referral have in common: the person, the stay, and what else the segments state.

The event modules under `messages/` are one value each; this module is what they share. Proposals are in the order in
which they are to be found: the patient, then the stay, then what belongs to them.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from mappings.hl7v2.parse import Hl7Message
from mappings.hl7v2.proposals import Proposals, reference, sender
from mappings.hl7v2.reading import Reading, begin
from mappings.hl7v2.segments import clinical, kin, person
from mappings.hl7v2.segments.event import Event, event
from mappings.hl7v2.segments.roles import Roles, roles
from mappings.hl7v2.segments.stay import StayEvent, stay
from mappings.message import Endpoint, Mode, Proposal, Translation
from mappings.sources import source_uri
from profiles import names
from profiles.r4_types import Coding, Encounter, Meta, Patient, Reference
from profiles.resource import stated

ADT_SEGMENTS: Final = frozenset({"MSH", "EVN", "PID", "PD1", "NK1", "PV1", "PV2", "DG1", "AL1", "ROL", "PRT"})
"""Segments that are read; any other is told as unmapped (S8)."""
TEST_DATA: Final[Coding] = {"system": names.V3_ACT_REASON, "code": "HTEST", "display": "test health data"}


def admission(message: Hl7Message, endpoint: Endpoint, received_at: datetime, how: StayEvent) -> Translation:
    """Translate an ADT message about one stay of one person."""
    found = Proposals(begin(message, endpoint, received_at))
    happened = event(found, how.code)
    provider = sender(found)
    if people(found, happened, how, provider):
        return finished(found, happened, ADT_SEGMENTS, person.residence(message.first("PID")))
    return refused(found, happened)


def people(
    found: Proposals, happened: Event, how: StayEvent, provider: Reference | None, more: tuple[Reference, ...] = ()
) -> bool:
    """Propose Patient, Encounter, Condition, RelatedPerson and AllergyIntolerance; False if nobody can be named.

    `more`: further general practitioners.
    """
    reading = found.reading
    key, values, cleared = person.patient(found)
    if not key.identifiers:
        if not any(issue.refuses for issue in reading.issues):
            reading.refuse("field-required", "PID-3", "No identifier of the patient can be used.")
        return False
    told = roles(found, happened)
    found.named(Proposal("patient", key, values))
    _encounter(found, happened, how, (provider, told))
    _diagnoses(found, how.ends)
    contacts = kin.related_persons(found)
    clinical.allergies(found)
    practitioners = [*(values.get("generalPractitioner") or ()), *told.general_practitioners, *more]
    whole: Patient = {
        **values,
        "contact": contacts,
        "generalPractitioner": [r for k, r in enumerate(practitioners) if r not in practitioners[:k]],
    }
    if person.is_protected(reading.message.first("PD1")) and not contacts:
        cleared = (*cleared, "contact")  # contacts of before may tell the address
    found.named(Proposal("patient", key, stated(whole), cleared=cleared))
    return True


def _encounter(found: Proposals, happened: Event, how: StayEvent, context: tuple[Reference | None, Roles]) -> None:
    provider, told = context
    known = stay(found, how, happened, provider)
    if known is None:
        return
    values: Encounter = {
        **known.values,
        "meta": {**source_of(found.reading), **(known.values.get("meta") or {})},
        "subject": reference("patient", _patient_name(found)),
        "participant": [*(known.values.get("participant") or ()), *told.participants],
    }
    proposal = Proposal("encounter", known.key, stated(values), cleared=known.cleared)
    found.named(replace(proposal, states=bool(how.status), cancels=how.cancels))


def source_of(reading: Reading) -> Meta:
    """`meta` that names the sender's channel."""
    return {"source": source_uri(reading.sender)} if reading.sender else {}


def _patient_name(found: Proposals) -> str:
    patient = found.get("patient")
    said = patient.values.get("name", []) if patient else []
    return str(said[0]["text"]) if said else ""


def _diagnoses(found: Proposals, discharge: bool) -> None:
    rows = clinical.diagnoses(found, discharge)
    known = found.get("encounter")
    if rows and known:
        found.named(replace(known, values={**known.values, "diagnosis": rows}))


def finished(found: Proposals, happened: Event, read: frozenset[str], facts: Mapping[str, str]) -> Translation:
    """The translation of everything found; nothing at all when an issue refuses the message."""
    _unmapped(found.reading, read)
    if any(issue.refuses for issue in found.reading.issues):
        return refused(found, happened)
    return Translation(
        proposals=_marked(found, happened.at),
        issues=tuple(found.reading.issues),
        event=happened.code,
        occurred_at=happened.at,
        sender="sender" if found.get("sender") else None,
        author=happened.author,
        facts={**happened.facts, **facts},
    )


def _marked(found: Proposals, at: datetime) -> tuple[Proposal, ...]:
    """All proposals with the event's time; HTEST on each when the message is for training or debugging (MSH-11)."""
    timed = tuple(replace(p, at=at) if p.mode is not Mode.FILL else p for p in found.all())
    if found.reading.message.processing_id not in ("T", "D"):
        return timed
    return tuple(replace(p, values={**p.values, "meta": _tagged(p.values.get("meta", {}))}) for p in timed)


def _tagged(meta: Meta) -> Meta:
    return {**meta, "tag": [*(meta.get("tag") or ()), TEST_DATA]}


def refused(found: Proposals, happened: Event) -> Translation:
    """A message that nobody can act on: no proposal survives it, so that no patient is made under a wrong number."""
    return Translation(issues=tuple(found.reading.issues), event=happened.code, occurred_at=happened.at)


def _unmapped(reading: Reading, read: frozenset[str]) -> None:
    """Name every kind of segment that has no meaning here: it stays in the raw message only."""
    counts: dict[str, int] = {}
    for segment in reading.message.segments:
        if segment.name not in read:
            counts[segment.name] = counts.get(segment.name, 0) + 1
    for name, count in counts.items():
        said = f"{count} segment(s) of this name are kept with the raw message only."
        reading.aside("unmapped", name, said)
