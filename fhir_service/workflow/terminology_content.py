"""Where code systems, value sets and concept maps are found: what is stored first, then what comes with the service."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Protocol

from fhir_service.search.query import Criterion, Cursor, ParameterType, ReferenceValue, SearchQuery, Sort, TokenValue
from fhir_service.storage.access import Access
from fhir_service.storage.port import Page
from fhir_service.workflow.terminology_expand import MOST_SETS, Content, Members, expanded, named
from fhir_service.workflow.terminology_systems import System, system_of
from fhir_service.workflow.versions import parse_body
from profiles.conformance import definition
from profiles.issues import Issue
from profiles.resource import Resource
from profiles.terminology import TYPES, bundled, bundled_maps

_NEWEST = (Sort("_lastUpdated", None, descending=True),)
MOST_VERSIONS = 50
"""Versions of one canonical address that are looked at, the newest."""
MOST_MAPS = 200
"""Concept maps from, or into, one of some code systems that are looked at, the newest."""


class Searches(Protocol):
    """A repository, or the reads of a transaction."""

    async def search(self, query: SearchQuery, access: Access) -> Page:
        """One page of a search."""
        ...


@dataclass(slots=True)
class Terminology:
    """Everything that one request asks, each resource read once."""

    searches: Searches
    access: Access
    _found: dict[tuple[str, str], Resource | None] = field(default_factory=dict)
    _systems: dict[str, System | None] = field(default_factory=dict)

    async def find(self, rtype: str, canonical: str) -> Resource | None:
        """The resource of a canonical address (`url`, `url|version`), or of `Type/id`; None where there is none.

        Of several versions the newest active one.  https://hl7.org/fhir/R4/references.html#canonical
        """
        key = rtype, canonical
        if key not in self._found:
            own = _own(rtype, canonical)
            self._found[key] = own or await self._stored(rtype, canonical) or _bundled(rtype, canonical)
        return self._found[key]

    async def _stored(self, rtype: str, canonical: str) -> Resource | None:
        if canonical.startswith(f"{rtype}/"):
            rid = canonical.removeprefix(f"{rtype}/")
            criterion = Criterion("_id", ParameterType.TOKEN, (TokenValue(None, rid),))
            version = ""
        else:
            url, _, version = canonical.partition("|")
            criterion = Criterion("url", ParameterType.REFERENCE, (ReferenceValue(None, "", url),))
        best: Resource | None = None
        async for page in self._pages(SearchQuery(rtype, (criterion,), sort=_NEWEST, count=MOST_VERSIONS)):
            fitting = (r for r in page if not version or r.get("version") == version)
            best = _best([*([best] if best else []), *fitting])
        return best

    async def _pages(self, query: SearchQuery) -> AsyncIterator[list[Resource]]:
        """What is found, newest first, up to `count` of it: large ones come on several pages."""
        left: int = query.count
        while left > 0:
            page = await self.searches.search(replace(query, count=left), self.access)
            yield [parse_body(match.body) for match in page.matches]
            if page.following is None:
                return
            left -= len(page.matches)
            query = replace(query, after=Cursor(*page.following))

    async def system(self, url: str) -> System | None:
        """The concepts of a code system; None when it is not known, or known by name only."""
        if url not in self._systems:
            resource = await self.find("CodeSystem", url)
            found = None if resource is None else _system(url, resource)
            self._systems[url] = found if found and found.concepts else None
        return self._systems[url]

    async def members(self, value_set: Resource) -> Members | Issue:
        """Every code of a value set; or why they cannot be listed."""
        return expanded(value_set, await self.content(value_set))

    async def maps(self, systems: Sequence[str], *, reverse: bool) -> tuple[Resource, ...]:
        """The concept maps from one of these code systems, or into one: stored ones first."""
        end = "target" if reverse else "source"
        values = tuple(ReferenceValue(None, "", url) for url in systems)
        criterion = Criterion(f"{end}-system", ParameterType.REFERENCE, values)
        query = SearchQuery("ConceptMap", (criterion,), sort=_NEWEST, count=MOST_MAPS)
        stored = [one async for page in self._pages(query) for one in page]
        urls = {r.get("url") for r in stored}
        ours = [m for m in bundled_maps() if m.get("url") not in urls]
        return (*stored, *(m for m in ours if any(group.get(end) in systems for group in m.get("group", ()))))

    async def content(self, value_set: Resource) -> Content:
        """What the value set names, and what that names, and so on."""
        systems: dict[str, System | None] = {}
        sets: dict[str, Resource | None] = {}
        waiting = [value_set]
        while waiting and len(sets) <= MOST_SETS:
            used, included = named(waiting.pop().get("compose", {}))
            systems.update([(url, await self.system(url)) for url in used if url not in systems])
            for url in included:
                if url not in sets:
                    sets[url] = other = await self.find("ValueSet", url)
                    waiting += [other] if other else []
        return Content(systems, sets)


def _best(versions: list[Resource]) -> Resource | None:
    """The active one with the highest version; they come newest first."""
    ranked = sorted(versions, key=lambda r: (r.get("status") == "active", _numbers(r.get("version", ""))), reverse=True)
    return ranked[0] if ranked else None


def _numbers(version: str) -> tuple[tuple[int, str], ...]:
    """So that 1.10 comes after 1.9."""
    parts = version.split(".")
    return tuple((int(p), "") if p.isdecimal() and p.isascii() and len(p) < 20 else (0, p) for p in parts)


def _own(rtype: str, canonical: str) -> Resource | None:
    """What we define ourselves, which nobody can change: it is not looked for among what is stored."""
    found = definition(canonical)
    return found if found is not None and found["resourceType"] == rtype else None


def _bundled(rtype: str, canonical: str) -> Resource | None:
    url, _, version = canonical.partition("|")
    found = bundled(rtype, url) if rtype in TYPES else None
    return found if found and (not version or found.get("version") == version) else None


def _system(url: str, resource: Resource) -> System | None:
    """Those that come with us are made ready once and kept."""
    return _system_of_bundled(url) if resource is _bundled("CodeSystem", url) else system_of(resource)


@lru_cache(maxsize=256)
def _system_of_bundled(url: str) -> System | None:
    resource = bundled("CodeSystem", url.partition("|")[0])
    return None if resource is None else system_of(resource)
