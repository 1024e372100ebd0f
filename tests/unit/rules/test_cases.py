"""Every rule by example: `tests/cases/rules/<rule>/<case>.json`.

`given`: the person's resources; `draft`: what is wanted (or `delete`: a reference); `by`: the role, or null for a
developer; `organization`: for whom they call; `cause`: the road it came by; `settings`: what the municipality has set
otherwise; `person`: false when it is nobody known. `expect`: `issues` (code and place of every reason), or `drafts` and
`dispatches` (one line for each thing that is written or sent).
"""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from fhir_service.principal import Principal
from fhir_service.rules import Draft, Judgement, Settings, rules
from profiles.resource import Resource
from tests.unit.rules.world import NOW, World, assert_valid

CASES = Path(__file__).parents[2] / "cases" / "rules"
FILES = sorted(CASES.glob("*/*.json"))


def line(draft: Draft) -> str:
    """`create Task draft-plan requested`, `update CarePlan on-hold`."""
    after = draft.after
    if after is None:
        return f"delete {draft.reference}"
    verb = "create" if draft.before is None else "update"
    state = after.get("status") or after.get("lifecycleStatus")
    return " ".join(word for word in (verb, draft.rtype, label(after), business(after), state) if word)


def label(resource: Resource) -> str | None:
    concept = resource.get("code") if resource["resourceType"] in ("Task", "Flag") else None
    if resource["resourceType"] == "Communication":
        concept = resource["category"][0]
    return str(concept["coding"][0]["code"]) if concept else None


def business(resource: Resource) -> str | None:
    concept = resource.get("businessStatus")
    return f"({concept['coding'][0]['code']})" if concept else None


def summary(judgement: Judgement) -> dict[str, list[str]]:
    if judgement.refused:
        return {"issues": [f"{i.code} {i.at}" for i in judgement.issues]}
    sent = [f"{d.kind} {d.payload['status']} to {d.destination}" for d in judgement.dispatches]
    return {"drafts": sorted(map(line, judgement.drafts)), **({"dispatches": sent} if sent else {})}


def judged(case: dict[str, object]) -> Judgement:
    given: list[Resource] = case["given"]  # type: ignore[assignment]
    world = World({f"{r['resourceType']}/{r['id']}": r for r in given}, NOW + timedelta(days=1))
    world.settings = Settings(**case.get("settings", {}))  # type: ignore[arg-type]
    world.person = "person" if case.get("person", True) else None
    by = Principal(role=case["by"], organization=case.get("organization"))  # type: ignore[arg-type]
    if "delete" in case:
        before = world.resources[str(case["delete"])]
        return world.judged(Draft(before["resourceType"], before["id"], None, before, by))
    return world.judged(world.draft(case["draft"], by, str(case.get("cause", "rest"))))  # type: ignore[arg-type]


def cases_of(rule: str) -> Iterator[Path]:
    return (CASES / rule).glob("*.json")


@pytest.mark.parametrize("file", FILES, ids=lambda f: f"{f.parent.name}/{f.stem}")
def test_rule_says_what_the_case_expects(file: Path) -> None:
    case = json.loads(file.read_text(encoding="utf-8"))
    judgement = judged(case)
    assert summary(judgement) == case["expect"]
    for draft in judgement.drafts:
        if draft.after is not None:
            assert_valid(draft.after)


@pytest.mark.parametrize("file", FILES, ids=lambda f: f"{f.parent.name}/{f.stem}")
def test_case_begins_with_valid_resources(file: Path) -> None:
    for resource in json.loads(file.read_text(encoding="utf-8"))["given"]:
        assert_valid(resource)


@pytest.mark.parametrize("rule", rules(), ids=lambda r: r.id)
def test_every_rule_has_a_case_and_a_reason(rule: object) -> None:
    found = next(r for r in rules() if r is rule)
    assert list(cases_of(found.id))
    assert found.title
    assert found.basis
    assert found.says.endswith(".")
