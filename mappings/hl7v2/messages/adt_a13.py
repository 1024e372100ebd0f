"""ADT^A13: cancel discharge (hl7v2-mapping.md 2 and 9).

The person stays after all: Encounter in-progress; end, disposition and destination are taken back, and what PV1-36, -37
and -45 still say is not read.

Not mapped, told as `unmapped`: NTE, OBX, PR1, GT1, IN1 to IN3, ACC, DRG, UB1, UB2, PDA, DB1, ARV, SFT and Z segments.
Unmapped fields: at the head of each module under `mappings/hl7v2/segments/`.
"""

from datetime import datetime

from mappings.hl7v2.admission import admission
from mappings.hl7v2.parse import Hl7Message
from mappings.hl7v2.segments.stay import StayEvent
from mappings.message import Endpoint, MessageType, Translation


def cancel_discharge(message: Hl7Message, endpoint: Endpoint, received_at: datetime) -> Translation:
    """The person stays after all."""
    return admission(message, endpoint, received_at, StayEvent("A13", reopens=True))


MESSAGE = MessageType(
    key=("ADT", "A13"),
    title="Annullert utskrivning / cancel discharge",
    requires=("MSH", "PID", "PV1"),
    translate=cancel_discharge,
)
