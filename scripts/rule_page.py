"""The page of rules: reason, what it says, with which codes it refuses, and its cases (docs/reference/rules.md)."""

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from fhir_service import catalogue
from fhir_service.catalogue import RuleEntry
from profiles.issue_codes import ISSUE_CODES

CASES = Path(__file__).parents[1] / "tests" / "cases" / "rules"
Table = Callable[[tuple[str, ...], Iterable[tuple[str, ...]]], Iterator[str]]
DEVELOPER = "-"


def rules(table: Table) -> Iterator[str]:
    """The page, line by line."""
    yield "# Rules\n"
    yield "Every write, from a message or over REST, is judged by these, in this order. Each is one module under"
    yield "`fhir_service/rules`, with its reason and what it says to a person. The cases are files under"
    yield "`tests/cases/rules`: what stands, who wants what, and what comes of it.\n"
    entries = catalogue.rules()
    yield from table(("Rule", "Title", "Basis", "Refuses with"), map(_row, entries))
    for entry in entries:
        rule = entry.declared
        yield f"\n## {rule.id}\n\n{rule.title}. Looks at {', '.join(sorted(rule.on))}.\n"
        yield f"- Basis: {rule.basis}\n- Says: «{rule.says}»\n\n{entry.text}\n"
        yield from table(("Case", "Wanted", "By", "Outcome"), map(_case, _files(rule.id)))
    yield ""


def _row(entry: RuleEntry) -> tuple[str, ...]:
    rule = entry.declared
    found = {code for file in _files(rule.id) for code in _codes(_read(file))}
    told = (f"`{code}` ({ISSUE_CODES[code].http})" for code in sorted(found))
    return f"[{rule.id}](#{rule.id})", rule.title, rule.basis, ", ".join(told)


def _case(file: Path) -> tuple[str, ...]:
    case = _read(file)
    outcome = "; ".join(case["expect"].get("issues", ())) or "accepted: " + "; ".join(_written(case["expect"]))
    return file.stem.replace("-", " "), _wanted(case), case["by"] or DEVELOPER, outcome


def _wanted(case: dict[str, Any]) -> str:
    if "delete" in case:
        return f"delete {str(case['delete']).partition('/')[0]}"
    wanted = case["draft"]
    state = wanted.get("status") or wanted.get("lifecycleStatus") or ""
    return f"{wanted['resourceType']} {state}".strip()


def _written(expect: dict[str, list[str]]) -> list[str]:
    return [*expect.get("drafts", ()), *(f"sends {line}" for line in expect.get("dispatches", ()))]


def _codes(case: dict[str, Any]) -> list[str]:
    return [line.partition(" ")[0] for line in case["expect"].get("issues", ())]


def _files(rule: str) -> list[Path]:
    return sorted((CASES / rule).glob("*.json"))


def _read(file: Path) -> dict[str, Any]:
    case: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return case
