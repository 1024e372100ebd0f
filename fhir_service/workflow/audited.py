"""What a request does, noticed where it happens, so that no road is forgotten (SR-33, decision 25).

A `Record` goes along with each request. `noticed` wraps the repository of those who read: of whom something was told.
`traced` wraps that of those who write: every version says who made it and by what request, in the change's own
transaction; the trace of a version is its audit event and its Provenance (ADR 0026).
"""

from collections.abc import Iterable
from contextvars import ContextVar
from typing import Any, TypeVar, cast

import msgspec
from msgspec import structs

from fhir_service.principal import DEVELOPER, EMERGENCY, Principal
from fhir_service.search.query import SearchQuery
from fhir_service.storage.access import EVERYTHING, Access
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
_BY_ROLE = {"ke": "custodian", "coordinator": "coordinator", "unit-leader": "unit-leader", "notifier": "party"}


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
    resources were told; `written`: of whom something was written, None among them for what belongs to nobody."""

    interaction: str = ""
    request_id: str = ""
    by: Principal = DEVELOPER
    persons: set[str] = msgspec.field(default_factory=set)
    found: int = 0
    written: set[str | None] = msgspec.field(default_factory=set)

    def tell(self, rows: Iterable[Stored]) -> None:
        """Note that these were looked at."""
        for row in rows:
            self.found += 1
            if row.person_id is not None:
                self.persons.add(row.person_id)

    def trace(self, *, brought: bool) -> str:
        """For the versions that the request makes."""
        by = self.by
        told = (by.organization or "", by.role or "", by.person or "", by.purpose or "", by.reason or "")
        return _ENCODE(Trace(self.interaction, self.request_id, *told, basis_of(by), brought)).decode()

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
            basis="" if refused else basis_of(by),
            request_id=self.request_id,
            parameters=parameters,
            persons=persons,
        )


CURRENT: ContextVar[Record | None] = ContextVar("record of the request", default=None)


def basis_of(by: Principal) -> str:
    """What lets this caller in (INV-07): a code of our code system `access-basis`."""
    if not by.narrowed:
        return "developer"
    if by.purpose == EMERGENCY:
        return "emergency"
    if by.person is not None:
        return "self" if by.person.startswith("Patient/") else "representative"
    return _BY_ROLE.get(by.role or "", "member")


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
        return _told(await self._inner.read(rtype, rid, access))

    async def vread(self, rtype: str, rid: str, version: int, access: Access = EVERYTHING) -> Stored | None:
        return _told(await self._inner.vread(rtype, rid, version, access))

    async def search(self, query: SearchQuery, access: Access = EVERYTHING) -> Page:
        page = await self._inner.search(query, access)
        if (record := CURRENT.get()) is not None:
            record.tell(page.matches)
            record.tell(page.included)
        return page

    async def history(self, query: HistoryQuery, access: Access = EVERYTHING) -> HistoryPage:
        page = await self._inner.history(query, access)
        if (record := CURRENT.get()) is not None:
            record.tell(page.versions)
        return page


def _told(stored: Stored | None) -> Stored | None:
    if stored is not None and (record := CURRENT.get()) is not None:
        record.tell((stored,))
    return stored


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
                traces = {asked: record.trace(brought=not asked) for asked in {w.asked for w in changes.writes}}
                writes = tuple([structs.replace(write, trace=traces[write.asked]) for write in changes.writes])
                changes = structs.replace(changes, writes=writes)
            done = changes
            return answer, changes

        answer = await self._inner.run(stamped, afterwards)
        if record is not None and any(write.asked for write in done.writes):
            record.written |= {write.person_id for write in done.writes}
        return answer
