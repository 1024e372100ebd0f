"""The repository on one SQLite file: one writer, group commit, readers beside it (decisions 31 and 41, stack.md 5).

Things that bite: the file is used by one server process at a time, and lies on a local disk (WAL).
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from fhir_service.search.query import SearchQuery
from fhir_service.storage import statements as sql
from fhir_service.storage import visible
from fhir_service.storage.access import EVERYTHING, Access
from fhir_service.storage.fulltext import AT_ONCE, Behind, by_words, catch_up
from fhir_service.storage.group_commit import GroupCommit
from fhir_service.storage.indexing import Extract
from fhir_service.storage.instants import moment
from fhir_service.storage.noting import Noting
from fhir_service.storage.port import Afterwards, Page, Stored, Work
from fhir_service.storage.searching import found, is_alone, is_short
from fhir_service.storage.shape import shape_of
from fhir_service.storage.sighted import HangsOn, Sighted, sighted
from fhir_service.storage.sqlite_apply import apply
from fhir_service.storage.sqlite_connection import Connection, SqliteFile
from fhir_service.storage.sqlite_readers import Readers
from fhir_service.storage.sqlite_reads import driven, in_one_view
from fhir_service.storage.steps import Steps
from fhir_service.storage.transaction_reads import TransactionReads

T = TypeVar("T")
Clock = Callable[[], datetime]
MICROSECOND = timedelta(microseconds=1)
SEARCH_DEADLINE = 5.0


class SqliteRepository(Noting):
    """`Repository` on SQLite. `extract` tells what a resource is found by."""

    def __init__(
        self, file: SqliteFile, *, extract: Extract, clock: Clock, search_deadline: float = SEARCH_DEADLINE
    ) -> None:
        self._extract = extract
        self._clock = clock
        self._writer = GroupCommit(file)
        self._readers = Readers(file, search_deadline)
        last = self._readers.at_once(lambda c: c.row(sql.LAST_UPDATE, {}))
        self._last = moment(last[0] or 0)

    @property
    def settings(self) -> tuple[dict[str, object], ...]:
        """What every open connection is set to, as read back from it (SR-2)."""
        return tuple(dict(c.settings) for c in (*self._writer.connections, *self._readers.connections))

    async def run(self, work: Work[T], afterwards: Afterwards[T] | None = None) -> T:
        try:
            return await self._run(work, afterwards)
        except Behind:
            await self._catch_up()
            return await self._run(work, afterwards)

    async def _catch_up(self) -> None:
        await catch_up(self.ask, self.note, AT_ONCE, SEARCH_DEADLINE)

    async def _run(self, work: Work[T], afterwards: Afterwards[T] | None) -> T:
        def unit(connection: Connection) -> T:
            tx = TransactionReads(self._next_instant())
            answer, changes = driven(connection, work(tx))
            apply(connection, changes, self._extract)
            return answer if afterwards is None else driven(connection, afterwards(tx, answer))

        return await self._writer.do(unit)

    def _next_instant(self) -> datetime:
        """Later than any before it, also when the clock of the machine is set back (SR-10)."""
        self._last = max(self._clock().astimezone(UTC), self._last + MICROSECOND)
        return self._last

    async def read(self, rtype: str, rid: str, access: Access = EVERYTHING) -> Stored | None:
        return self._readers.at_once(lambda c: c.driven(visible.get(rtype, rid, access)))

    async def sighted(self, rtype: str, rids: Sequence[str], access: Access, on: HangsOn) -> tuple[Sighted, ...]:
        if len(rids) == 1:
            return self._readers.at_once(lambda c: c.driven(sighted(rtype, rids, access, on)))
        return await self._readers.quick(lambda c: c.driven(sighted(rtype, rids, access, on)))

    async def vread(self, rtype: str, rid: str, version: int, access: Access = EVERYTHING) -> Stored | None:
        return self._readers.at_once(lambda c: c.driven(visible.version(rtype, rid, version, access)))

    async def search(self, query: SearchQuery, access: Access = EVERYTHING) -> Page:
        if by_words(query):
            await self._catch_up()
        shaped = shape_of(query)
        if is_alone(query, shaped[0]):
            return await self._readers.quick(lambda c: c.driven(found(query, access, shaped)))
        where = self._readers.quick if is_short(query, shaped[0]) else self._readers.apart
        return await where(lambda c: in_one_view(c, found(query, access, shaped)))

    async def ask(self, asked: Callable[[], Steps[T]], *, short: bool = False) -> T:
        if short:
            return await self._readers.quick(lambda c: c.driven(asked()))
        return await self._readers.apart(lambda c: in_one_view(c, asked()))

    async def note(self, noted: Callable[[], Steps[T]]) -> T:
        return await self._writer.do(lambda c: c.driven(noted()))

    async def on_duty(self) -> bool:
        return True  # nobody else serves the file (`claimed`)

    async def close(self) -> None:
        await self._readers.close()
        await self._writer.close()  # last: only who may write puts the journal back into the file
