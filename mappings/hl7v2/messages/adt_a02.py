"""ADT^A02: transfer (hl7v2-mapping.md 2 and 9).

The stay goes on in another place: Encounter in-progress, PV1-6 completed, PV1-3 active.

Not mapped, told as `unmapped`: NTE, OBX, PR1, GT1, IN1 to IN3, ACC, DRG, UB1, UB2, PDA, DB1, ARV, SFT and Z segments.
Unmapped fields: at the head of each module under `mappings/hl7v2/segments/`.
"""

from datetime import datetime

from mappings.hl7v2.admission import admission
from mappings.hl7v2.parse import Hl7Message
from mappings.hl7v2.segments.stay import StayEvent
from mappings.message import Endpoint, MessageType, Translation


def transfer(message: Hl7Message, endpoint: Endpoint, received_at: datetime) -> Translation:
    """The stay goes on in another place."""
    return admission(message, endpoint, received_at, StayEvent("A02"))


MESSAGE = MessageType(
    key=("ADT", "A02"),
    title="Overflytting / transfer",
    requires=("MSH", "PID", "PV1"),
    translate=transfer,
)
