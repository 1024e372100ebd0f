"""What a request does, noticed where it happens, so that no road is forgotten (SR-33, decision 25).

A `Record` goes along with each request. `noticed` wraps the repository of those who read: of whom something was told.
`traced` wraps that of those who write: every version says who made it and by what request, in the change's own
transaction; the trace of a version is its audit event and its Provenance (ADR 0026).
"""

from collections.abc import Iterable, Mapping, Sequence
from contextvars import ContextVar
from typing import Any, TypeVar, cast

import msgspec
from msgspec import structs

from fhir_service.access.grounds import ground_of
from fhir_service.principal import DEVELOPER, EMERGENCY, Principal
from fhir_service.search.query import SearchQuery
from fhir_service.sight import Sight
from fhir_service.storage.access import EVERYTHING, Access, access_of
from fhir_service.storage.audit import Kept
from fhir_service.storage.port import (
    Afterwards,
    Changes,
    HistoryPage,
    HistoryQuery,
    Page,
    Reads,
    Repository,
    Stored,
    Work,
)

T = TypeVar("T")


class Trace(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """Who made a version, as it is kept beside it: JSON, short."""

    interaction: str = ""
    request_id: str = ""
    organization: str = ""
    role: str = ""
    person: str = ""
    purpose: str = ""
    reason: str = ""
    basis: str = ""
    brought: bool = False
    """Whether it follows from what was asked for: then the event of that tells of it, too."""


_ENCODE = msgspec.json.Encoder().encode
TRACE = msgspec.json.Decoder(Trace)


class Record(msgspec.Struct):
    """What is known of a request so far. `interaction` is empty until it is known what is asked for; `found`: how many
    resources were told; `written`: of whom something was written, None among them for what belongs to nobody;
    `grounds`: person -> what lets the caller in there, as far as it was asked for."""

    interaction: str = ""
    request_id: str = ""
    by: Principal = DEVELOPER
    persons: set[str] = msgspec.field(default_factory=set)
    found: int = 0
    written: set[str | None] = msgspec.field(default_factory=set)
    grounds: dict[str, str] = msgspec.field(default_factory=dict)

    def tell(self, rows: Iterable[Stored]) -> None:
        """Note that these were looked at."""
        for row in rows:
            self.found += 1
            if row.person_id is not None:
                self.persons.add(row.person_id)

    def sees(self, sights: Mapping[str, Sight]) -> None:
        """Note by what the caller is let in to these persons."""
        self.grounds |= {person: ground_of(self.by, sight) for person, sight in sights.items()}

    def ground(self, person: str | None) -> str:
        """What lets the caller in to a person; to what is about nobody nothing needs to."""
        if person is None and self.by.narrowed and self.by.purpose != EMERGENCY:
            return ""
        return self.grounds.get(person or "") or ground_of(self.by, Sight())

    def trace(self, person: str | None, *, brought: bool) -> str:
        """For the versions of what is a person's that the request makes."""
        by = self.by
        told = (by.organization or "", by.role or "", by.person or "", by.purpose or "", by.reason or "")
        return _ENCODE(Trace(self.interaction, self.request_id, *told, self.ground(person), brought)).decode()

    def kept(self, status: int, asked: tuple[str, str, int], parameters: str) -> Kept:
        """The row of the log. `asked`: type, id and version that the address names."""
        by, refused = self.by, status >= 400
        persons = () if refused else tuple(sorted(self.persons))
        rtype, rid, version = asked
        return Kept(
            status=status,
            version=version,
            found=0 if refused else self.found,
            interaction=self.interaction,
            rtype=rtype,
            rid=rid,
            organization=by.organization or "",
            role=by.role or "",
            person=by.person or "",
            purpose=by.purpose or "",
            reason=by.reason or "",
            basis="" if refused else _basis([self.ground(person) for person in persons or (None,)]),
            request_id=self.request_id,
            parameters=parameters,
            persons=persons,
        )


CURRENT: ContextVar[Record | None] = ContextVar("record of the request", default=None)


def _basis(grounds: Sequence[str]) -> str:
    """One ground for all, or one for each person (`Kept.basis`)."""
    return grounds[0] if len(set(grounds)) == 1 else " ".join(grounds)


def note_sights(sights: Mapping[str, Sight]) -> None:
    """Note what was asked for anyway: what is open of these persons to whoever is calling."""
    if (record := CURRENT.get()) is not None:
        record.sees(sights)


def noticed(repository: Repository) -> Repository:
    """The same; what it tells is noted in the record of the request."""
    return cast(Repository, _Noticed(repository))


class _Noticed:
    def __init__(self, inner: Repository) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        """What tells no resources."""
        return getattr(self._inner, name)

    async def read(self, rtype: str, rid: str, access: Access = EVERYTHING) -> Stored | None:
        return await self._one(await self._inner.read(rtype, rid, access), access)

    async def vread(self, rtype: str, rid: str, version: int, access: Access = EVERYTHING) -> Stored | None:
        return await self._one(await self._inner.vread(rtype, rid, version, access), access)

    async def search(self, query: SearchQuery, access: Access = EVERYTHING) -> Page:
        page = await self._inner.search(query, access)
        await self._told((*page.matches, *page.included), access)
        return page

    async def history(self, query: HistoryQuery, access: Access = EVERYTHING) -> HistoryPage:
        page = await self._inner.history(query, access)
        await self._told(page.versions, access)
        return page

    async def _one(self, stored: Stored | None, access: Access) -> Stored | None:
        if stored is not None:
            await self._told((stored,), access)
        return stored

    async def _told(self, rows: Sequence[Stored], access: Access) -> None:
        record = CURRENT.get()
        if record is None:
            return
        record.tell(rows)
        unknown = record.persons - record.grounds.keys() if access.condition is not None else ()
        if unknown:
            record.sees(await self._inner.sights(unknown, access))


def traced(repository: Repository) -> Repository:
    """The same; each version that a request makes carries its trace."""
    return cast(Repository, _Traced(repository))


class _Traced:
    def __init__(self, inner: Repository) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        """What writes no resources."""
        return getattr(self._inner, name)

    async def run(self, work: Work[T], afterwards: Afterwards[T] | None = None) -> T:
        record = CURRENT.get()
        done = Changes()

        async def stamped(tx: Reads) -> tuple[T, Changes]:
            nonlocal done
            answer, changes = await work(tx)
            if record is not None and changes.writes:
                access = access_of(record.by, tx.now)
                if access.condition is not None:
                    record.sees(await tx.sights({w.person_id for w in changes.writes if w.person_id}, access))
                kinds = {(write.person_id, write.asked) for write in changes.writes}
                traces = {(person, asked): record.trace(person, brought=not asked) for person, asked in kinds}
                writes = tuple([structs.replace(w, trace=traces[w.person_id, w.asked]) for w in changes.writes])
                changes = structs.replace(changes, writes=writes)
            done = changes
            return answer, changes

        answer = await self._inner.run(stamped, afterwards)
        if record is not None and any(write.asked for write in done.writes):
            record.written |= {write.person_id for write in done.writes}
        return answer
