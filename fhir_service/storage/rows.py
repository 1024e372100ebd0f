"""Between rows of the tables and the values of the port; the same for every back-end."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import lru_cache
from typing import Any

import msgspec

from fhir_service.sight import ALL, BUT, Granted
from fhir_service.storage.instants import micros, moment
from fhir_service.storage.lengths import key
from fhir_service.storage.messages import InboxRow, OutboxRow, Outgoing, Received, Settled
from fhir_service.storage.port import Answered, Stored, Write
from fhir_service.storage.statements import QUEUED, RECEIVED, SETTLED
from mappings.message import Answer, Verdict
from profiles.decimals import DECODER, ENCODER
from profiles.issues import Issue

_ISSUES = msgspec.json.Decoder(tuple[Issue, ...])
_NO_CLOCK: Mapping[str, Any] = {}


def stored(row: Sequence[Any]) -> Stored:
    """A row of `statements.STORED`; what a row has behind that is left aside."""
    rtype, rid, version, updated, body, deleted, person_id, clock, sector = row[:9]
    memory = DECODER.decode(clock) if clock else _NO_CLOCK
    return Stored(rtype, rid, version, updated, body, bool(deleted), person_id, memory, sector)


def json_text(value: Any) -> str:
    """Plain values, decimals included, as JSON."""
    return ENCODER.encode(value).decode()


def version_row(write: Write) -> dict[str, Any]:
    """The columns `statements.VERSION` of one version."""
    return {
        "rtype": write.rtype,
        "rid": write.rid,
        "version": write.version,
        "updated": micros(write.updated),
        "deleted": int(write.resource is None),
        "person_id": write.person_id,
        "tenant_id": write.tenant_id,
        "sector": write.sector,
        "clock": None if write.clock is None else json_text(write.clock),
        "trace": write.trace,
        "body": write.body,
    }


def grant_rows(granted: Granted) -> list[tuple[Any, ...]]:
    """Rows of `tables.GRANT`; of grants that differ in nothing but their end the longest."""
    longest: dict[tuple[str, str, str, str, str, int], int] = {}
    for grant in granted.grants:
        opens, apart = (ALL, f"|-{grant.sector[1:]}|") if grant.sector.startswith(BUT) else (grant.sector, "")
        label = opens if opens == ALL else f"|{opens}|"
        key_ = (granted.person_id, grant.who, grant.role, label, apart, grant.starts)
        longest[key_] = max(grant.ends, longest.get(key_, grant.ends))
    return [(*known, ends) for known, ends in sorted(longest.items())]


def sector_of(opens: str, apart: str) -> str:
    """`Grant.sector` of a row of `tables.GRANT`."""
    return BUT + apart[2:-1] if apart else opens.strip("|")


@lru_cache(maxsize=4096)
def opened_labels(text: str) -> frozenset[str]:
    """The labels that are open by what `Access.opened` tells: `opens` and `apart` of each grant, commas between."""
    return frozenset(sector_of(*one.split(" ")) for one in text.split(",") if one)


def answer_row(answer: Answer | None) -> dict[str, Any]:
    """The columns of an answer; all empty while there is none."""
    if answer is None:
        return dict.fromkeys(("verdict", "code", "answer", "issues"))
    issues = json_text([asdict(issue) for issue in answer.issues])
    return {"verdict": str(answer.verdict), "code": answer.code, "answer": answer.body, "issues": issues}


def received_row(received: Received) -> dict[str, Any]:
    """A row of the inbox as it is first written (T1)."""
    done = received.answer is not None
    at = micros(received.received_at)
    return {
        "message_id": received.message_id,
        "format": received.format,
        "door": received.door,
        "sender": received.sender,
        "control_id": received.control_id,
        "kind": received.kind,
        "digest": received.digest,
        "received_at": at,
        "state": SETTLED if done else RECEIVED,
        "attempts": 0,
        "settled_at": at if done else None,
        "binary_ref": None,
        "charset": received.charset,
        "key_sender": key(received.key.sender) if received.key else None,
        "key_control_id": key(received.key.control_id) if received.key else None,
        "body": received.body,
        **answer_row(received.answer),
    }


def settled_row(settled: Settled) -> dict[str, Any]:
    """What T2 writes into the row of the inbox."""
    return {
        "state": SETTLED,
        "settled_at": micros(settled.settled_at),
        "binary_ref": settled.binary,
        "of_message": settled.message_id,
        **answer_row(settled.answer),
    }


def inbox_row(row: Sequence[Any]) -> InboxRow:
    """A row of `statements.INBOX_ROW`."""
    verdict, code, body, issues = row[10:14]
    answer = Answer(Verdict(verdict), code, body, _ISSUES.decode(issues)) if verdict else None
    return InboxRow(
        message_id=row[0],
        format=row[1],
        door=row[2],
        sender=row[3],
        control_id=row[4],
        kind=row[5],
        digest=row[6],
        received_at=moment(row[7]),
        state=row[8],
        attempts=row[9],
        answer=answer,
        binary=row[14],
        body=row[15],
        charset=row[16],
    )


def outgoing_row(outgoing: Outgoing) -> dict[str, Any]:
    """A row of the outbox as it is first written."""
    return {
        "outgoing_id": outgoing.outgoing_id,
        "channel": outgoing.channel,
        "kind": outgoing.kind,
        "destination": outgoing.destination,
        "payload": json_text(outgoing.payload),
        "order_key": outgoing.order_key,
        "created_at": micros(outgoing.created_at),
        "state": QUEUED,
        "attempts": 0,
        "body": None,
        "last_error": None,
    }


def outbox_row(row: Sequence[Any]) -> OutboxRow:
    """A row of `statements.OUTBOX_ROW`."""
    payload = DECODER.decode(row[4])
    outgoing = Outgoing(row[0], row[1], row[2], row[3], payload, row[5], moment(row[6]))
    return OutboxRow(outgoing, state=row[7], attempts=row[8], body=row[9], last_error=row[10])


def answered_row(answered: Answered) -> dict[str, Any]:
    """A row of `tables.ANSWER`."""
    return {**msgspec.structs.asdict(answered), "caller": key(answered.caller)}
