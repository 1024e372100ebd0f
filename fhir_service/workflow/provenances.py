"""Provenance over REST: what is stored, and of every other change the one that its trace gives (ADR 0026).

Stored are those of messages, of clients, and of changes that brought others with them. They are merged by time; where
a change has a stored one that was written with it there is no second. Each names what has changed as extensions of its
target, as far as the reader sees that.
"""

import re
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeAlias, cast

from msgspec import structs

from fhir_service.rules import several
from fhir_service.search.query import (
    Criterion,
    DateValue,
    ParameterType,
    Prefix,
    ReferenceValue,
    SearchQuery,
    Sort,
    TokenValue,
)
from fhir_service.storage.access import EVERYTHING, Access
from fhir_service.storage.audit import Span
from fhir_service.storage.audit_changes import Change, changes, changes_at
from fhir_service.storage.port import Page, Repository, Stored, TooSlow
from fhir_service.workflow.audit_criteria import holds, is_date, narrowed
from fhir_service.workflow.audit_events import CHANGE_ID, change_id
from fhir_service.workflow.audited import TRACE
from fhir_service.workflow.by_time import after, in_order, is_ascending, page_of
from fhir_service.workflow.change_events import RECORDS
from fhir_service.workflow.change_provenance import Seen, changed, provenance_of, reasons, seen_of
from fhir_service.workflow.drafted_matches import Drafted
from fhir_service.workflow.versions import encode, parse_body
from profiles import names
from profiles.resource import Resource

PROVENANCE = "Provenance"
MOST = 1_000
"""Versions of a resource, and stored ones about it, that a search looks at (SR-8)."""
MOST_TARGETS = 20
MOST_LOOKED, CHUNK = 20_000, 200
"""Changes that a search looks at that names no target, in all and at once."""
_EVER = 1 << 62
_FINDING = frozenset({"target", "patient", "agent", "recorded", "entity", "_id", "_lastUpdated"})
"""Criteria that find Provenances of changes."""
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
        spans = _spans(query) if query.rtype == PROVENANCE else ()
        return self._found(query, spans, access) if spans else self._inner.search(query, access)

    async def _one(self, found: Awaitable[Stored | None], rid: str, access: Access) -> Stored | None:
        stored = await found
        if stored is not None:
            return await self._with_paths(stored, access)
        match = CHANGE_ID.fullmatch(rid)
        if match is None:
            return None
        at = int(match[1], 16)
        named = [one for one in await self._made(Span(at, at + 1, MOST), EVERYTHING) if _id(one) == rid]
        return await self._told(named[0], access) if named else None

    async def _made(self, span: Span, access: Access) -> list[Change]:
        """The changes of a span that the caller sees any of."""
        found = [await self._inner.ask(partial(changes, span, table, access)) for table in (0, 1)]
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
        made = {one.reference: one for one in await self._made(Span(stored.at, stored.at + 1, MOST), EVERYTHING)}
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

    async def _found(self, query: SearchQuery, spans: Sequence[Span], access: Access) -> Page:
        """One page. Raises TooSlow when too much would have to be looked at."""
        if len(spans) > MOST_TARGETS:
            raise TooSlow("There are too many targets for this search")
        wanted = MOST if is_ascending(query) or query.total else query.count + 1
        exact = _versions(query, self._base_url)
        recorded = await self._recorded(query, wanted, access)
        told = [await self._with_paths(one, access) for one in recorded.matches if _names(one, exact)]
        for span in spans:
            told += await self._of_span(span, query, wanted, exact, access)
        return page_of(in_order(told, query), query, recorded.included)

    async def _of_span(
        self, span: Span, query: SearchQuery, wanted: int, exact: frozenset[str], access: Access
    ) -> list[Stored]:
        """The Provenances of changes that are asked for, newest first; at least `wanted` of them, if there are."""
        found: list[Stored] = []
        looked, limit = 0, span.limit
        while True:
            parts = [await self._inner.ask(partial(changes, span, table, access)) for table in (0, 1)]
            floor = max((part[-1].at for part in parts if len(part) == span.limit), default=None)
            made = [one for part in parts for one in part if floor is None or one.at > floor]
            for one in await self._matching(made, query, exact, access):
                told = await self._told(one, access)
                found += [told] if told is not None else []
                if len(after(found, query)) >= wanted:
                    return found
            looked += len(made)
            if floor is None:
                return found
            if looked > MOST_LOOKED:
                raise TooSlow("There are too many changes for this search")
            limit = limit if made else limit * 4
            span = structs.replace(span, hi=floor + 1, limit=limit)

    async def _matching(
        self, made: Sequence[Change], query: SearchQuery, exact: frozenset[str], access: Access
    ) -> list[Change]:
        """The changes that are asked for and have no stored Provenance which was written with them, newest first."""
        dates = [cast(Criterion, one) for one in query.criteria if is_date(one)]
        judged = replace(query, criteria=tuple(one for one in query.criteria if not is_date(one)))
        by_id = {
            _id(one): one
            for one in made
            if one.rtype not in RECORDS
            and (not exact or one.reference in exact)
            and all(holds(date, one.at) for date in dates)
        }
        drafts: list[tuple[str, Resource]] = [
            (eid, dict(provenance_of(one, TRACE.decode(one.trace), eid, Seen()))) for eid, one in by_id.items()
        ]
        certain = Drafted(drafts, self._base_url).matching(judged).certain
        known = await self._written_with(sorted({by_id[eid].at for eid in certain}), access)
        left = [(eid, by_id[eid]) for eid in certain if (by_id[eid].reference, by_id[eid].at) not in known]
        return [one for _, one in sorted(left, key=lambda each: (-each[1].at, each[0]))]

    async def _written_with(self, times: list[int], access: Access) -> frozenset[tuple[str, int]]:
        """(reference to a version, time) of the changes that have a stored Provenance which was written with them."""
        made = await self._inner.ask(partial(changes_at, times)) if times else []
        known: set[tuple[str, int]] = set()
        for one in made:
            stored = (
                await self._inner.vread(PROVENANCE, one.rid, one.version, access) if one.rtype == PROVENANCE else None
            )
            if stored is not None and stored.body:
                targets = several(parse_body(stored.body).get("target"))
                known |= {(str(target.get("reference")), one.at) for target in targets}
        return frozenset(known)

    async def _recorded(self, query: SearchQuery, wanted: int, access: Access) -> Page:
        """The newest that are stored, behind the cursor of the page."""
        criteria = query.criteria
        if query.after is not None and not is_ascending(query):
            until = int(cast(int, query.after.values[0])) + 1
            newer = Criterion("_lastUpdated", ParameterType.DATE, (DateValue(Prefix.LT, until, until),))
            criteria = (*criteria, newer)
        count = wanted if wanted == MOST else wanted + CHUNK
        return await self._inner.search(
            replace(query, criteria=criteria, sort=_NEWEST, after=None, count=count, total=False), access
        )


def _id(change: Change) -> str:
    return change_id(change.at, change.reference)


def _spans(query: SearchQuery) -> list[Span]:
    """Where to look for changes, of a search in words (`used`): what an operation gathers (`CarePlan/$everything`) is
    what is stored, and so is what a search without any of these criteria finds."""
    asked = [one for one in query.criteria if isinstance(one, Criterion) and one.missing is None]
    named = {one.parameter: one for one in asked if one.parameter in _FINDING} if query.used else {}
    lo, hi = 0, _EVER
    for date in filter(is_date, asked):
        lo, hi = narrowed(lo, hi, date)
    if query.after is not None and not is_ascending(query):
        hi = min(hi, int(cast(int, query.after.values[0])) + 1)
    if "_id" in named:
        ids = (CHANGE_ID.fullmatch(v.code or "") for v in named["_id"].values if isinstance(v, TokenValue))
        return [Span(at, at + 1, MOST) for at in sorted({int(match[1], 16) for match in ids if match})]
    if "target" in named or "patient" in named:
        return [Span(lo, hi, MOST, entity=key) for key in _targets(named)]
    return [Span(lo, hi, CHUNK)] if named else []


def _targets(named: Mapping[str, Criterion]) -> list[Key]:
    """(type, id) that may be the target; `patient` are targets that are a Patient."""
    kind = "target" if "target" in named else "patient"
    values = [v for v in named[kind].values if isinstance(v, ReferenceValue) and v.rid]
    usual = None if kind == "target" else "Patient"
    return list(dict.fromkeys((rtype, v.rid) for v in values if (rtype := v.rtype or usual)))


def _versions(query: SearchQuery, base_url: str) -> frozenset[str]:
    """The versions that the values of `target` name."""
    values = (value for name, told in query.used if name == "target" for value in told.split(","))
    return frozenset(v for value in values if _VERSION.fullmatch(v := value.removeprefix(base_url + "/")))


def _names(stored: Stored, versions: frozenset[str]) -> bool:
    """Whether it is about one of the versions, where some are asked for."""
    told = several(parse_body(stored.body).get("target")) if versions else ()
    return not versions or any(target.get("reference") in versions for target in told)
