"""The rows that a unit of work has read, each read once: the reads of a transaction with a memory."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from fhir_service.search.query import SearchQuery
from fhir_service.sight import Sight
from fhir_service.storage.access import EVERYTHING, Access
from fhir_service.storage.messages import InboxRow
from fhir_service.storage.port import Answered, Identifier, Lock, Page, Reads, Stored
from mappings.message import MessageKey

Key = tuple[str, str]
"""(type, id)"""


class Known:
    """`Reads` that asks the database for a row once: what a transaction sees does not change while it works.

    Rules judge by all there is. `access` is what the caller may see: criteria match nothing else, and what is found by
    id is told only after a look at `hidden` (SR-28).
    """

    def __init__(self, tx: Reads, access: Access = EVERYTHING) -> None:
        self._tx = tx
        self._access = access
        self._rows: dict[Key, Stored | None] = {}
        self._locked: dict[Lock, set[Key]] = {Lock.KEEP: set(), Lock.TAKE: set()}
        self._seen: dict[Key, bool] = {}

    @property
    def now(self) -> datetime:
        return self._tx.now

    @property
    def access(self) -> Access:
        """What the caller may see."""
        return self._access

    async def sights(self, person_ids: Iterable[str], access: Access) -> Mapping[str, Sight]:
        return await self._tx.sights(person_ids, access)

    async def vread(self, rtype: str, rid: str, version: int, access: Access = EVERYTHING) -> Stored | None:
        return await self._tx.vread(rtype, rid, version, access)

    async def get(self, rtype: str, rid: str) -> Stored | None:
        key = (rtype, rid)
        if key not in self._rows:
            self._rows[key] = await self._tx.get(rtype, rid)
        return self._rows[key]

    async def get_many(self, references: Iterable[Key], *, lock: Lock = Lock.NONE) -> Mapping[Key, Stored]:
        """With a lock, what was read without it is read again: only then does it stay as it is."""
        keys = tuple(dict.fromkeys(references))
        missing = self._missing(keys, lock)
        if missing:
            found = await self._tx.get_many(missing, lock=lock)
            self._rows.update((key, found.get(key)) for key in missing)
        return {key: row for key in keys if (row := self._rows[key]) is not None}

    def _missing(self, keys: Iterable[Key], lock: Lock) -> list[Key]:
        if lock is Lock.NONE:
            return [key for key in keys if key not in self._rows]
        locked = self._locked[lock]
        missing = [key for key in keys if key not in locked]
        locked.update(missing)
        return missing

    async def by_identifiers(
        self, wanted: Iterable[tuple[str, Identifier]]
    ) -> Mapping[tuple[str, Identifier], tuple[Stored, ...]]:
        return await self._tx.by_identifiers(wanted)

    async def of_patients(self, patient_ids: Sequence[str], rtypes: Sequence[str]) -> tuple[Stored, ...]:
        return await self._tx.of_patients(patient_ids, rtypes)

    async def of_persons(self, person_ids: Sequence[str], rtypes: Sequence[str]) -> tuple[Stored, ...]:
        return self._noted(await self._tx.of_persons(person_ids, rtypes))

    async def persons(self, identifiers: Iterable[Identifier]) -> Mapping[Identifier, str]:
        return await self._tx.persons(identifiers)

    async def numbered(self, person_ids: Iterable[str]) -> frozenset[str]:
        return await self._tx.numbered(person_ids)

    async def matches(self, query: SearchQuery, access: Access | None = None) -> tuple[Stored, ...]:
        """As the caller may see them, unless `access` says otherwise."""
        return self._noted(await self._tx.matches(query, self._access if access is None else access))

    async def seen(self, references: Iterable[Key], access: Access) -> frozenset[Key]:
        return await self._tx.seen(references, access)

    async def hidden(self, references: Iterable[Key]) -> frozenset[Key]:
        """Those that the caller may not see, or that there are none of; for a caller who sees everything none."""
        asked = frozenset(references)
        if self._access.condition is None or not asked:
            return frozenset()
        missing = asked - self._seen.keys()
        if missing:
            seen = await self._tx.seen(missing, self._access)
            self._seen.update((key, key in seen) for key in missing)
        return frozenset(key for key in asked if not self._seen[key])

    async def search(self, query: SearchQuery, access: Access = EVERYTHING) -> Page:
        return await self._tx.search(query, access)

    async def referrers(
        self, targets: Sequence[Key], limit: int, apart_from: frozenset[str] = frozenset()
    ) -> tuple[Key, ...]:
        return await self._tx.referrers(targets, limit, apart_from)

    async def answered(self, caller: str, name: str) -> Answered | None:
        return await self._tx.answered(caller, name)

    async def message(self, key: MessageKey) -> InboxRow | None:
        return await self._tx.message(key)

    def _noted(self, rows: tuple[Stored, ...]) -> tuple[Stored, ...]:
        self._rows.update(((row.rtype, row.rid), row) for row in rows)
        return rows
