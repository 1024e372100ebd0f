"""Our own code systems (domain.md 4.2): CodeSystem resources as data, and concepts made from them.

Displays are Norwegian bokmål; nynorsk and English are designations (decision 19).
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from profiles.r4_types import CodeableConcept, Coding
from profiles.resource import Resource, stated

__all__ = ["code_systems", "codes", "coding", "concept", "display"]

DATA = Path(__file__).parent


@cache
def code_systems() -> Mapping[str, Resource]:
    """Every CodeSystem that we define, by its canonical URL."""
    resources = (json.loads(file.read_text(encoding="utf-8")) for file in sorted(DATA.glob("*.json")))
    return {resource["url"]: resource for resource in resources}


@cache
def codes(system: str) -> frozenset[str]:
    """The codes of one of our systems; empty for others."""
    return frozenset(c["code"] for c in code_systems().get(system, {}).get("concept", ()))


@cache
def display(system: str, code: str, language: str = "nb") -> str | None:
    """How a code is told to people in `nb`, `nn` or `en`; None for a code that is not ours."""
    found = next((c for c in code_systems().get(system, {}).get("concept", ()) if c["code"] == code), None)
    if found is None:
        return None
    told = {d["language"]: d["value"] for d in found.get("designation", ())}
    return str(told.get(language, found["display"]))


def coding(system: str, code: str) -> Coding:
    """A Coding, with its display when it is ours."""
    found: Coding = {"system": system, "code": code, "display": display(system, code)}
    return stated(found)


def concept(system: str, code: str) -> CodeableConcept:
    """A CodeableConcept of one coding."""
    return {"coding": [coding(system, code)]}
