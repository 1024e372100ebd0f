"""Provenance over REST: what is stored, and of every other change the one that its trace gives (ADR 0026).

Stored are those of messages, of clients, and of changes that brought others with them. Those of `target=[type]/[id]`
are merged by time; where a change has a stored one that was written with it there is no second. Each names what has
changed as extensions of its target, as far as the reader sees that.
"""

import re
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeAlias, cast

from msgspec import structs

from fhir_service.rules import several
from fhir_service.search.query import Criterion, ParameterType, ReferenceValue, SearchQuery, Sort
from fhir_service.storage.access import EVERYTHING, Access
from fhir_service.storage.audit import Span
from fhir_service.storage.audit_changes import Change, changes
from fhir_service.storage.port import Page, Repository, Stored, TooSlow
from fhir_service.workflow.audit_events import CHANGE_ID, change_id
from fhir_service.workflow.audited import TRACE
from fhir_service.workflow.by_time import after, in_order, page_of
from fhir_service.workflow.change_events import RECORDS
from fhir_service.workflow.change_provenance import changed, provenance_of, reasons, seen_of
from fhir_service.workflow.drafted_matches import Drafted
from fhir_service.workflow.versions import encode, parse_body
from profiles import names
from profiles.resource import Resource

PROVENANCE = "Provenance"
MOST = 1_000
"""Versions of a resource, and stored ones about it, that a search looks at (SR-8)."""
MOST_TARGETS = 20
_EVER = 1 << 62
_VERSION = re.compile(r"([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})/_history/([1-9][0-9]{0,9})", re.ASCII)
Key: TypeAlias = tuple[str, str]
_NEWEST = (Sort("_lastUpdated", ParameterType.DATE, descending=True),)


def with_changes(repository: Repository, base_url: str) -> Repository:
    """The same; changes have their Provenance. `repository` gives out what the caller sees."""
    return cast(Repository, _WithChanges(repository, base_url))


class _WithChanges:
    def __init__(self, inner: Repository, base_url: str) -> None:
        self._inner = inner
        self._base_url = base_url

    def __getattr__(self, name: str) -> Any:
        """What is no Provenance."""
        return getattr(self._inner, name)

    def read(self, rtype: str, rid: str, access: Access = EVERYTHING) -> Awaitable[Stored | None]:
        found = self._inner.read(rtype, rid, access)
        return self._one(found, rid, access) if rtype == PROVENANCE else found

    def vread(self, rtype: str, rid: str, version: int, access: Access = EVERYTHING) -> Awaitable[Stored | None]:
        found = self._inner.vread(rtype, rid, version, access)
        return self._one(found, rid if version == 1 else "", access) if rtype == PROVENANCE else found

    def search(self, query: SearchQuery, access: Access = EVERYTHING) -> Awaitable[Page]:
        targets = _targets(query) if query.rtype == PROVENANCE else ()
        return self._about(query, targets, access) if targets else self._inner.search(query, access)

    async def _one(self, found: Awaitable[Stored | None], rid: str, access: Access) -> Stored | None:
        stored = await found
        if stored is not None:
            return await self._with_paths(stored, access)
        match = CHANGE_ID.fullmatch(rid)
        if match is None:
            return None
        at = int(match[1], 16)
        named = [one for one in await self._made(Span(at, at + 1, MOST)) if _id(one) == rid]
        return await self._told(named[0], access) if named else None

    async def _made(self, span: Span) -> list[Change]:
        found = [await self._inner.ask(partial(changes, span, table)) for table in (0, 1)]
        return [one for listed in found for one in listed if one.rtype not in RECORDS]

    async def _told(self, change: Change, access: Access) -> Stored | None:
        """The Provenance of a change, if the caller sees any of it."""
        seen = await seen_of(self._inner, access, (change.rtype, change.rid, change.version))
        if seen is None:
            return None
        eid = _id(change)
        body = encode(provenance_of(change, TRACE.decode(change.trace), eid, seen))
        return Stored(PROVENANCE, eid, 1, change.at, body, False, change.person_id, {})

    async def _with_paths(self, stored: Stored, access: Access) -> Stored:
        """A stored one with what has changed, and the reason that was given for what was written with it."""
        if not stored.body:
            return stored
        provenance = parse_body(stored.body)
        made = {one.reference: one for one in await self._made(Span(stored.at, stored.at + 1, MOST))}
        targets: list[Resource] = []
        for n, target in enumerate(several(provenance.get("target"))):
            match = _VERSION.fullmatch(str(target.get("reference", "")))
            left = [one for one in several(target.get("extension")) if one.get("url") != names.IP_CHANGED_PATH]
            rest = {name: value for name, value in target.items() if name != "extension"}
            seen = None
            if match is not None and n < MOST_TARGETS:
                seen = await seen_of(self._inner, access, (match[1], match[2], int(match[3])))
            told = [*left, *(changed(seen.paths) if seen else ())]
            targets.append({"extension": told, **rest} if told else rest)
            change = made.get(str(target.get("reference")))
            why = reasons(TRACE.decode(change.trace)) if change and seen and seen.whole else None
            if why and "reason" not in provenance:
                provenance = {**provenance, "reason": why}
        return structs.replace(stored, body=encode({**provenance, "target": targets})) if targets else stored

    async def _about(self, query: SearchQuery, targets: Sequence[Key], access: Access) -> Page:
        """One page. Raises TooSlow when too much would have to be looked at."""
        if len(targets) > MOST_TARGETS:
            raise TooSlow("There are too many targets for this search")
        wide = replace(query, sort=_NEWEST, after=None, count=MOST, total=False)
        recorded = await self._inner.search(wide, access)
        of_targets = replace(wide, criteria=tuple(c for c in query.criteria if _is_target(c)), includes=())
        known = _written_with(await self._inner.search(of_targets, access))
        made = [one for key in targets for one in await self._made(Span(0, _EVER, MOST, entity=key))]
        waiting = [_bare(one) for one in made if (one.reference, one.at) not in known]
        by_id = {_id(one): one for one in made}
        found: list[Stored] = []
        exact = _versions(query, self._base_url)
        for one in in_order((*recorded.matches, *waiting), query):
            if not query.total and len(after(found, query)) > query.count:
                break
            told = await self._matching(one, by_id.get(one.rid), query, access)
            if told is not None and _names(told, exact):
                found.append(told)
        return page_of(found, query, recorded.included)

    async def _matching(self, one: Stored, change: Change | None, query: SearchQuery, access: Access) -> Stored | None:
        """As it is told, if it is what the query asks for; what is stored is."""
        if change is None:
            return await self._with_paths(one, access)
        told = await self._told(change, access)
        if told is None:
            return None
        drafted = Drafted([(told.rid, parse_body(told.body))], self._base_url)
        return told if told.rid in drafted.matching(query).certain else None


def _id(change: Change) -> str:
    return change_id(change.at, change.reference)


def _bare(change: Change) -> Stored:
    """Where the Provenance of a change comes in the order."""
    return Stored(PROVENANCE, _id(change), 1, change.at, b"", False, change.person_id, {})


def _is_target(condition: object) -> bool:
    return isinstance(condition, Criterion) and condition.parameter == "target" and condition.missing is None


def _targets(query: SearchQuery) -> list[Key]:
    """The (type, id) that the first criterion about targets names, of a search in words (`used`): what an operation
    gathers (`CarePlan/$everything`) is what is stored."""
    if not query.used:
        return []
    named = next((c for c in query.criteria if _is_target(c)), None)
    values = cast(Criterion, named).values if named is not None else ()
    plain = [v for v in values if isinstance(v, ReferenceValue) and v.rtype and v.rid]
    return list(dict.fromkeys((str(v.rtype), v.rid) for v in plain))


def _written_with(page: Page) -> frozenset[tuple[str, int]]:
    """(reference to a version, time) of the changes that have a stored Provenance which was written with them."""
    return frozenset(
        (str(target.get("reference")), row.at)
        for row in page.matches
        for target in several(parse_body(row.body).get("target"))
    )


def _versions(query: SearchQuery, base_url: str) -> frozenset[str]:
    """The versions that the values of `target` name."""
    values = (value for name, told in query.used if name == "target" for value in told.split(","))
    return frozenset(v for value in values if _VERSION.fullmatch(v := value.removeprefix(base_url + "/")))


def _names(stored: Stored, versions: frozenset[str]) -> bool:
    """Whether it is about one of the versions, where some are asked for."""
    told = several(parse_body(stored.body).get("target")) if versions else ()
    return not versions or any(target.get("reference") in versions for target in told)
