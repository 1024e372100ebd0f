"""How a delivery goes, told to the case behind it: it is sent, it is acknowledged, or it did not arrive (4.8).

Each is told before it is noted, and may be told twice (ADR 0016): the second time nothing changes.
"""

from collections.abc import Callable

from fhir_service.principal import SERVICE
from fhir_service.rules import NOT_DELIVERED, Draft, text_of
from fhir_service.storage.messages import Outgoing
from fhir_service.storage.port import NOTHING, Changes, Reads, Stored, Work
from fhir_service.workflow.settle import Ground, Settlement, Wanted, settle
from fhir_service.workflow.versions import instant, parse_body
from profiles import names
from profiles.code_systems import concept
from profiles.resource import Resource

OPEN = ("preparation", "in-progress")
"""Statuses of a Communication that somebody waits for."""
_Revised = Callable[[Reads, Resource], Resource]


def put_on_channel(outgoing: Outgoing, ground: Ground) -> Work[str | None]:
    """The unit of work that marks the Communication behind a delivery as sent.

    Its answer: what it says, as KE may have edited it until now; None where nobody waits for it any more, because it
    was told by hand or arrived before.
    """

    async def work(tx: Reads) -> tuple[str | None, Changes]:
        stored, told = await _behind(tx, outgoing)
        if stored is None or told is None or told.get("status") not in OPEN:
            return None, NOTHING
        if told["status"] == "in-progress":
            return text_of(told), NOTHING
        sent = {**told, "status": "in-progress", "sent": instant(tx.now)}
        return text_of(told), (await _settled(tx, (stored, told, sent), outgoing, ground)).changes

    return work


def close_feedback(outgoing: Outgoing, ground: Ground) -> Work[None]:
    """The unit of work that completes the Communication behind a delivery, and with it the Task `send-feedback`."""

    def received(tx: Reads, told: Resource) -> Resource:
        open_now = {name: value for name, value in told.items() if name != "statusReason"}
        return {**open_now, "status": "completed", "received": instant(tx.now)}

    return _revising(outgoing, ground, received)


def not_delivered(outgoing: Outgoing, ground: Ground) -> Work[None]:
    """The unit of work that says of the Communication behind a delivery that it did not arrive so far."""

    def lost(_: Reads, told: Resource) -> Resource:
        return {**told, "status": "in-progress", "statusReason": concept(names.STATUS_REASON, NOT_DELIVERED)}

    return _revising(outgoing, ground, lost)


def _revising(outgoing: Outgoing, ground: Ground, revised: _Revised) -> Work[None]:
    async def work(tx: Reads) -> tuple[None, Changes]:
        stored, told = await _behind(tx, outgoing)
        if stored is None or told is None or told.get("status") not in OPEN:
            return None, NOTHING
        after = revised(tx, told)
        if after == told:
            return None, NOTHING
        return None, (await _settled(tx, (stored, told, after), outgoing, ground)).changes

    return work


async def _behind(tx: Reads, outgoing: Outgoing) -> tuple[Stored | None, Resource | None]:
    """The Communication that a delivery carries, as it is now."""
    rtype, _, rid = str(outgoing.payload.get("communication", "")).partition("/")
    stored = await tx.get(rtype, rid) if rid else None
    return stored, parse_body(stored.body) if stored and not stored.deleted else None


async def _settled(
    tx: Reads, versions: tuple[Stored, Resource, Resource], outgoing: Outgoing, ground: Ground
) -> Settlement:
    stored, before, after = versions
    draft = Draft(stored.rtype, stored.rid, after, before, by=SERVICE, cause=outgoing.channel)
    return await settle(tx, (Wanted(draft, stored),), ground)
