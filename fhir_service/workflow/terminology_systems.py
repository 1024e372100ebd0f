"""A CodeSystem made ready for questions: its concepts by code, what is above and below each.  Pure.

https://hl7.org/fhir/R4/codesystem.html
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from profiles.resource import Resource

_ABOVE = frozenset({"parent", "subsumedBy"})
_RETIRED = frozenset({"retired", "deprecated", "inactive"})


@dataclass(frozen=True, slots=True)
class Concept:
    """One code. `parents` and `children` are codes of the same system; `told` is the concept as the resource has it."""

    code: str
    display: str
    told: Mapping[str, Any]
    parents: tuple[str, ...] = ()
    children: tuple[str, ...] = ()

    @property
    def designations(self) -> tuple[Resource, ...]:
        """Further texts for the code, in other languages or for other uses."""
        return tuple(self.told.get("designation", ()))

    def properties(self, name: str) -> tuple[Any, ...]:
        """The values of a property: strings, numbers, codes, or Codings."""
        return tuple(value_of(p) for p in self.told.get("property", ()) if p.get("code") == name)

    @property
    def inactive(self) -> bool:
        """Whether the code is no longer to be used."""
        return any(v in _RETIRED for v in self.properties("status")) or True in self.properties("inactive")

    @property
    def abstract(self) -> bool:
        """Whether the code only groups others."""
        return True in self.properties("notSelectable") or True in self.properties("abstract")

    def shown(self, language: str | None) -> str:
        """The display in a language, as far as there is one, else the display as it stands."""
        if language:
            for one in self.designations:
                if str(one.get("language", "")).casefold() == language.casefold():
                    return str(one["value"])
        return self.display


@dataclass(frozen=True, slots=True)
class System:
    """The concepts of a CodeSystem. `complete`: a code that is not listed is none of the system's."""

    url: str
    version: str | None
    name: str
    complete: bool
    sensitive: bool
    concepts: Mapping[str, Concept]
    _folded: Mapping[str, str] = field(default_factory=dict)

    def find(self, code: str) -> Concept | None:
        """The concept of a code; case counts where the system says so, and also where it says nothing."""
        found = self.concepts.get(code)
        if found is None and not self.sensitive:
            found = self.concepts.get(self._folded.get(code.casefold(), ""))
        return found

    def below(self, code: str) -> tuple[Concept, ...]:
        """The concept and all that it subsumes; empty when it is not there."""
        return self._walk(code, "children")

    def above(self, code: str) -> tuple[Concept, ...]:
        """The concept and all that subsume it; empty when it is not there."""
        return self._walk(code, "parents")

    def _walk(self, code: str, way: str) -> tuple[Concept, ...]:
        start = self.find(code)
        found: dict[str, Concept] = {}
        waiting = [] if start is None else [start]
        while waiting:
            concept = waiting.pop()
            if concept.code not in found:
                found[concept.code] = concept
                waiting += [self.concepts[c] for c in reversed(getattr(concept, way)) if c in self.concepts]
        return tuple(found.values())


def system_of(resource: Resource) -> System:
    """The concepts of a valid CodeSystem, nested ones and those that name their parent in a property."""
    listed = list(_flat(resource.get("concept", ())))
    parents: dict[str, list[str]] = {told["code"]: [] for told, _ in listed}
    children: dict[str, list[str]] = {told["code"]: [] for told, _ in listed}
    for told, parent in listed:
        named = [str(v) for v in _named(told, _ABOVE)]
        for above in dict.fromkeys([*([parent] if parent else []), *named]):
            parents[told["code"]].append(above)
            children.setdefault(above, []).append(told["code"])
        for below in map(str, _named(told, frozenset({"child"}))):
            children[told["code"]].append(below)
            parents.setdefault(below, []).append(told["code"])
    concepts = {told["code"]: _concept(told, parents, children) for told, _ in listed}
    sensitive = resource.get("caseSensitive", True)
    return System(
        url=resource.get("url", ""),
        version=resource.get("version"),
        name=resource.get("title") or resource.get("name") or resource.get("url", ""),
        complete=resource.get("content") == "complete",
        sensitive=sensitive,
        concepts=concepts,
        _folded={} if sensitive else {code.casefold(): code for code in concepts},
    )


def _concept(told: Mapping[str, Any], parents: Mapping[str, list[str]], children: Mapping[str, list[str]]) -> Concept:
    code = told["code"]
    above, below = tuple(dict.fromkeys(parents[code])), tuple(dict.fromkeys(children[code]))
    return Concept(code, told.get("display", ""), told, above, below)


def _flat(concepts: Iterable[Mapping[str, Any]]) -> Iterable[tuple[Mapping[str, Any], str | None]]:
    """Every concept with the code it is nested in, in the order they are written."""
    waiting: list[tuple[Mapping[str, Any], str | None]] = [(told, None) for told in reversed(list(concepts))]
    while waiting:
        told, parent = waiting.pop()
        yield told, parent
        waiting += [(below, told["code"]) for below in reversed(told.get("concept", ()))]


def _named(told: Mapping[str, Any], codes: frozenset[str]) -> Iterable[Any]:
    return (value_of(p) for p in told.get("property", ()) if p.get("code") in codes)


def value_of(told: Mapping[str, Any]) -> Any:
    """The `value[x]` of an element, None when it has none."""
    return next((value for name, value in told.items() if name.startswith("value")), None)
