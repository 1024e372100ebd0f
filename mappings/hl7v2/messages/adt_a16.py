"""ADT^A16: pending discharge (hl7v2-mapping.md 2 and 9, workflow.md 4.11).

The earliest word by message that a person will come home: the planned end of the stay is set (PV2-9, else EVN-3, else
PV1-45). The stay goes on; a disposition and a destination are not known before the discharge itself.

Not mapped, told as `unmapped`: NTE, OBX, PR1, GT1, IN1 to IN3, ACC, DRG, UB1, UB2, PDA, DB1, ARV, SFT and Z segments.
Unmapped fields: at the head of each module under `mappings/hl7v2/segments/`.
"""

from datetime import datetime

from mappings.hl7v2.admission import admission
from mappings.hl7v2.parse import Hl7Message
from mappings.hl7v2.segments.stay import StayEvent
from mappings.message import Endpoint, MessageType, Translation


def plan_discharge(message: Hl7Message, endpoint: Endpoint, received_at: datetime) -> Translation:
    """The person is about to come home."""
    return admission(message, endpoint, received_at, StayEvent("A16", plans=True))


MESSAGE = MessageType(
    key=("ADT", "A16"),
    title="Planlagt utskrivning / pending discharge",
    requires=("MSH", "PID", "PV1"),
    translate=plan_discharge,
)
