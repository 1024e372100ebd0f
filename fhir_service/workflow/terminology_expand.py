"""Which codes a value set holds.  Pure: everything that it names has been brought before.

https://hl7.org/fhir/R4/valueset.html#compositions
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from fhir_service.workflow.terminology_filters import filtered
from fhir_service.workflow.terminology_systems import System
from profiles.issues import Issue, error
from profiles.resource import Resource

MOST = 100_000
"""Codes of one expansion while it is worked out (SR-8)."""
MOST_SETS = 500
"""Value sets looked into for one."""
Key: TypeAlias = tuple[str, str]
"""(system, code)"""


@dataclass(frozen=True, slots=True)
class Member:
    """One code of a value set."""

    system: str
    code: str
    display: str = ""
    designations: tuple[Resource, ...] = ()
    inactive: bool = False
    abstract: bool = False
    version: str | None = None


Members: TypeAlias = dict[Key, Member]


@dataclass(frozen=True, slots=True)
class Content:
    """What was found of what a value set names; None: it was looked for and is not known."""

    systems: Mapping[str, System | None]
    sets: Mapping[str, Resource | None]


def named(compose: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(systems whose concepts are needed or helpful, value sets) that a compose names."""
    rules = [*compose.get("include", ()), *compose.get("exclude", ())]
    systems = (rule["system"] for rule in rules if "system" in rule)
    return tuple(dict.fromkeys(systems)), tuple(dict.fromkeys(v for rule in rules for v in rule.get("valueSet", ())))


def expanded(value_set: Resource, content: Content) -> Members | Issue:
    """Every code of the value set, in the order it lists them; or why they cannot be listed."""
    return _Walk(content).members(value_set, ())


def whole_systems(value_set: Resource) -> tuple[str, ...] | None:
    """The systems, when the value set is nothing but all codes of some systems; None otherwise."""
    compose = value_set.get("compose", {})
    rules = compose.get("include", ())
    plain = all("system" in rule and not rule.keys() & {"concept", "filter", "valueSet"} for rule in rules)
    return tuple(rule["system"] for rule in rules) if rules and plain and not compose.get("exclude") else None


@dataclass(slots=True)
class _Walk:
    content: Content
    looked_into: int = 0

    def members(self, value_set: Resource, within: tuple[str, ...]) -> Members | Issue:
        self.looked_into += 1
        url = value_set.get("url", "")
        if url and url in within:
            return error("not-expandable", "ValueSet.compose", "The value set includes itself")
        if self.looked_into > MOST_SETS:
            return error("too-costly", "ValueSet.compose", f"More than {MOST_SETS} value sets are included")
        compose = value_set.get("compose")
        if compose is None:
            return _listed(value_set)
        inside = self._union(compose.get("include", ()), (*within, url))
        outside = self._union(compose.get("exclude", ()), (*within, url))
        if isinstance(inside, Issue) or isinstance(outside, Issue):
            return inside if isinstance(inside, Issue) else outside
        kept = {key: member for key, member in inside.items() if key not in outside}
        if compose.get("inactive", True):
            return kept
        return {key: member for key, member in kept.items() if not member.inactive}

    def _union(self, rules: Iterable[Mapping[str, Any]], within: tuple[str, ...]) -> Members | Issue:
        found: Members = {}
        for rule in rules:
            members = self._rule(rule, within)
            if isinstance(members, Issue):
                return members
            found.update((key, member) for key, member in members.items() if key not in found)
            if len(found) > MOST:
                return error("too-costly", "ValueSet.compose", f"The value set has more than {MOST} codes")
        return found

    def _rule(self, rule: Mapping[str, Any], within: tuple[str, ...]) -> Members | Issue:
        """All codes that are in the system as filtered and in each of the value sets."""
        chosen = self._of_system(rule) if "system" in rule else None
        if isinstance(chosen, Issue):
            return chosen
        for url in rule.get("valueSet", ()):
            other = self.content.sets.get(url)
            if other is None:
                return unknown("value set", url)
            members = self.members(other, within)
            if isinstance(members, Issue):
                return members
            chosen = members if chosen is None else {key: m for key, m in chosen.items() if key in members}
        return chosen or {}

    def _of_system(self, rule: Mapping[str, Any]) -> Members | Issue:
        url = rule["system"]
        system = self.content.systems.get(url)
        if "concept" in rule:
            return _enumerated(url, rule["concept"], system)
        if system is None:
            return unknown("code system", url)
        concepts = filtered(system, rule.get("filter", ()))
        if isinstance(concepts, Issue):
            return concepts
        return {
            (url, c.code): Member(url, c.code, c.display, c.designations, c.inactive, c.abstract, system.version)
            for c in concepts
        }


def _enumerated(url: str, listed: Iterable[Mapping[str, Any]], system: System | None) -> Members:
    """The concepts that a rule lists itself; what it does not tell about them comes from the system."""
    found: Members = {}
    for told in listed:
        code = told["code"]
        concept = system.find(code) if system else None
        found[url, code] = Member(
            system=url,
            code=code,
            display=told.get("display") or (concept.display if concept else ""),
            designations=tuple(told.get("designation", ())) or (concept.designations if concept else ()),
            inactive=concept.inactive if concept else False,
            abstract=concept.abstract if concept else False,
            version=told.get("version") or (system.version if system else None),
        )
    return found


def _listed(value_set: Resource) -> Members | Issue:
    """The stored expansion of a value set that says nothing else."""
    expansion = value_set.get("expansion")
    if expansion is None:
        return error("not-expandable", "ValueSet", "The value set has neither compose nor expansion")
    found: Members = {}
    waiting = list(reversed(expansion.get("contains", ())))
    while waiting:
        told = waiting.pop()
        waiting += reversed(told.get("contains", ()))
        if "code" in told:
            system = told.get("system", "")
            member = Member(system, told["code"], told.get("display", ""), tuple(told.get("designation", ())))
            found[system, told["code"]] = member
    return found


def unknown(kind: str, url: str) -> Issue:
    """A code system, value set or concept map that is neither stored nor comes with the service. Canonical addresses
    are about no person, so this one is told."""
    return error("unknown-terminology", "", f"The {kind} {url[:400]} is not known here")
