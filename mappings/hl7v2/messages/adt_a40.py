"""ADT^A40: two patients are one (hl7v2-mapping.md 6.3).

PID is the patient that stays, MRG-1 the one that is retired: replaced by the other, not active. What hangs on it, and
whether the merge has to wait for the koordinerende enhet, is not the message's to say. A retired number that nobody
has here is kept with the patient that stays, as a former one.

Not mapped, told as `unmapped`: PV1 and all segments but MSH, EVN, PID, PD1 and MRG. Unmapped fields: MRG-2 to MRG-7.
"""

from datetime import datetime
from typing import Final

from mappings.hl7v2.admission import finished, refused
from mappings.hl7v2.datatypes_identifiers import CX, PATIENT, identifier, keys_of
from mappings.hl7v2.parse import Hl7Message
from mappings.hl7v2.proposals import Proposals, reference, sender
from mappings.hl7v2.reading import begin, items
from mappings.hl7v2.segments import person
from mappings.hl7v2.segments.event import event
from mappings.message import Endpoint, Key, MessageType, Mode, Proposal, Translation
from profiles.r4_types import Identifier, Patient

SEGMENTS: Final = frozenset({"MSH", "EVN", "PID", "PD1", "MRG"})


def merge(message: Hl7Message, endpoint: Endpoint, received_at: datetime) -> Translation:
    """The one Patient is replaced by the other."""
    found = Proposals(begin(message, endpoint, received_at))
    happened = event(found, "A40")
    sender(found)
    key, values, cleared = person.patient(found)
    retired = _retired(found)
    if not _can_be_told(found, key, retired):
        return refused(found, happened)
    former: list[Identifier] = [{**one, "use": "old"} for one in retired]
    staying: Patient = {**values, "identifier": [*(values.get("identifier") or ()), *former]}
    gone: Patient = {
        "resourceType": "Patient",
        "active": False,
        "link": [{"other": reference("patient"), "type": "replaced-by"}],
    }
    found.named(Proposal("patient", key, staying, cleared=cleared))
    found.named(Proposal("retired", Key(keys_of(retired)), gone, Mode.STATUS))
    return finished(found, happened, SEGMENTS, person.residence(message.first("PID")))


def _retired(found: Proposals) -> list[Identifier]:
    """MRG-1."""
    reading = found.reading
    mrg = reading.message.first("MRG")
    return [i for item in items(mrg, 1) if (i := identifier(item, CX, PATIENT, reading))]


def _can_be_told(found: Proposals, key: Key, retired: list[Identifier]) -> bool:
    """Whether the message names two patients, and two only."""
    reading = found.reading
    if not key.identifiers or not retired:
        if not any(issue.refuses for issue in reading.issues):
            place = "MRG-1" if key.identifiers else "PID-3"
            reading.refuse("field-required", place, "No identifier of the patient can be used.")
        return False
    if set(key.identifiers) & set(keys_of(retired)):
        reading.refuse("same-patient", "MRG-1", "MRG-1 is the patient of PID-3: nobody is merged with themselves.")
        return False
    if len(reading.message.all("MRG")) > 1:
        reading.refuse("duplicate-segment", "MRG", "Send one message for each pair of PID and MRG.")
        return False
    return True


MESSAGE = MessageType(
    key=("ADT", "A40"),
    title="Sammenslåing av pasienter / merge patient",
    requires=("MSH", "PID", "MRG"),
    translate=merge,
)
