"""Neither a definition nor a resource makes the checker of profiles raise, whatever JSON it is (SR: hostile input)."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from profiles.issue_codes import ISSUE_CODES
from profiles.issues import Issue
from profiles.snapshots import Profile, compile_profile, needed
from profiles.validate import check
from tests.unit.profiles.test_validate_anything import JSON, KEYS, replaced

FILE = Path(__file__).parents[2] / "cases" / "profiles" / "no-basis.jsonl.gz"
ALL = [json.loads(line) for line in gzip.decompress(FILE.read_bytes()).splitlines()]
KNOWN = {resource["url"]: resource for resource in ALL if "url" in resource}
PATIENT = KNOWN["http://hl7.no/fhir/StructureDefinition/no-basis-Patient"]
EXAMPLES = [resource for resource in ALL if resource["resourceType"] == "Patient"]
SMALL = [r for r in KNOWN.values() if r["resourceType"] == "StructureDefinition" and len(json.dumps(r)) < 20_000]
MADE = compile_profile(PATIENT, KNOWN.get)


def rendered(issues: tuple[Issue, ...]) -> bool:
    return all(i.code in ISSUE_CODES and i.at and i.text and i.at.isprintable() for i in issues)


@settings(max_examples=200)
@given(st.data())
def test_example_with_a_part_replaced_gets_a_verdict_by_its_profile(data: st.DataObject) -> None:
    assert isinstance(MADE, Profile)
    assert rendered(check(replaced(data.draw(st.sampled_from(EXAMPLES)), data), None, (MADE,)))


@given(st.dictionaries(KEYS, JSON, max_size=6))
def test_any_content_gets_a_verdict_by_a_profile(content: dict[str, Any]) -> None:
    assert isinstance(MADE, Profile)
    assert rendered(check({**content, "resourceType": "Patient"}, "Patient", (MADE,)))


@settings(max_examples=200)
@given(st.data())
def test_definition_with_a_part_replaced_is_a_profile_or_says_why_not(data: st.DataObject) -> None:
    definition = replaced(data.draw(st.sampled_from(SMALL)), data)
    if not isinstance(definition, dict):
        return

    made = compile_profile(definition, KNOWN.get)

    assert isinstance(needed(definition), frozenset)
    if isinstance(made, Profile):
        assert rendered(check({"resourceType": "Patient", "extension": [{"url": made.url}]}, None, (made,)))
    else:
        assert rendered(made)


@pytest.mark.parametrize("url", ["", "\n", 1, None])
def test_definition_without_an_address_says_why_it_is_no_profile(url: object) -> None:
    made = compile_profile({"url": url})

    assert not isinstance(made, Profile)
    assert [issue.at for issue in made] == ["StructureDefinition"]
