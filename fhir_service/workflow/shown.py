"""What of its resources the service gives out: what somebody sees in part leaves it as `access.view` reduces it.

Whatever road a resource takes out, it is read here or comes back from a write here (SR-28): `shown` is the repository
of the REST side, `shown_in` looks into a unit of work. For who sees everything both hand over what they are given.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias, cast

from msgspec import structs

from fhir_service.access.view import closed_in, looked_up, reduced, seen_in_part, sees_whole, sees_whole_by
from fhir_service.rules import HELD_BY
from fhir_service.search.query import SearchQuery
from fhir_service.sight import Sight
from fhir_service.storage import visible
from fhir_service.storage.access import EVERYTHING, Access
from fhir_service.storage.instants import micros
from fhir_service.storage.port import Changes, HistoryPage, HistoryQuery, Page, Repository, Stored, Views
from fhir_service.storage.sighted import Sighted
from fhir_service.workflow.audited import note_sights
from fhir_service.workflow.known import Key, Known
from fhir_service.workflow.made_views import HANGS_ON, NOTHING_ELSE, MadeViews
from fhir_service.workflow.performers import ActingFor, Loads, acting_in, outside, within
from fhir_service.workflow.request import Written
from fhir_service.workflow.versions import encode, parse_body
from profiles.resource import Resource

Sights: TypeAlias = Mapping[str, Sight]
"""By person what the caller sees."""
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


async def shown_at_once(known: Known, answer: Written, changes: Changes) -> Written:
    """The same within the unit of work, which knows what the caller sees, unless that is another by what it does."""
    if known.access.condition is None or not answer.body or not seen_in_part(answer.rtype):
        return answer
    own = (answer.rtype, answer.rid)
    if changes.grants or changes.joins or any(w.rtype in _HUNG_ON and (w.rtype, w.rid) != own for w in changes.writes):
        return answer
    resource = next(w.resource for w in changes.writes if (w.rtype, w.rid) == own)
    view = await shown_in(known, _version_of(answer), resource or {})
    return structs.replace(answer, body=answer.body if view is resource else encode(view), shown=True)


_HUNG_ON = frozenset({"Goal", "CareTeam", *HELD_BY})
"""Types of what it hangs on which parts of a resource somebody sees."""


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
        self._remembers = made is not None
        self._made = made or MadeViews()

    def __getattr__(self, name: str) -> Any:
        """What gives out no resources."""
        return getattr(self._inner, name)

    def read(self, rtype: str, rid: str, access: Access = EVERYTHING) -> Awaitable[Stored | None]:
        if access.condition is None or not seen_in_part(rtype):
            return self._inner.read(rtype, rid, access)
        if not self._remembers or access.opened is None:
            return self._one(self._inner.read(rtype, rid, access), access)
        return self._view((rtype, rid), access)

    def vread(self, rtype: str, rid: str, version: int, access: Access = EVERYTHING) -> Awaitable[Stored | None]:
        found = self._inner.vread(rtype, rid, version, access)
        return found if access.condition is None or not seen_in_part(rtype) else self._past(found, access)

    def search(self, query: SearchQuery, access: Access = EVERYTHING) -> Awaitable[Page]:
        found = self._inner.search(query, access)
        return found if access.condition is None else self._page(found, access)

    def history(self, query: HistoryQuery, access: Access = EVERYTHING) -> Awaitable[HistoryPage]:
        found = self._inner.history(query, access)
        return found if access.condition is None else self._versions(found, access)

    async def _view(self, key: Key, access: Access) -> Stored | None:
        """A current version as it is told."""
        several = await self._inner.sighted(key[0], key[1:], access, HANGS_ON.get(key[0], NOTHING_ELSE))
        if not several:
            return None
        (found,) = several
        row = found.stored
        sights = {row.person_id: structs.replace(access.sight, labels=found.labels)} if row.person_id else {}
        note_sights(sights)
        if not row.body or sees_whole_by(found.labels):
            return row
        view = self._made.get(found, access.sight)
        return (await self._made_now({0: row}, {key: found}, sights, access))[0] if view is None else view

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
        parted = ((n, row) for n, row in enumerate(rows) if row.body and seen_in_part(row.rtype))
        cut = {n: row for n, row in parted if not sees_whole(sights.get(row.person_id or "", access.sight))}
        told = list(rows)
        for n, view in zip(cut, await self._views(list(cut.values()), sights, access, past), strict=True):
            told[n] = view
        return told

    async def _views(self, rows: list[Stored], sights: Sights, access: Access, past: bool) -> list[Stored]:
        """Of rows that their reader sees in part."""
        if past or not self._remembers or access.opened is None or not rows:
            return await self._anew(rows, sights, access, past=past)
        found = await self._sighted([(row.rtype, row.rid) for row in rows], access)
        known = {n: one for n, row in enumerate(rows) if (one := _of(row, found))}
        views = {n: view for n, one in known.items() if (view := self._made.get(one, access.sight))}
        missing = {n: row for n, row in enumerate(rows) if n not in views}
        views |= await self._made_now(missing, found, sights, access)
        return [views[n] for n in range(len(rows))]

    async def _sighted(self, keys: Iterable[Key], access: Access) -> dict[Key, Sighted]:
        """By (type, id) what views are made from, of those that the caller may see."""
        by_type: defaultdict[str, dict[str, None]] = defaultdict(dict)
        for rtype, rid in keys:
            by_type[rtype][rid] = None
        found: dict[Key, Sighted] = {}
        for rtype, rids in by_type.items():
            on = HANGS_ON.get(rtype, NOTHING_ELSE)
            found |= {(rtype, one.stored.rid): one for one in await self._inner.sighted(rtype, list(rids), access, on)}
        return found

    async def _made_now(
        self, rows: Mapping[int, Stored], found: Mapping[Key, Sighted], sights: Sights, access: Access
    ) -> dict[int, Stored]:
        """Their views by place. They are remembered where nothing has changed while they were made, nor since it was
        asked what the caller sees: a consent that was withdrawn in between would stay open to all who see the rest."""
        if not rows:
            return {}
        views = dict(zip(rows, await self._anew(list(rows.values()), sights, access), strict=True))
        now = await self._sighted([(row.rtype, row.rid) for row in rows.values()], access)
        for n, row in rows.items():
            looked = sights.get(row.person_id or "", access.sight)
            if (before := _of(row, found)) and before == _of(row, now) and looked.labels == before.labels:
                self._made.put(before, access.sight, views[n])
        return views

    async def _anew(
        self, rows: Sequence[Stored], sights: Sights, access: Access, *, past: bool = False
    ) -> list[Stored]:
        cut = _Cut(rows, lambda row: sights.get(row.person_id or "", access.sight))
        if past:
            await cut.look_at(self._inner)
        large = self._threads and sum(len(row.body) for row in rows) > LARGE
        named = await asyncio.to_thread(cut.parsed) if large else cut.parsed()
        seen = _references(await self._seen(named, access)) if named else frozenset()
        cut.acting_in = await acting_in(self._loads, cut.plans())
        return await asyncio.to_thread(cut.done, seen) if large else cut.done(seen)


def _of(row: Stored, found: Mapping[Key, Sighted]) -> Sighted | None:
    """What was found of this very version."""
    one = found.get((row.rtype, row.rid))
    return one if one is not None and (one.stored.version, one.stored.at) == (row.version, row.at) else None


class _Cut:
    """Rows that their reader sees in part."""

    def __init__(self, rows: Sequence[Stored], sight_of: Callable[[Stored], Sight]) -> None:
        self._rows = rows
        self._sight_of = sight_of
        self._current: dict[Key, Resource] = {}
        self._resources: list[Resource] = []
        self.acting_in: Mapping[str | None, ActingFor] = {}
        """Person -> for whom those act who carry out activities of their `plans`."""

    async def look_at(self, repository: Repository) -> None:
        """Read the current versions of them, whoever may see those."""
        for key in {(row.rtype, row.rid): None for row in self._rows}:
            stored = await repository.read(*key)
            if stored is not None and stored.body:
                self._current[key] = parse_body(stored.body)

    def parsed(self) -> frozenset[Key]:
        """Parse them; what they refer to that shows only to those who may read it."""
        self._resources = [parse_body(row.body) for row in self._rows]
        return _keys(self._resources)

    def plans(self) -> list[tuple[Resource, str | None]]:
        """What is cut, earlier versions and current ones, each with its person."""
        current = [(self._current.get((row.rtype, row.rid)), row) for row in self._rows]
        named = (*zip(self._resources, self._rows, strict=True), *current)
        return [(one, row.person_id) for one, row in named if one is not None]

    def done(self, seen: frozenset[str]) -> list[Stored]:
        """The rows as they are told."""
        told = list(self._rows)
        for n, (row, resource) in enumerate(zip(self._rows, self._resources, strict=True)):
            sight, now = self._sight_of(row), self._current.get((row.rtype, row.rid))
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
    sight = (await known.sights([person], known.access))[person] if person else known.access.sight
    if sees_whole(sight):
        return resource
    named = _keys([resource])
    seen = _references(named - await known.hidden(named))
    plans = [(one, person) for one in (resource, current) if one is not None]
    acting = (await acting_in(within(known), plans)).get(person, {})
    return reduced(resource, sight, seen, closed_in(current, sight, acting) if current else frozenset(), acting)


def _keys(resources: Iterable[Resource]) -> frozenset[Key]:
    parts = (literal.split("/") for resource in resources for literal in looked_up(resource))
    return frozenset((found[0], found[1]) for found in parts if len(found) == 2)


def _references(keys: Iterable[Key]) -> frozenset[str]:
    return frozenset("/".join(key) for key in keys)
