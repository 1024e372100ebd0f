"""ADT^A25: cancel pending discharge (hl7v2-mapping.md 2 and 9, workflow.md 4.11).

The planned end of the stay is taken back. The stay goes on.

Not mapped, told as `unmapped`: NTE, OBX, PR1, GT1, IN1 to IN3, ACC, DRG, UB1, UB2, PDA, DB1, ARV, SFT and Z segments.
Unmapped fields: at the head of each module under `mappings/hl7v2/segments/`.
"""

from datetime import datetime

from mappings.hl7v2.admission import admission
from mappings.hl7v2.parse import Hl7Message
from mappings.hl7v2.segments.stay import StayEvent
from mappings.message import Endpoint, MessageType, Translation


def cancel_planned_discharge(message: Hl7Message, endpoint: Endpoint, received_at: datetime) -> Translation:
    """The person does not come home yet."""
    return admission(message, endpoint, received_at, StayEvent("A25", unplans=True))


MESSAGE = MessageType(
    key=("ADT", "A25"),
    title="Annullert planlagt utskrivning / cancel pending discharge",
    requires=("MSH", "PID", "PV1"),
    translate=cancel_planned_discharge,
)
