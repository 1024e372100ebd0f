"""Everything about a patient as one search over all types of the compartment, and what it refers to outside.

https://hl7.org/fhir/R4/patient-operation-everything.html
"""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from fhir_service.search import parameters, parse
from fhir_service.search.query import (
    ROOM,
    AnyOf,
    Condition,
    Criterion,
    ParameterType,
    ReferenceValue,
    SearchQuery,
    TokenValue,
    TypeSearch,
)
from fhir_service.storage.access import Access
from fhir_service.storage.port import Repository, Stored
from profiles.definitions import compartment
from profiles.issues import Issue

PATIENT = "Patient"
CARE_DATES = (
    *("date", "onset-date", "occurrence", "performed", "effective", "period", "authored-on", "authored"),
    *("authoredon", "sent", "created", "issued", "recorded", "recorded-date", "start-date"),
)
"""Parameters that tell when care took place, the first one that a type has counts."""
MOST_BESIDE = 500
"""Resources that one page brings beside what it is about (SR-8)."""
LARGE = 65_536
"""Bytes above which bodies are looked through in a thread (stack.md 3)."""


@dataclass(frozen=True, slots=True)
class Wished:
    """Which part of everything. `rtypes`: those that are served and asked for; `start` and `end`: dates of care;
    `since`: changed from then on; all as FHIR writes them."""

    rtypes: Sequence[str]
    start: str | None = None
    end: str | None = None
    since: str | None = None


def everything_of_patients(wished: Wished, rid: str | None, base_url: str) -> SearchQuery | tuple[Issue, ...]:
    """The search for one patient, or for all of them; what it brings is in the compartment of a patient.

    Resources without a date of care are part of it whatever `start` and `end` say.
    """
    parts: list[TypeSearch] = []
    issues: list[Issue] = []
    for rtype in wished.rtypes:
        inside = _inside(rtype, rid)
        if inside is None:
            continue
        conditions, wrong = _narrowed(rtype, wished, base_url)
        issues += wrong
        parts.append(TypeSearch(rtype, (*inside, *conditions)))
    return tuple(dict.fromkeys(issues)) or SearchQuery("", among=tuple(parts))


def _inside(rtype: str, rid: str | None) -> tuple[Condition, ...] | None:
    """What puts a resource of the type into the compartment of this patient, or of any; None: nothing does."""
    if rtype == PATIENT:
        return () if rid is None else (Criterion("_id", ParameterType.TOKEN, (TokenValue(None, rid),)),)
    known = parameters(rtype)
    names = [name for name in compartment(PATIENT, rtype) if name in known]
    if not names:
        return None
    if rid is None:
        there = [Criterion(name, ParameterType.REFERENCE, (), missing=False) for name in names]
    else:
        here = (ReferenceValue(PATIENT, rid),)
        there = [Criterion(name, ParameterType.REFERENCE, here) for name in names]
    return (there[0] if len(there) == 1 else AnyOf(tuple(there)),)


def _narrowed(rtype: str, wished: Wished, base_url: str) -> tuple[list[Condition], tuple[Issue, ...]]:
    asked: list[tuple[str, str]] = []
    if wished.since is not None:
        asked.append(("_lastUpdated", f"ge{wished.since}"))
    date = None if rtype == PATIENT else next((name for name in CARE_DATES if _is_date(rtype, name)), None)
    if date is not None:
        asked += [(date, f"ge{wished.start}")] if wished.start else []
        asked += [(date, f"le{wished.end}")] if wished.end else []
    parsed = parse(rtype, asked, base_url=base_url)
    if parsed.query is None:
        return [], parsed.issues
    undated = Criterion(date or "", ParameterType.DATE, (), missing=True)
    return [
        AnyOf((condition, undated)) if isinstance(condition, Criterion) and condition.parameter == date else condition
        for condition in parsed.query.criteria
    ], ()


def _is_date(rtype: str, name: str) -> bool:
    found = parameters(rtype).get(name)
    return found is not None and found.type is ParameterType.DATE


@dataclass(slots=True)
class Reading:
    """Reads what may be seen, as long as there is room. `cut`: there was more than that (SR-8)."""

    repository: Repository
    access: Access
    room: int = ROOM
    cut: bool = False

    async def search(self, query: SearchQuery) -> tuple[Stored, ...]:
        """What matches, as many as the query asks for at most."""
        if self.room <= 0:
            self.cut = True
            return ()
        page = await self.repository.search(replace(query, room=self.room), self.access)
        self.room -= sum(len(match.body) for match in page.matches)
        self.cut |= page.following is not None
        return page.matches

    async def read_many(self, wanted: Iterable[tuple[str, str]]) -> list[Stored]:
        """The resources that are there, in the order they were asked for."""
        by_type: dict[str, list[str]] = {}
        order = list(dict.fromkeys(wanted))
        for rtype, rid in order:
            by_type.setdefault(rtype, []).append(rid)
        found: dict[tuple[str, str], Stored] = {}
        for rtype, rids in by_type.items():
            named = Criterion("_id", ParameterType.TOKEN, tuple(TokenValue(None, rid) for rid in rids))
            matches = await self.search(SearchQuery(rtype, (named,), count=len(rids)))
            found.update({(match.rtype, match.rid): match for match in matches})
        return [found[reference] for reference in order if reference in found]


async def beside(reading: Reading, matches: Sequence[Stored], rtypes: Iterable[str]) -> list[Stored]:
    """What the matches refer to and no compartment of a patient has: practitioners, organisations, places ..."""
    outside = {rtype for rtype in rtypes if rtype != PATIENT and not compartment(PATIENT, rtype)}
    bodies = [match.body for match in matches]
    if sum(map(len, bodies)) > LARGE:
        named = await asyncio.to_thread(references_in, bodies)
    else:
        named = references_in(bodies)
    wanted = [reference for reference in named if reference[0] in outside]
    reading.cut |= len(wanted) > MOST_BESIDE
    return await reading.read_many(wanted[:MOST_BESIDE])


def references_in(bodies: Iterable[bytes]) -> list[tuple[str, str]]:
    """(type, id) of what the resources refer to on this server, each once, in the order of the first mention."""
    found: dict[tuple[str, str], None] = {}
    for body in bodies:
        for reference in _references(msgspec.json.decode(body)):
            parts = reference.split("/")
            if len(parts) in (2, 4) and parts[0].isalpha():
                found[parts[0], parts[1]] = None
    return list(found)


def _references(value: Any) -> Iterator[str]:
    """The values of `reference` anywhere below, without recursion (SR-16)."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            if isinstance(one.get("reference"), str):
                yield one["reference"]
            waiting += reversed(list(one.values()))
        elif isinstance(one, list):
            waiting += reversed(one)
