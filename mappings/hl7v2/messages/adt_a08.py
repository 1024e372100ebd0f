"""ADT^A08: update of patient or stay (hl7v2-mapping.md 2 and 9).

What is stated is updated. The event conveys no status: a new Encounter takes it from PV1-45 and PV1-2, a known one
keeps what it has. A message without PV1 is about the person alone.

Not mapped, told as `unmapped`: NTE, OBX, PR1, GT1, IN1 to IN3, ACC, DRG, UB1, UB2, PDA, DB1, ARV, SFT and Z segments.
Unmapped fields: at the head of each module under `mappings/hl7v2/segments/`.
"""

from datetime import datetime

from mappings.hl7v2.admission import admission
from mappings.hl7v2.parse import Hl7Message
from mappings.hl7v2.segments.stay import StayEvent
from mappings.message import Endpoint, MessageType, Translation


def update(message: Hl7Message, endpoint: Endpoint, received_at: datetime) -> Translation:
    """What is stated is updated."""
    return admission(message, endpoint, received_at, StayEvent("A08"))


MESSAGE = MessageType(
    key=("ADT", "A08"),
    title="Endring av pasient eller opphold / update",
    requires=("MSH", "PID"),
    translate=update,
)
