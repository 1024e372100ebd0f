"""ADT^A01: admit (hl7v2-mapping.md 2 and 9).

The stay begins, or is known from now on: Encounter in-progress.

Not mapped, told as `unmapped`: NTE, OBX, PR1, GT1, IN1 to IN3, ACC, DRG, UB1, UB2, PDA, DB1, ARV, SFT and Z segments.
Unmapped fields: at the head of each module under `mappings/hl7v2/segments/`.
"""

from datetime import datetime

from mappings.hl7v2.admission import admission
from mappings.hl7v2.parse import Hl7Message
from mappings.hl7v2.segments.stay import StayEvent
from mappings.message import Endpoint, MessageType, Translation


def admit(message: Hl7Message, endpoint: Endpoint, received_at: datetime) -> Translation:
    """The stay is in progress."""
    return admission(message, endpoint, received_at, StayEvent("A01"))


MESSAGE = MessageType(
    key=("ADT", "A01"),
    title="Innleggelse / admit",
    requires=("MSH", "PID", "PV1"),
    translate=admit,
)
