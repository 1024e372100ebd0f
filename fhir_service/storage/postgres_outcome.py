"""Whether a commit took place whose answer was lost: it must be told neither as done nor as undone by a guess (SR-1).

A connection may break after the server has committed and before it said so. What was to be written is then looked for
over another connection, as soon as the server is not at work on it any more.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TypeAlias

from sqlalchemy import ColumnElement, Table, bindparam, literal_column, select

from fhir_service.storage.instants import micros
from fhir_service.storage.lengths import key
from fhir_service.storage.port import NOTHING, Changes, Unavailable, Uncertain
from fhir_service.storage.postgres_connection import Session
from fhir_service.storage.prepared import Prepared, prepare
from fhir_service.storage.steps import Question, Steps
from fhir_service.storage.tables import ANSWER, HISTORY, INBOX, OUTBOX, RESOURCE

Connecting: TypeAlias = Callable[[], AbstractAsyncContextManager[Session]]
SECONDS = 10.0
"""How long to look: a server that ended is back by then, or somebody has to see to it."""
PAUSE = 0.1
BUSY = "SELECT count(*) FROM pg_stat_activity WHERE pid = {} AND usename = current_user AND state <> 'idle'"


def _there(table: Table, *named: str) -> Prepared:
    same: list[ColumnElement[bool]] = [table.c[name] == bindparam(name) for name in named]
    return prepare(select(literal_column("1")).where(*same))


_VERSION = ("rtype", "rid", "version", "updated")
_CURRENT, _EARLIER = _there(RESOURCE, *_VERSION), _there(HISTORY, *_VERSION)
_RECEIVED = _there(INBOX, "message_id")
_SETTLED = _there(INBOX, "message_id", "settled_at")
_SENT = _there(OUTBOX, "outgoing_id")
_ANSWERED = _there(ANSWER, "caller", "name")


async def was_written(connecting: Connecting, pid: int, changes: Changes) -> bool:
    """Whether the transaction with these changes was committed. `pid`: the server's process that was told to.

    Raises Uncertain when the server cannot be asked.
    """
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        try:
            async with connecting() as session:
                if not await session.value(BUSY.format(pid)):
                    return await session.driven(_looked_for(changes))
        except Unavailable:  # it may be on its way back
            pass
        await asyncio.sleep(PAUSE)
    raise Uncertain("The connection broke at the commit: it is not known whether it was done")


def _looked_for(changes: Changes) -> Steps[bool]:
    """Whether one of the changes is there: then all are. No other transaction writes the same at the same instant."""
    if changes == NOTHING:
        return True
    for statement, values in _traces(changes):
        if (yield statement, values):
            return True
    return False


def _traces(changes: Changes) -> list[Question]:
    """Where to look for what only this transaction wrote."""
    traces: list[Question] = []
    for write in changes.writes[:1]:
        version = {name: getattr(write, name) for name in _VERSION} | {"updated": micros(write.updated)}
        traces += [(_CURRENT, version), (_EARLIER, version)]
    traces += [(_RECEIVED, {"message_id": one.message_id}) for one in changes.received[:1]]
    for settled in changes.settled[:1]:
        traces.append((_SETTLED, {"message_id": settled.message_id, "settled_at": micros(settled.settled_at)}))
    traces += [(_SENT, {"outgoing_id": one.outgoing_id}) for one in changes.outgoing[:1]]
    return traces + [(_ANSWERED, {"caller": key(a.caller), "name": a.name}) for a in changes.answered[:1]]
