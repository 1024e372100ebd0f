"""REF^I14: a referral is cancelled (hl7v2-mapping.md 7, workflow.md 4.1 S3).

The ServiceRequest is revoked, and what follows for the case is the rules' to say. One that nobody has here leaves
nothing behind but a warning to the sender.

Not mapped: all of RF1 but RF1-6 and RF1-11, all of PID but its identifiers, PRD and CTD. Told as `unmapped`: all
segments but these, MSH and NTE.
"""

from mappings.hl7v2.referral import withdrawal
from mappings.message import MessageType

MESSAGE = MessageType(
    key=("REF", "I14"),
    title="Trukket henvisning / cancel referral",
    requires=("MSH", "RF1", "PID"),
    translate=withdrawal,
)
