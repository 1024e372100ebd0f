"""What the service asks of a database. Two back-ends, one protocol; `tests/contract` runs against each.

A write is `await repo.run(work)` (decision 31): `work(tx)` is re-runnable, awaits nothing but `tx`, and returns
`(answer, changes)`; the changes are written at once and `run` returns the answer after the durable commit (SR-1).
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

import msgspec

from fhir_service.search.query import ROOM, SearchQuery
from fhir_service.sight import Granted, Sight
from fhir_service.storage.access import EVERYTHING, Access
from fhir_service.storage.instants import moment
from fhir_service.storage.messages import InboxRow, OutboxRow, Outgoing, Received, Settled
from mappings.message import MessageKey
from profiles.resource import Resource

if TYPE_CHECKING:
    from fhir_service.storage.sighted import HangsOn, Sighted
    from fhir_service.storage.steps import Steps

T = TypeVar("T")
Identifier: TypeAlias = tuple[str, str]
"""(system, value)"""


class StorageError(Exception):
    """Root of what a back-end raises.

    StorageError
    +-- Unavailable     the database is gone, locked or full: 503, AR 207
    |   +-- TooSlow     a search took longer than its deadline: ask for less
    +-- TooMuch         the work would write more than one may: 422, AE 207
    +-- Uncertain       the database did not say whether the work was done: 504, AR 207
    +-- InForceConflict a second row for one person and kind (INV-01, INV-02): 409
    """


class Unavailable(StorageError):
    """The work was not done and may be tried again."""


class TooSlow(Unavailable):
    """The search was broken off at its deadline (decision 41); a narrower one may do."""


class TooMuch(StorageError):
    """The work was not done and will never be as it is: it would write more than one may (SR-8)."""


class Uncertain(StorageError):
    """The work was done or was not. Whoever asks for it again has to know how to tell (SR-3)."""


class InForceConflict(StorageError):
    """The constraint of `in_force` refused what the rules had let through."""


class Stored(msgspec.Struct, frozen=True):
    """One version of a resource as it lies in the database. A Struct: made for every row, in half the time."""

    rtype: str
    rid: str
    version: int
    at: int
    body: bytes
    """The JSON that is sent out, with id and meta; empty when deleted."""
    deleted: bool
    person_id: str | None
    clock: Mapping[str, Any]
    """What the message path remembers about it: times of the newest applied events, elements a cancellation removed."""
    sector: str = ""
    """The labels of its row (`access.labels`)."""

    @property
    def updated(self) -> datetime:
        """When this version was made: `at`, which is in microseconds since 1970, as a time in UTC."""
        return moment(self.at)


class Write(msgspec.Struct, frozen=True):
    """One new version of a resource. `version` is 1 for a create; the version before is kept (SR-15)."""

    rtype: str
    rid: str
    version: int
    updated: datetime
    resource: Resource | None
    """Parsed, with id and meta, for the index rows; None for a delete."""
    body: bytes
    person_id: str | None = None
    tenant_id: str = "default"
    sector: str = ""
    clock: Mapping[str, Any] | None = None
    """None: keep what is there."""
    shown: tuple[tuple[frozenset[str], Resource], ...] = ()
    """(labels, the elements that each of them shows), where the resource shows to some in part: by a row that none of
    these is found by, only those find it who see the whole (`parts`)."""
    trace: str | None = None
    """Who made it, and by what request (`workflow.audited`)."""
    asked: bool = False
    """Whether somebody asked for it; else it follows from what they asked for."""


@dataclass(frozen=True, slots=True)
class PersonJoin:
    """Two persons turned out to be one: everything of the first is the other's from now on (SR-14)."""

    person_id: str
    to_person: str


class Answered(msgspec.Struct, frozen=True):
    """What was answered to a request with an Idempotency-Key (workflow.md 7.3), kept with what it has done.

    `caller` and `name`: whose key it is, and which; `digest`: of what was asked for; `answer`: the words of whoever
    keeps it; `at`: microseconds since 1970 UTC.
    """

    caller: str
    name: str
    digest: str
    at: int
    answer: str


class Changes(msgspec.Struct, frozen=True):
    """Everything one unit of work writes, in one transaction. Empty: nothing is written."""

    writes: tuple[Write, ...] = ()
    joins: tuple[PersonJoin, ...] = ()
    """In their order; none is of a person whom an earlier one has ended."""
    person_identifiers: tuple[tuple[str, str, str], ...] = ()
    """(system, value, person_id), new ones"""
    grants: tuple[Granted, ...] = ()
    """At most one for a person."""
    received: tuple[Received, ...] = ()
    settled: tuple[Settled, ...] = ()
    outgoing: tuple[Outgoing, ...] = ()
    answered: tuple[Answered, ...] = ()


NOTHING = Changes()


@dataclass(frozen=True, slots=True)
class Page:
    """Answer to a search. `following` is the cursor of the next page; `total` only where it was asked for.

    `cut`: more would have been included than one page may bring (SR-8); the caller has to be told.
    """

    matches: tuple[Stored, ...]
    included: tuple[Stored, ...] = ()
    following: tuple[tuple[int | str | None, ...], int] | None = None
    total: int | None = None
    cut: bool = False


HistoryPlace: TypeAlias = tuple[int, str, str, int]
"""Where a page of a history ends: time, type, id and version of its last one."""


@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """Versions, newest first: of one resource, of a type (`rid` None), or of everything (`rtype` None as well).

    `since`: not before this time; `at`: what was current at some time in [at[0], at[1]); `after`: where the page before
    ended; `room`: bytes that the bodies may have together, the first one always comes. Times are microseconds since
    1970 UTC.  https://hl7.org/fhir/R4/http.html#history
    """

    rtype: str | None
    rid: str | None = None
    count: int = 50
    since: int | None = None
    at: tuple[int, int] | None = None
    total: bool = True
    after: HistoryPlace | None = None
    room: int = ROOM


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Versions newest first, deletions among them. `following`: cursor of the next page.

    `total`: of all pages, where it was asked for; with `at` for more than one resource only if nothing else was.
    """

    versions: tuple[Stored, ...]
    following: HistoryPlace | None = None
    total: int | None = None


class Lock(Enum):
    """What nobody else may do with the rows that are read, until the transaction ends.

    Whoever writes a reference reads its target with KEEP, whoever deletes reads what goes with TAKE before looking for
    referrers: so neither misses the other (PostgreSQL: FOR KEY SHARE and FOR UPDATE). One writer at a time needs none.
    """

    NONE = auto()
    KEEP = auto()
    """Take them."""
    TAKE = auto()
    """Take or keep them."""


class Reads(Protocol):
    """What a unit of work sees: the state of the database in its own transaction."""

    @property
    def now(self) -> datetime:
        """The instant of this transaction, UTC, never earlier than that of one before it."""
        ...

    async def get(self, rtype: str, rid: str) -> Stored | None:
        """The current version, also when deleted; None if the id was never used."""
        ...

    async def get_many(
        self, references: Iterable[tuple[str, str]], *, lock: Lock = Lock.NONE
    ) -> Mapping[tuple[str, str], Stored]:
        """Current versions by (type, id), also deleted ones; unknown ids are left out."""
        ...

    async def by_identifiers(
        self, wanted: Iterable[tuple[str, Identifier]]
    ) -> Mapping[tuple[str, Identifier], tuple[Stored, ...]]:
        """Current resources by (type, (system, value)), in one query; keys without a match are left out."""
        ...

    async def of_patients(self, patient_ids: Sequence[str], rtypes: Sequence[str]) -> tuple[Stored, ...]:
        """Current resources of these types that belong to these Patient ids, in one query."""
        ...

    async def of_persons(self, person_ids: Sequence[str], rtypes: Sequence[str]) -> tuple[Stored, ...]:
        """Current resources of these types of these persons, in one query."""
        ...

    async def persons(self, identifiers: Iterable[Identifier]) -> Mapping[Identifier, str]:
        """person_id by national identifier; unknown ones are left out."""
        ...

    async def numbered(self, person_ids: Iterable[str]) -> frozenset[str]:
        """Those of the persons who have a national identifier, also one that no Patient states any more."""
        ...

    async def matches(self, query: SearchQuery, access: Access = EVERYTHING) -> tuple[Stored, ...]:
        """At most `query.count` resources that a search finds (conditional interactions)."""
        ...

    async def seen(self, references: Iterable[tuple[str, str]], access: Access) -> frozenset[tuple[str, str]]:
        """Those of (type, id) that there are, deleted ones too, and that `access` does not hide."""
        ...

    async def search(self, query: SearchQuery, access: Access = EVERYTHING) -> Page:
        """One page of a search as this transaction sees it (a GET within a transaction Bundle)."""
        ...

    async def sights(self, person_ids: Iterable[str], access: Access) -> Mapping[str, Sight]:
        """What the caller sees of each of these persons."""
        ...

    async def vread(self, rtype: str, rid: str, version: int, access: Access = EVERYTHING) -> Stored | None:
        """As `Repository.vread`."""
        ...

    async def referrers(
        self, targets: Sequence[tuple[str, str]], limit: int, apart_from: frozenset[str] = frozenset()
    ) -> tuple[tuple[str, str], ...]:
        """(type, id) of at most `limit` current resources that refer by a search parameter to one of (type, id).

        Resources of the types `apart_from` do not count (records of what happened outlive what they tell of).
        """
        ...

    async def message(self, key: MessageKey) -> InboxRow | None:
        """The message that was first received under this key."""
        ...

    async def answered(self, caller: str, name: str) -> Answered | None:
        """What was answered to this key of the caller; nobody else is at work on the key from now on."""
        ...


class Views(Reads, Protocol):
    """What may be looked at in a transaction that has written: the same as outside it, with its own effects."""

    async def read(self, rtype: str, rid: str, access: Access = EVERYTHING) -> Stored | None:
        """As `Repository.read`."""
        ...

    async def history(self, query: HistoryQuery, access: Access = EVERYTHING) -> HistoryPage:
        """As `Repository.history`."""
        ...


Work: TypeAlias = Callable[[Reads], Awaitable[tuple[T, Changes]]]
Afterwards: TypeAlias = Callable[[Views, T], Awaitable[T]]


class Repository(Protocol):
    """The database, as the shell uses it. Plain reads see the last commit and never wait for writers."""

    async def run(self, work: Work[T], afterwards: Afterwards[T] | None = None) -> T:
        """Do `work` in a transaction of its own and return its answer after the durable commit.

        `afterwards` is given the answer and sees what the work has written, still in the transaction; what it makes of
        the answer is returned. Like the work it is re-runnable; what it raises undoes the transaction.

        Raises what `work` raises (then nothing is written), InForceConflict, Unavailable.
        """
        ...

    async def read(self, rtype: str, rid: str, access: Access = EVERYTHING) -> Stored | None:
        """The current version, also when deleted; None as well where `access` hides it."""
        ...

    async def sighted(self, rtype: str, rids: Sequence[str], access: Access, on: "HangsOn") -> "tuple[Sighted, ...]":
        """Current versions as `read` has them, with what a view of each is made from."""
        ...

    async def vread(self, rtype: str, rid: str, version: int, access: Access = EVERYTHING) -> Stored | None:
        """That version, also when it is a deletion; None as well where `access` hides it."""
        ...

    async def search(self, query: SearchQuery, access: Access = EVERYTHING) -> Page:
        """One page of a search, with its includes; what `access` hides neither shows nor matches nor counts."""
        ...

    async def history(self, query: HistoryQuery, access: Access = EVERYTHING) -> HistoryPage:
        """One page of versions."""
        ...

    async def sights(self, person_ids: Iterable[str], access: Access) -> Mapping[str, Sight]:
        """What the caller sees of each of these persons: by it what shows in part is cut (`access.view`)."""
        ...

    async def ask(self, asked: "Callable[[], Steps[T]]", *, short: bool = False) -> T:
        """What the steps find, within a deadline; `short`: by keys. They bind an `Access` where resources are told."""
        ...

    async def note(self, noted: "Callable[[], Steps[T]]") -> T:
        """What the steps find out and change in one transaction: what the service notes about its own work.

        They may be run again. Statements that change return rows (`RETURNING`); resources are written by `run` alone.
        """
        ...

    async def unfinished(self, after: str | None = None) -> InboxRow | None:
        """The oldest message received and not settled, of those that came later than the message `after`.

        Recovery walks from one to the next (SR-6): however many there are, one body is in memory.
        """
        ...

    async def attempt(self, message_id: str) -> int:
        """Count one more try at a message, durably, and return the number of tries."""
        ...

    async def quarantine(self, message_id: str) -> None:
        """Take a message out of recovery; it stays listed."""
        ...

    async def inbox(self, limit: int = 50) -> tuple[InboxRow, ...]:
        """The newest messages first."""
        ...

    async def forget_answers(self, before: int) -> int:
        """Forget what was answered to keys before that time (microseconds since 1970 UTC); how many it were."""
        ...

    async def outbox(self, limit: int = 50) -> tuple[OutboxRow, ...]:
        """Queued ones, oldest first of every destination in turn; then the others, newest first."""
        ...

    async def delivered(self, outgoing_id: str, state: str, body: bytes | None, failure: str | None) -> None:
        """Note what became of a delivery attempt."""
        ...

    async def secret(self) -> bytes:
        """The 32-byte key of this installation for page tokens (decision 39), made once and kept."""
        ...

    async def on_duty(self) -> bool:
        """Whether this process is the one that takes up what others left behind and delivers the outbox.

        To be asked again and again: when the one who had the duty has ended, another one has it.
        """
        ...

    async def close(self) -> None:
        """Finish what is committed and let go of the files."""
        ...
