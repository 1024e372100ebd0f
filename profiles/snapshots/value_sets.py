"""The codes of a value set that can be listed from what is at hand.  https://hl7.org/fhir/R4/valueset.html#compositions"""

from collections.abc import Iterator
from typing import Any, TypeAlias

from profiles.definitions import concepts
from profiles.resource import Resource
from profiles.snapshots.known import Lookup, canonical, includes
from profiles.snapshots.rows import dicts, strings

Codes: TypeAlias = frozenset[tuple[str, str]]
"""(system, code)."""
MOST = 100_000
DEEPEST = 10


def codes_of(url: str, lookup: Lookup, depth: int = 0) -> Codes | None:
    """The codes of a value set; None where they cannot be listed here."""
    listed = concepts(canonical(url))
    if listed is not None:
        return listed
    found = lookup(url) if depth < DEEPEST else None
    return _codes(found, lookup, depth) if found and found.get("resourceType") == "ValueSet" else None


def _codes(value_set: Resource, lookup: Lookup, depth: int) -> Codes | None:
    compose = value_set.get("compose")
    parts = [_part(part, lookup, depth) for part in includes(compose, "include")]
    without = [_part(part, lookup, depth) for part in includes(compose, "exclude")]
    if not parts:
        return _expanded(value_set)
    if any(part is None for part in (*parts, *without)):
        return None
    codes = frozenset[tuple[str, str]]().union(*(part or () for part in parts))
    return codes.difference(*(part or () for part in without)) if len(codes) <= MOST else None


def _expanded(value_set: Resource) -> Codes | None:
    """What an expansion that came along lists, if that is all of it."""
    expansion = value_set.get("expansion")
    if type(expansion) is not dict or "total" not in expansion:
        return None
    found = [*_contained(expansion)]
    told = frozenset((str(c.get("system", "")), str(c["code"])) for c in found if "code" in c)
    return told if expansion["total"] == len(found) else None


def _contained(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    waiting = dicts(node.get("contains"))
    while waiting:
        found = waiting.pop()
        yield found
        waiting += dicts(found.get("contains"))


def _part(part: dict[str, Any], lookup: Lookup, depth: int) -> Codes | None:
    """One `include` or `exclude`: what all its parts have in common."""
    sets = [codes_of(url, lookup, depth + 1) for url in strings(part.get("valueSet"))]
    system = part.get("system")
    if type(system) is str:
        sets.append(_of_system(system, part, lookup))
    known = [codes for codes in sets if codes is not None]
    return frozenset.intersection(*known) if known and len(known) == len(sets) else None


def _of_system(system: str, part: dict[str, Any], lookup: Lookup) -> Codes | None:
    if part.get("filter"):
        return None
    if listed := dicts(part.get("concept")):
        return frozenset((system, str(concept.get("code"))) for concept in listed)
    found = lookup(system)
    if not found or found.get("resourceType") != "CodeSystem" or found.get("content") != "complete":
        return None
    return frozenset((system, code) for code in _concepts(found))


def _concepts(code_system: Resource) -> Iterator[str]:
    waiting = dicts(code_system.get("concept"))
    while waiting:
        concept = waiting.pop()
        yield str(concept.get("code"))
        waiting += dicts(concept.get("concept"))
