"""The loop closes: a partner has acknowledged what it was told (workflow.md 4.8)."""

from fhir_service.principal import SERVICE
from fhir_service.rules import Draft
from fhir_service.storage.messages import Outgoing
from fhir_service.storage.port import NOTHING, Changes, Reads, Work
from fhir_service.workflow.settle import Ground, Wanted, settle
from fhir_service.workflow.versions import instant, parse_body


def close_feedback(outgoing: Outgoing, ground: Ground) -> Work[bool]:
    """The unit of work that completes the Communication behind a delivery, and with it the Task `send-feedback`.

    Done twice it changes nothing the second time. Its answer: whether something was changed.
    """

    async def work(tx: Reads) -> tuple[bool, Changes]:
        rtype, _, rid = str(outgoing.payload.get("communication", "")).partition("/")
        stored = await tx.get(rtype, rid) if rid else None
        before = parse_body(stored.body) if stored and not stored.deleted else None
        if before is None or before.get("status") != "in-progress":
            return False, NOTHING
        after = {**before, "status": "completed", "received": instant(tx.now)}
        draft = Draft(rtype, rid, after, before, by=SERVICE, cause=outgoing.channel)
        settlement = await settle(tx, (Wanted(draft, stored),), ground)
        return not settlement.refused, settlement.changes

    return work
