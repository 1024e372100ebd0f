"""`Reads` for both back-ends: each method hands a question to whoever drives the unit of work (decision 31).

A unit of work is a coroutine that waits for nothing but its reads, so it needs no loop: it comes to a stop at every
question, and the back-end sends it the answer. SQLite does so at once, PostgreSQL when it has one.
"""

from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec

from fhir_service.search.query import SearchQuery
from fhir_service.sight import Sight
from fhir_service.storage import reading, visible
from fhir_service.storage.access import EVERYTHING, Access
from fhir_service.storage.bodies import NO_BOUND
from fhir_service.storage.criteria_locks import locks_of
from fhir_service.storage.fulltext import by_words, found_in_work
from fhir_service.storage.history import versions
from fhir_service.storage.messages import InboxRow
from fhir_service.storage.port import Answered, HistoryPage, HistoryQuery, Identifier, Lock, Page, Stored
from fhir_service.storage.referring import referrers
from fhir_service.storage.sights import sights
from fhir_service.storage.steps import Steps
from mappings.message import MessageKey

T = TypeVar("T")


class Asked(msgspec.Struct, Generic[T], frozen=True):
    """A question of a unit of work. `keys`: what nobody else may be at work on from now until the commit.

    `is_search`: its cost depends on what is asked for, so it has a deadline. `named`: it asks for the current versions
    of these resources, and nothing else; `lock`: what is to be done about their rows. `is_past`: it asks for a version
    that need not be the current one.
    """

    steps: Steps[T]
    keys: tuple[str, ...] = ()
    is_search: bool = False
    lock: Lock = Lock.NONE
    named: tuple[tuple[str, str], ...] = ()
    is_past: bool = False

    def __await__(self) -> Generator["Asked[T]", Any, T]:
        answer: T = yield self
        return answer


class TransactionReads:
    """`Reads` in a transaction that began at `now`."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._sights: dict[tuple[object, ...], Sight] = {}

    @property
    def now(self) -> datetime:
        return self._now

    async def get(self, rtype: str, rid: str) -> Stored | None:
        return (await self.get_many(((rtype, rid),))).get((rtype, rid))

    async def get_many(
        self, references: Iterable[tuple[str, str]], *, lock: Lock = Lock.NONE
    ) -> Mapping[tuple[str, str], Stored]:
        named = tuple(references)
        return await Asked(reading.get_many(named), lock=lock, named=named)

    async def by_identifiers(
        self, wanted: Iterable[tuple[str, Identifier]]
    ) -> Mapping[tuple[str, Identifier], tuple[Stored, ...]]:
        keys = frozenset(wanted)
        return await Asked(reading.by_identifiers(keys), _named("identifier", keys))

    async def of_patients(self, patient_ids: Sequence[str], rtypes: Sequence[str]) -> tuple[Stored, ...]:
        return await Asked(reading.of_patients(patient_ids, rtypes), _named("patient", patient_ids))

    async def of_persons(self, person_ids: Sequence[str], rtypes: Sequence[str]) -> tuple[Stored, ...]:
        return await Asked(reading.of_persons(person_ids, rtypes), _named("person", person_ids))

    async def persons(self, identifiers: Iterable[Identifier]) -> Mapping[Identifier, str]:
        keys = frozenset(identifiers)
        return await Asked(reading.persons(keys), _named("number", keys))

    async def numbered(self, person_ids: Iterable[str]) -> frozenset[str]:
        persons = sorted(set(person_ids))
        return await Asked(reading.numbered(persons), _named("person", persons))

    async def matches(self, query: SearchQuery, access: Access = EVERYTHING) -> tuple[Stored, ...]:
        whole = replace(query, room=NO_BOUND)  # who asks for these counts them
        page = await Asked(found_in_work(whole, access), locks_of(query), is_search=not by_words(query))
        return page.matches

    async def seen(self, references: Iterable[tuple[str, str]], access: Access) -> frozenset[tuple[str, str]]:
        return await Asked(visible.seen(references, access))

    async def search(self, query: SearchQuery, access: Access = EVERYTHING) -> Page:
        words = by_words(query)
        return await Asked(found_in_work(query, access), ("words",) if words else (), is_search=not words)

    async def sights(self, person_ids: Iterable[str], access: Access) -> Mapping[str, Sight]:
        """Asked once: rules, views and traces all want to know."""
        who = (access.name, *access.bound.values())
        persons = frozenset(person_ids)
        missing = [person for person in persons if (person, *who) not in self._sights]
        if missing:
            found = await Asked(sights(missing, access))
            self._sights.update({(person, *who): sight for person, sight in found.items()})
        return {person: self._sights[person, *who] for person in persons}

    async def referrers(
        self, targets: Sequence[tuple[str, str]], limit: int, apart_from: frozenset[str] = frozenset()
    ) -> tuple[tuple[str, str], ...]:
        return await Asked(referrers(targets, limit, apart_from))

    async def read(self, rtype: str, rid: str, access: Access = EVERYTHING) -> Stored | None:
        return await Asked(visible.get(rtype, rid, access))

    async def vread(self, rtype: str, rid: str, version: int, access: Access = EVERYTHING) -> Stored | None:
        return await Asked(visible.version(rtype, rid, version, access), is_past=True)

    async def history(self, query: HistoryQuery, access: Access = EVERYTHING) -> HistoryPage:
        return await Asked(versions(query, access), is_search=True)

    async def answered(self, caller: str, name: str) -> Answered | None:
        return await Asked(reading.answered(caller, name), _named("answer", [f"{caller} {name}"]))

    async def message(self, key: MessageKey) -> InboxRow | None:
        return await Asked(reading.message(key), _named("message", [key]))


def _named(kind: str, keys: Iterable[object]) -> tuple[str, ...]:
    return tuple(f"{kind} {key}" for key in keys)
