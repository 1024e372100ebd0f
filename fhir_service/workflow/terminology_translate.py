"""What a code becomes by a ConceptMap.  Pure.  https://hl7.org/fhir/R4/conceptmap-operation-translate.html"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from profiles.resource import Resource

NO_MATCH = frozenset({"unmatched", "disjoint"})
_TURNED = {
    "wider": "narrower",
    "narrower": "wider",
    "subsumes": "specializes",
    "specializes": "subsumes",
}
"""An equivalence seen from the other side; the others are the same both ways."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked. `target`: the system to end in, None for any; `reverse`: from target to source."""

    code: str
    system: str | None
    target: str | None = None
    reverse: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """One translation. `system` or `code` is empty where the map says that there is none."""

    equivalence: str
    system: str
    code: str
    display: str
    source: str
    """Canonical address of the map."""

    @property
    def counts(self) -> bool:
        """Whether it is a translation and not a statement that there is none."""
        return self.equivalence not in NO_MATCH and bool(self.code)


def translated(concept_map: Resource, wanted: Wanted) -> tuple[Match, ...]:
    """What the map says about a code, group by group."""
    source = concept_map.get("url") or f"ConceptMap/{concept_map.get('id', '')}"
    return tuple(match for group in concept_map.get("group", ()) for match in _of_group(group, wanted, source))


def _of_group(group: Mapping[str, Any], wanted: Wanted, source: str) -> Iterable[Match]:
    here, there = ("target", "source") if wanted.reverse else ("source", "target")
    if wanted.system not in (None, group.get(here)) or wanted.target not in (None, group.get(there)):
        return ()
    if wanted.reverse:
        return tuple(_backwards(group, wanted, source))
    forwards = [e for e in group.get("element", ()) if e.get("code") == wanted.code]
    if not forwards:
        return tuple(_unmapped(group, wanted, source))
    system = group.get("target", "")
    return tuple(
        Match(t["equivalence"], system, t.get("code", ""), t.get("display", ""), source)
        for element in forwards
        for t in element.get("target", ())
    )


def _backwards(group: Mapping[str, Any], wanted: Wanted, source: str) -> Iterable[Match]:
    for element in group.get("element", ()):
        for target in element.get("target", ()):
            if target.get("code") == wanted.code:
                turned = _TURNED.get(target["equivalence"], target["equivalence"])
                yield Match(
                    turned, group.get("source", ""), element.get("code", ""), element.get("display", ""), source
                )


def _unmapped(group: Mapping[str, Any], wanted: Wanted, source: str) -> Iterable[Match]:
    """What the group does with codes that it does not list; `other-map` names a map to ask."""
    unmapped = group.get("unmapped", {})
    system = group.get("target", "")
    if unmapped.get("mode") == "provided":
        yield Match("equal", system, wanted.code, "", source)
    if unmapped.get("mode") == "fixed":
        yield Match("inexact", system, unmapped.get("code", ""), unmapped.get("display", ""), source)


def other_maps(concept_map: Resource) -> tuple[str, ...]:
    """The maps to ask about codes that this one does not list."""
    unmapped = (group.get("unmapped", {}) for group in concept_map.get("group", ()))
    return tuple(dict.fromkeys(u["url"] for u in unmapped if u.get("mode") == "other-map" and "url" in u))
