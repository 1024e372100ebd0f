"""The audit event of each request to the FHIR endpoint: kept before the answer is given (decision 25, SR-33).

A change has its event in its own transaction (`workflow.audited`); all else is kept here, refusals among it. Names of
parameters are kept, never what was searched for.
"""

import re

from fhir_service.rest.exchange import Reply, Request
from fhir_service.storage.audit import AuditStore, Kept
from fhir_service.workflow.audited import Record

UNNOTED = frozenset({"capabilities"})
"""What is about nobody and the same for everybody."""
_CHANGES = frozenset({"create", "update", "patch", "delete"})
_WHOLE = "transaction"
"""A Bundle: each entry has an event of its own."""
_NUMBER = re.compile(r"[0-9]{11}")
_PARAMETER = re.compile(r"[A-Za-z_][A-Za-z0-9_:.\-]{0,99}", re.ASCII)
LONGEST = 400


async def kept(audit: AuditStore | None, request: Request, record: Record, reply: Reply) -> None:
    """Keep the event of a request that is answered. Raises Unavailable when it cannot be kept."""
    if audit is None or not record.interaction or _is_kept_elsewhere(record, reply):
        return
    if record.interaction.startswith("$") and reply.status < 400:
        record.persons -= record.written  # of whom the versions tell
    record.request_id = request.request_id.decode()
    event = record.kept(reply.status, _asked(request, reply), _parameters(request))
    if request.later is None or record.interaction == _WHOLE:
        await audit.keep(event)
    else:
        request.later.append(event)


async def keep_all(audit: AuditStore | None, events: list[Kept]) -> None:
    """Keep what a transaction has read, when it is committed."""
    if audit is not None:
        for event in events:
            await audit.keep(event)


def _is_kept_elsewhere(record: Record, reply: Reply) -> bool:
    if reply.status >= 400:
        return False
    if record.interaction == _WHOLE or not record.written:
        return record.interaction == _WHOLE
    return record.interaction in _CHANGES or (record.interaction.startswith("$") and record.persons <= record.written)


def _asked(request: Request, reply: Reply) -> tuple[str, str, int]:
    """Type, id and version that the address names. An id that is a national number is nobody's business (SR-35)."""
    rtype, rid = (request.rtype, request.rid) if request.within is None else request.within
    version = int(request.version) if request.version.isdecimal() and len(request.version) < 10 else 0
    if not version and reply.status < 400 and rid:
        told = next((value for name, value in reply.headers if name == b"etag"), b"")
        version = int(told[3:-1]) if told else 0
    return rtype, _NUMBER.sub("(not shown)", rid), version


def _parameters(request: Request) -> str:
    if not request.parameters:
        return ""
    names = {name for name, _ in request.parameters if _PARAMETER.fullmatch(name) and not _NUMBER.search(name)}
    return " ".join(sorted(names))[:LONGEST]
