"""The profiles that are stored here, compiled once for as long as nothing that they are made from changes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from fhir_service.search.query import SearchQuery, Sort
from fhir_service.storage.access import EVERYTHING
from fhir_service.workflow.terminology_content import Searches, Terminology
from profiles.conformance import profile
from profiles.issues import Issue
from profiles.resource import Resource
from profiles.snapshots import Profile, compile_profile, needed

MOST_READ = 300
"""Resources that one profile may lean on, and those again."""
MOST_KEPT = 100
SOURCES = ("StructureDefinition", "ValueSet", "CodeSystem")
_NEWEST = (Sort("_lastUpdated", None, descending=True),)

Stamp: TypeAlias = tuple[object, ...]
Found: TypeAlias = Profile | tuple[Issue, ...] | None
"""A profile; why it cannot be used; or nothing, where it is not stored here."""


@dataclass(slots=True)
class ProfileStore:
    """The compiled profiles of one process. They hold as long as nothing that they are made from has changed."""

    _stamp: Stamp = ()
    _made: dict[str, Found] = field(default_factory=dict)

    async def found(self, known: Terminology, urls: Sequence[str]) -> dict[str, Found]:
        """The profiles of these canonical addresses (`url`, `url|version`): our own, and those that are stored here."""
        own = {url: found for url in urls if (found := profile(url)) is not None}
        others = [url for url in urls if url not in own]
        return {**own, **(await self._stored(known, others) if others else {})}

    async def _stored(self, known: Terminology, urls: Sequence[str]) -> dict[str, Found]:
        if known.access != EVERYTHING:
            return {url: await compiled(known, url) for url in urls}
        stamp = await stamp_of(known.searches)
        if stamp != self._stamp or len(self._made) > MOST_KEPT:
            self._stamp, self._made = stamp, {}
        made = self._made
        for url in urls:
            if url not in made:
                made[url] = await compiled(known, url)
        return {url: made[url] for url in urls}


async def stamp_of(searches: Searches) -> Stamp:
    """What differs whenever something that profiles are made from was written or deleted, by whichever process."""
    found: list[object] = []
    for rtype in SOURCES:
        page = await searches.search(SearchQuery(rtype, sort=_NEWEST, count=1, total=True), EVERYTHING)
        found += [page.total, *((one.rid, one.version, one.updated) for one in page.matches)]
    return tuple(found)


async def compiled(known: Terminology, url: str) -> Found:
    """The profile of an address, read with all that it leans on."""
    definition = await known.find("StructureDefinition", url)
    if definition is None:
        return None
    read: dict[str, Resource | None] = {}
    waiting = [definition]
    while waiting and len(read) < MOST_READ:
        for rtype, other in sorted(needed(waiting.pop())):
            if other not in read:
                read[other] = found = await known.find(rtype, other)
                waiting += [found] if found is not None else []
    return compile_profile(definition, read.get)
