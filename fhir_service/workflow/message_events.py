"""Each message that is taken in leaves one audit event, also one that is refused or changes nothing (SR-33)."""

import re
from datetime import datetime
from typing import Literal

from fhir_service.storage.port import Changes
from fhir_service.workflow.settle import joined
from fhir_service.workflow.trace import audit_of_message, new_write
from mappings.message import Envelope, Verdict

_TRIGGER = re.compile(r"[A-Z][A-Z0-9]{2}")
_UNSPEAKABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_LONGEST = 200


def with_event(
    changes: Changes, envelope: Envelope, verdict: Verdict, now: datetime, source: str | None = None
) -> Changes:
    """The changes of a message with its event: the one they have, which names the patient, or else one that does not.

    `source`: `Binary/[id]` of the message, where it is kept as a resource.
    """
    if any(write.rtype == "AuditEvent" for write in changes.writes):
        return changes
    sender = _UNSPEAKABLE.sub("", envelope.sender)[:_LONGEST].strip() or "unknown sender"
    trigger = envelope.kind.rpartition("^")[2]
    event = trigger if _TRIGGER.fullmatch(trigger) else ""
    outcome: Literal["0", "4"] = "4" if verdict is Verdict.REFUSED else "0"
    audit = audit_of_message({"display": sender}, None, source, event, now, outcome)
    return joined(changes, writes=(new_write(audit, now, None),))
