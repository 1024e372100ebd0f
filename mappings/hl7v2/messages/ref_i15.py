"""REF^I15: how does a referral stand? (hl7v2-mapping.md 7, workflow.md 4.8, 11)

It is the notifier's reminder: the case becomes urgent, and an RRI tells how it stands. Asked for one that nobody has
here a person looks at it: it may have got lost on its way.

Not mapped: all of RF1 but RF1-6 and RF1-11, all of PID but its identifiers, PRD and CTD. Told as `unmapped`: all
segments but these, MSH and NTE.
"""

from mappings.hl7v2.referral import question
from mappings.message import MessageType

MESSAGE = MessageType(
    key=("REF", "I15"),
    title="Spørsmål om status for henvisning / request referral status",
    requires=("MSH", "RF1", "PID"),
    translate=question,
)
