"""Golden cases: what each message comes to, as data (S19). Every proposed resource is valid R4 (SR-20, decision 23)."""

import json
import os
from importlib import import_module
from pathlib import Path

import pytest

from mappings.hl7v2.format import message_types
from profiles.validate import check
from tests.golden import CASES, cases, expected_of, resolved, translation_of

UPDATE = os.environ.get("KNUTEPUNKT_UPDATE_CASES") == "1"


def name_of(case: Path) -> str:
    return f"{case.parent.name}/{case.name}"


@pytest.mark.parametrize("case", cases(), ids=name_of)
def test_translation_is_as_expected(case: Path) -> None:
    expected = case / "expected.json"
    if UPDATE:
        expected.write_text(expected_of(case), encoding="utf-8")
    assert expected_of(case) == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("case", cases(), ids=name_of)
def test_every_proposal_is_valid_r4_and_parses_in_the_oracle(case: Path) -> None:
    translation = translation_of(case)
    types = {p.name: p.rtype for p in translation.proposals}
    for proposal in translation.proposals:
        resource = resolved(proposal.values, types)
        assert [i for i in check(resource) if i.refuses] == []
        model = getattr(import_module(f"fhir.resources.R4B.{proposal.rtype.lower()}"), proposal.rtype)
        assert model.model_validate_json(json.dumps(resource))


@pytest.mark.parametrize("case", cases(), ids=name_of)
def test_no_issue_tells_who_it_is_about(case: Path) -> None:
    """S12: names and numbers of a message are in none of its issues."""
    text = (case / "input.hl7").read_bytes().decode("utf-8", "replace")
    pid = next(line for line in text.split("\r") if line.startswith("PID"))
    words = {w for w in pid.replace("|", "^").replace("~", "^").split("^") if len(w) > 4 and w != "FNR"}
    said = " ".join(f"{i.at} {i.text}" for i in translation_of(case).issues)
    assert [w for w in words if w in said] == []


def test_every_supported_event_has_three_cases_with_a_readme() -> None:
    counts = {"_".join(key).lower(): len(list(CASES.glob("_".join(key).lower() + "/*"))) for key in message_types()}
    assert {event for event, count in counts.items() if count < 3} == set()
    assert [case for case in cases() if not (case / "README.md").is_file()] == []
