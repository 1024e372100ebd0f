"""The page about the checker and HL7's validator, from the recorded verdicts."""

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

CASES = Path(__file__).parents[1] / "tests" / "cases"
FOLDERS = (
    ("r4", "R4", "Cases of FHIR R4 itself, most of them broken in one way: `tests/cases/r4/verdicts.json`."),
    ("profiles", "Profiles", "Cases of the Norwegian base profiles (no-basis): `tests/cases/profiles/verdicts.json`."),
)
PROFILES = (
    "\n## Profiles that are stored here\n",
    "`meta.profile` is enforced on create, update, patch and transaction when a StructureDefinition of that",
    "address (`url` or `url|version`) with a snapshot is stored here; a profile that is not is accepted, and",
    "`$validate` says so. A profile is compiled when it is first claimed, and again when any StructureDefinition,",
    "ValueSet or CodeSystem was written, by whichever process. One that comes in the same transaction as what",
    "claims it does not count yet.\n",
    "Judged are cardinality, fixed values and patterns, types, targets by type, lengths and bounds, required and",
    "extensible bindings whose codes can be listed, slices (by value, pattern, exists, type, and by profile of",
    "the item itself), rules in FHIRPath, and the definitions of extensions. Not judged, and told as information",
    "by `$validate`: slices of slices; slices that nothing in the snapshot tells apart; codes that cannot be",
    "listed; rules that ask for `now()`, `today()`, `memberOf()`, `conformsTo()` or a regular expression that",
    "could take too long. A profile with a differential only cannot be used: publish it with its snapshot.",
)
Table = Callable[[tuple[str, ...], Iterable[tuple[str, ...]]], Iterator[str]]


def checker(table: Table) -> Iterator[str]:
    """The lines of the page."""
    yield "# What the checker says, and what HL7's validator says\n"
    yield "Every resource that is written is checked against FHIR R4 4.0.1: structure, primitive types, required codes,"
    yield "reference targets, narrative and all invariants; and by the profiles that it claims, where they are stored"
    yield "here. The same resources were shown to HL7's own validator (Java, offline;"
    yield "`tests/oracles/record_verdicts.py`). Where the two differ in whether they refuse one, the reason stands"
    yield "below. A test holds the page to the verdicts."
    yield from PROFILES
    for folder, title, text in FOLDERS:
        yield from _of(folder, title, text, table)
    yield ""


def _of(folder: str, title: str, text: str, table: Table) -> Iterator[str]:
    theirs, why = _read(folder, "hl7_verdicts.json"), _read(folder, "differences.json")
    both = sum(bool(said) for name, said in theirs.items() if name not in why)
    yield f"\n## {title}\n\n{text} {len(theirs)} cases: {both} are refused by both, {len(why)} by one of the two.\n"
    rows = ((name, _who(theirs[name]), reason) for name, reason in why.items())
    yield from table(("Case", "Refused by", "Why"), rows)


def _who(said: list[Any]) -> str:
    return "HL7's validator" if said else "Knutepunkt"


def _read(folder: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((CASES / folder / name).read_text(encoding="utf-8"))
    return found
