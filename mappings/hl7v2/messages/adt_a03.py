"""ADT^A03: discharge (hl7v2-mapping.md 2 and 9).

The stay is over: Encounter finished, with the end of PV1-45, else EVN-6, else EVN-2. F in DG1-6 is a discharge
diagnosis.

Not mapped, told as `unmapped`: NTE, OBX, PR1, GT1, IN1 to IN3, ACC, DRG, UB1, UB2, PDA, DB1, ARV, SFT and Z segments.
Unmapped fields: at the head of each module under `mappings/hl7v2/segments/`.
"""

from datetime import datetime

from mappings.hl7v2.admission import admission
from mappings.hl7v2.parse import Hl7Message
from mappings.hl7v2.segments.stay import StayEvent
from mappings.message import Endpoint, MessageType, Translation


def discharge(message: Hl7Message, endpoint: Endpoint, received_at: datetime) -> Translation:
    """The stay is over."""
    return admission(message, endpoint, received_at, StayEvent("A03", ends=True))


MESSAGE = MessageType(
    key=("ADT", "A03"),
    title="Utskrivning / discharge",
    requires=("MSH", "PID", "PV1"),
    translate=discharge,
)
