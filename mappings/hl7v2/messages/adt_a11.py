"""ADT^A11: cancel admit (hl7v2-mapping.md 2 and 9).

The stay never was: Encounter cancelled.

Not mapped, told as `unmapped`: NTE, OBX, PR1, GT1, IN1 to IN3, ACC, DRG, UB1, UB2, PDA, DB1, ARV, SFT and Z segments.
Unmapped fields: at the head of each module under `mappings/hl7v2/segments/`.
"""

from datetime import datetime

from mappings.hl7v2.admission import admission
from mappings.hl7v2.parse import Hl7Message
from mappings.hl7v2.segments.stay import StayEvent
from mappings.message import Endpoint, MessageType, Translation


def cancel_admit(message: Hl7Message, endpoint: Endpoint, received_at: datetime) -> Translation:
    """The stay never was."""
    return admission(message, endpoint, received_at, StayEvent("A11"))


MESSAGE = MessageType(
    key=("ADT", "A11"),
    title="Annullert innleggelse / cancel admit",
    requires=("MSH", "PID", "PV1"),
    translate=cancel_admit,
)
