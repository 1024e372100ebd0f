"""What of its resources the service gives out: what somebody sees in part leaves it as `access.view` reduces it.

Whatever road a resource takes out, it is read here or comes back from a write here (SR-28): `shown` is the repository
of the REST side, `shown_in` looks into a unit of work. For who sees everything both hand over what they are given.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias, cast

from msgspec import structs

from fhir_service.access.view import closed_in, looked_up, reduced, seen_in_part, sees_whole, sees_whole_by
from fhir_service.search.query import SearchQuery
from fhir_service.sight import Sight
from fhir_service.storage import visible
from fhir_service.storage.access import EVERYTHING, Access
from fhir_service.storage.instants import micros
from fhir_service.storage.port import HistoryPage, HistoryQuery, Page, Repository, Stored, Views
from fhir_service.workflow.audited import note_sights
from fhir_service.workflow.known import Key, Known
from fhir_service.workflow.made_views import HANGS_ON, NOTHING_ELSE, MadeViews, is_all, key_of
from fhir_service.workflow.performers import ActingFor, Loads, acting_in, outside, within
from fhir_service.workflow.request import Written
from fhir_service.workflow.versions import encode, parse_body
from profiles.resource import Resource

Seen: TypeAlias = Callable[[frozenset[Key], Access], Awaitable[frozenset[Key]]]
"""Those of (type, id) that an access does not hide."""
LARGE = 65_536
"""Bytes above which bodies are worked on in a thread (stack.md 3)."""


def shown(repository: Repository) -> Repository:
    """The same; what it gives out is what the caller sees."""
    return cast(Repository, _Shown(repository, _seen_in(repository), outside(repository), made=MadeViews()))


def _seen_in(repository: Repository) -> Seen:
    async def seen(keys: frozenset[Key], access: Access) -> frozenset[Key]:
        return await repository.ask(lambda: visible.seen(keys, access), short=True)

    return seen


def shown_within(views: Views) -> Repository:
    """The same for what reads within a transaction: the interactions that read ask for nothing that it has not."""
    return cast(Repository, _Shown(cast(Repository, views), views.seen, within(views), threads=False))


async def shown_answer(repository: Repository, answer: Written, access: Access) -> Written:
    """What was done, with as much of the resource as the caller sees (`Prefer: return=representation`)."""
    if access.condition is None or not answer.body or not seen_in_part(answer.rtype):
        return answer
    told = await _Shown(repository, _seen_in(repository), outside(repository)).told((_version_of(answer),), access)
    return structs.replace(answer, body=told[0].body)


async def shown_changes(repository: Repository, changed: Sequence[Stored], access: Access) -> tuple[Stored, ...]:
    """Those of the versions that the caller sees, with as much of each."""
    if access.condition is None:
        return tuple(changed)
    seen = _seen_in(repository)
    visible_now = await seen(frozenset((row.rtype, row.rid) for row in changed), access)
    rows = [row for row in changed if (row.rtype, row.rid) in visible_now]
    return tuple(await _Shown(repository, seen, outside(repository)).told(rows, access))


def _version_of(answer: Written) -> Stored:
    at = micros(answer.updated)
    return Stored(answer.rtype, answer.rid, answer.version, at, answer.body, False, answer.person_id, {})


class _Shown:
    def __init__(
        self, inner: Repository, seen: Seen, loads: Loads, *, threads: bool = True, made: MadeViews | None = None
    ) -> None:
        """`threads`: whether work on many bytes is done in one; a unit of work waits for nothing but its reads. `made`:
        what was made before; None: of what is not committed nothing is remembered."""
        self._inner = inner
        self._seen = seen
        self._loads = loads
        self._threads = threads
        self._made = made

    def __getattr__(self, name: str) -> Any:
        """What gives out no resources."""
        return getattr(self._inner, name)

    def read(self, rtype: str, rid: str, access: Access = EVERYTHING) -> Awaitable[Stored | None]:
        if access.condition is None or not seen_in_part(rtype):
            return self._inner.read(rtype, rid, access)
        if self._made is None or access.opened is None:
            return self._one(self._inner.read(rtype, rid, access), access)
        return self._view((rtype, rid), access, self._made)

    def vread(self, rtype: str, rid: str, version: int, access: Access = EVERYTHING) -> Awaitable[Stored | None]:
        found = self._inner.vread(rtype, rid, version, access)
        return found if access.condition is None or not seen_in_part(rtype) else self._past(found, access)

    def search(self, query: SearchQuery, access: Access = EVERYTHING) -> Awaitable[Page]:
        found = self._inner.search(query, access)
        return found if access.condition is None else self._page(found, access)

    def history(self, query: HistoryQuery, access: Access = EVERYTHING) -> Awaitable[HistoryPage]:
        found = self._inner.history(query, access)
        return found if access.condition is None else self._versions(found, access)

    async def _view(self, key: Key, access: Access, made: MadeViews) -> Stored | None:
        """A current version as it is told, made anew where it was not made before."""
        hangs_on = HANGS_ON.get(key[0], NOTHING_ELSE)
        found = await self._inner.sighted(*key, access, hangs_on)
        if found is not None and found.stored.person_id:
            note_sights({found.stored.person_id: structs.replace(access.sight, labels=found.labels)})
        if found is None or not found.stored.body or sees_whole_by(found.labels):
            return None if found is None else found.stored
        known_by = key_of(found, access.sight)
        view = made.get(known_by)
        if view is None:
            (view,) = await self.told([found.stored], access)
            whole = parse_body(found.stored.body)
            # what it was made from was asked for meanwhile: it is kept only where nothing has changed
            if is_all(found, whole) and await self._inner.sighted(*key, access, hangs_on) == found:
                made.put(known_by, view, found)
        return view

    async def _one(self, found: Awaitable[Stored | None], access: Access) -> Stored | None:
        stored = await found
        return None if stored is None else (await self.told([stored], access))[0]

    async def _past(self, found: Awaitable[Stored | None], access: Access) -> Stored | None:
        stored = await found
        return None if stored is None else (await self.told([stored], access, past=True))[0]

    async def _page(self, found: Awaitable[Page], access: Access) -> Page:
        page = await found
        told = await self.told((*page.matches, *page.included), access)
        matches = len(page.matches)
        return replace(page, matches=tuple(told[:matches]), included=tuple(told[matches:]))

    async def _versions(self, found: Awaitable[HistoryPage], access: Access) -> HistoryPage:
        page = await found
        return replace(page, versions=tuple(await self.told(page.versions, access, past=True)))

    async def told(self, rows: Sequence[Stored], access: Access, *, past: bool = False) -> list[Stored]:
        """The rows as they are told; `past`: they are versions, which may be earlier ones."""
        persons = sorted({r.person_id for r in rows if r.person_id and r.body and seen_in_part(r.rtype)})
        sights = await self._inner.sights(persons, access) if persons else {}
        note_sights(sights)
        cut = _Cut(rows, lambda row: sights.get(row.person_id or "", access.sight))
        if not cut.places:
            return list(rows)
        if past:
            await cut.look_at(self._inner)
        large = self._threads and sum(len(rows[n].body) for n in cut.places) > LARGE
        named = await asyncio.to_thread(cut.parsed) if large else cut.parsed()
        seen = _references(await self._seen(named, access)) if named else frozenset()
        cut.acting_in = await acting_in(self._loads, cut.plans())
        return await asyncio.to_thread(cut.done, seen) if large else cut.done(seen)


class _Cut:
    """The rows of a page, those among them that their reader sees in part."""

    def __init__(self, rows: Sequence[Stored], sight_of: Callable[[Stored], Sight]) -> None:
        self._rows = rows
        self._sight_of = sight_of
        self._current: dict[Key, Resource] = {}
        self._resources: dict[int, Resource] = {}
        self.acting_in: Mapping[str | None, ActingFor] = {}
        """Person -> for whom those act who carry out activities of their `plans`."""
        parted = (n for n, row in enumerate(rows) if row.body and seen_in_part(row.rtype))
        self.places = [n for n in parted if not sees_whole(sight_of(rows[n]))]

    async def look_at(self, repository: Repository) -> None:
        """Read the current versions of them, whoever may see those."""
        for key in {(self._rows[n].rtype, self._rows[n].rid): None for n in self.places}:
            stored = await repository.read(*key)
            if stored is not None and stored.body:
                self._current[key] = parse_body(stored.body)

    def parsed(self) -> frozenset[Key]:
        """Parse them; what they refer to that shows only to those who may read it."""
        self._resources = {n: parse_body(self._rows[n].body) for n in self.places}
        return _keys(self._resources.values())

    def plans(self) -> list[tuple[Resource, str | None]]:
        """What is cut, earlier versions and current ones, each with its person."""
        current = ((self._current.get((self._rows[n].rtype, self._rows[n].rid)), n) for n in self._resources)
        named = (*((one, n) for n, one in self._resources.items()), *current)
        return [(one, self._rows[n].person_id) for one, n in named if one is not None]

    def done(self, seen: frozenset[str]) -> list[Stored]:
        """All rows, those as they are told."""
        told = list(self._rows)
        for n, resource in self._resources.items():
            row, sight = self._rows[n], self._sight_of(self._rows[n])
            now = self._current.get((row.rtype, row.rid))
            acting = self.acting_in.get(row.person_id, {})
            view = reduced(resource, sight, seen, closed_in(now, sight, acting) if now else frozenset(), acting)
            if view is not resource:
                told[n] = structs.replace(row, body=encode(view))
        return told


async def shown_in(known: Known, stored: Stored, resource: Resource, current: Resource | None = None) -> Resource:
    """What the caller of a unit of work sees of a version; `current`: of an earlier version the current one."""
    if known.access.condition is None or not seen_in_part(stored.rtype):
        return resource
    person = stored.person_id
    sights: Mapping[str, Sight] = await known.sights([person], known.access) if person else {}
    named = _keys([resource])
    seen = _references(named - await known.hidden(named))
    sight = sights.get(person or "", known.access.sight)
    plans = [(one, person) for one in (resource, current) if one is not None]
    acting = (await acting_in(within(known), plans)).get(person, {})
    return reduced(resource, sight, seen, closed_in(current, sight, acting) if current else frozenset(), acting)


def _keys(resources: Iterable[Resource]) -> frozenset[Key]:
    parts = (literal.split("/") for resource in resources for literal in looked_up(resource))
    return frozenset((found[0], found[1]) for found in parts if len(found) == 2)


def _references(keys: Iterable[Key]) -> frozenset[str]:
    return frozenset("/".join(key) for key in keys)
