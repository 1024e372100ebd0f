"""REF^I13: a referral that has changed (hl7v2-mapping.md 7).

It is stated whole, as by REF^I12: the koordinerende enhet is told of what is new, the case keeps its clock. One that
nobody has here opens a case: a need must not get lost because its first message did.

Not mapped, told as `unmapped`: OBR, OBX, ORC, PR1, AUT, ACC, GT1, IN1 to IN3, SFT and Z segments; NTE after PID.
"""

from datetime import datetime

from mappings.hl7v2.parse import Hl7Message
from mappings.hl7v2.referral import referral
from mappings.message import Endpoint, MessageType, Translation


def changed_referral(message: Hl7Message, endpoint: Endpoint, received_at: datetime) -> Translation:
    """A referral as it is now."""
    return referral(message, endpoint, received_at, "I13")


MESSAGE = MessageType(
    key=("REF", "I13"),
    title="Endret henvisning / modify referral",
    requires=("MSH", "RF1", "PID"),
    translate=changed_referral,
)
