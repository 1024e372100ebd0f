"""What the service notes about its own work: inbox, outbox, the key of the installation; for both back-ends."""

import secrets
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fhir_service.sight import Sight
from fhir_service.storage import statements as sql
from fhir_service.storage.access import EVERYTHING, Access
from fhir_service.storage.history import versions
from fhir_service.storage.messages import InboxRow, OutboxRow
from fhir_service.storage.port import HistoryPage, HistoryQuery, StorageError
from fhir_service.storage.prepared import Prepared
from fhir_service.storage.rows import inbox_row, outbox_row
from fhir_service.storage.sights import sights
from fhir_service.storage.steps import Rows, Steps, T


class Noting:
    """The methods of `Repository` that need nothing of a back-end but `ask` and `note`."""

    async def ask(self, asked: Callable[[], Steps[T]], *, short: bool = False) -> T:
        """See `Repository`."""
        raise NotImplementedError

    async def note(self, noted: Callable[[], Steps[T]]) -> T:
        """See `Repository`."""
        raise NotImplementedError

    async def history(self, query: HistoryQuery, access: Access = EVERYTHING) -> HistoryPage:
        return await self.ask(lambda: versions(query, access))

    async def sights(self, person_ids: Iterable[str], access: Access) -> Mapping[str, Sight]:
        return await self.ask(lambda: sights(person_ids, access), short=True)

    async def unfinished(self, after: str | None = None) -> InboxRow | None:
        rows = await self.ask(lambda: _rows(sql.UNFINISHED, {"after": after}))
        return inbox_row(rows[0]) if rows else None

    async def attempt(self, message_id: str) -> int:
        return int(await self.note(lambda: _changed(sql.ATTEMPT, {"of_message": message_id})))

    async def quarantine(self, message_id: str) -> None:
        await self.note(lambda: _changed(sql.QUARANTINE, {"of_message": message_id}))

    async def inbox(self, limit: int = 50) -> tuple[InboxRow, ...]:
        return tuple(map(inbox_row, await self.ask(lambda: _rows(sql.INBOX_NEWEST, {"limit": limit}))))

    async def forget_answers(self, before: int) -> int:
        return len(await self.note(lambda: _rows(sql.FORGET_ANSWERS, {"before": before})))

    async def outbox(self, limit: int = 50) -> tuple[OutboxRow, ...]:
        return await self.ask(lambda: _outbox(limit))

    async def delivered(self, outgoing_id: str, state: str, body: bytes | None, failure: str | None) -> None:
        noted = {"of_outgoing": outgoing_id, "state": state, "rendered": body, "last_error": failure}
        await self.note(lambda: _changed(sql.NOTE_DELIVERY, noted))

    async def secret(self) -> bytes:
        known = await self.ask(lambda: _rows(sql.GET_SECRET, {}))
        return bytes(known[0][0]) if known else await self.note(_made)


def _rows(statement: Prepared, values: Mapping[str, Any]) -> Steps[Rows]:
    rows = yield statement, values
    return rows


def _changed(statement: Prepared, values: Mapping[str, Any]) -> Steps[Any]:
    """What the one row that was changed says."""
    rows = yield statement, values
    if len(rows) != 1:
        raise StorageError("There is no such row, or it is in another state")
    return rows[0][0]


def _outbox(limit: int) -> Steps[tuple[OutboxRow, ...]]:
    queued = yield sql.OUTBOX_QUEUED, {"limit": limit}
    done = yield sql.OUTBOX_DONE, {"limit": limit - len(queued)}
    return tuple(map(outbox_row, (*queued, *done)))


def _made() -> Steps[bytes]:
    rows = yield sql.GET_SECRET, {}
    if not rows:
        rows = yield sql.SET_SECRET, {"key": "secret", "value": secrets.token_bytes(32)}
    return bytes(rows[0][0])
