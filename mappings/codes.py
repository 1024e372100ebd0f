"""Look up codes in the concept maps under `profiles/concept_maps`: one FHIR ConceptMap as JSON per table.

A code is translated or it is not: nothing is ever invented, and what no map knows comes back with a warning that names
the place and the code (hl7v2-mapping.md 11, S8).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import profiles
from profiles.issues import Issue, warning

MAPS = Path(profiles.__file__).with_name("concept_maps")


@dataclass(frozen=True, slots=True)
class Target:
    """A code of the target system; `display` is empty where the map gives none."""

    system: str
    code: str
    display: str


@dataclass(frozen=True, slots=True)
class ConceptMap:
    """A ConceptMap ready for look-ups. Keys are in lower case: v2 codes differ in case only by mistake."""

    source: str
    """Code system of the source codes."""
    displays: Mapping[str, str]
    targets: Mapping[str, Target | None]
    """Source code -> target; None for a code that is known and has no counterpart."""

    def knows(self, code: str) -> bool:
        return code.casefold() in self.targets

    def target(self, code: str) -> Target | None:
        return self.targets.get(code.casefold())

    def display(self, code: str) -> str:
        return self.displays.get(code.casefold(), "")


@cache
def concept_map(name: str) -> ConceptMap:
    """The map of that name (`v2-0001-administrative-gender`)."""
    data = json.loads((MAPS / f"{name}.json").read_text(encoding="utf-8"))
    displays: dict[str, str] = {}
    targets: dict[str, Target | None] = {}
    for group in data["group"]:
        for element in group["element"]:
            key = element["code"].casefold()
            found = element["target"][0]
            displays[key] = element.get("display", "")
            targets[key] = Target(group["target"], found["code"], found.get("display", "")) if "code" in found else None
    return ConceptMap(data["group"][0]["source"], displays, targets)


def translate(name: str, code: str, at: str) -> tuple[Target | None, Issue | None]:
    """The counterpart of `code` in the map `name`, and a warning for `at` when the map does not know the code."""
    table = concept_map(name)
    if table.knows(code):
        return table.target(code), None
    return None, unknown_code(at, name)


def unknown_code(at: str, table: str) -> Issue:
    """The warning for a code in no table. The code is not shown: it may be text about a person, and `at` says where."""
    return warning("unknown-code", at, f"The code is not in the map {table}; kept as sent where possible.")
