"""REF^I12: a referral, above all the notice of a need for coordinated services (hl7v2-mapping.md 7).

The ServiceRequest has status active and intent proposal: the notifier does not authorise, the koordinerende enhet
decides. What makes it a need notification, and what is not mapped: `mappings/hl7v2/segments/referral.py`. The case Task
follows from it by rule.

Not mapped, told as `unmapped`: OBR, OBX, ORC, PR1, AUT, ACC, GT1, IN1 to IN3, SFT and Z segments; NTE after PID.
"""

from datetime import datetime

from mappings.hl7v2.parse import Hl7Message
from mappings.hl7v2.referral import referral
from mappings.message import Endpoint, MessageType, Translation


def refer(message: Hl7Message, endpoint: Endpoint, received_at: datetime) -> Translation:
    """A need is told, or another referral made."""
    return referral(message, endpoint, received_at, "I12")


MESSAGE = MessageType(
    key=("REF", "I12"),
    title="Henvisning, melding om behov for koordinerte tjenester / referral",
    requires=("MSH", "RF1", "PID"),
    translate=refer,
)
