"""What the rules make by themselves keeps to the profile of what it is (workflow.md 5), in every case of every rule."""

import json
from pathlib import Path

import pytest

from fhir_service.rules import profile_of
from profiles import names
from profiles.conformance import profile
from profiles.issues import Issue
from profiles.resource import Resource
from profiles.validate import conforms
from tests.unit.rules.test_cases import FILES, judged


@pytest.mark.parametrize("file", FILES, ids=lambda f: f"{f.parent.name}/{f.stem}")
def test_what_a_rule_makes_keeps_to_its_profile(file: Path) -> None:
    case = json.loads(file.read_text(encoding="utf-8"))
    asked = {f"{r['resourceType']}/{r.get('id')}" for r in (*case["given"], case.get("draft", {"resourceType": ""}))}
    made = [draft.after for draft in judged(case).drafts if draft.after is not None and draft.reference not in asked]
    wrong = [(i.at, i.text) for resource in made for i in unkept(resource) if i.refuses]
    assert wrong == []


def unkept(resource: Resource) -> tuple[Issue, ...]:
    url = profile_of(resource)
    by = profile(url) if url else None
    return conforms(resource, (by,)) if by else ()


IMPORTED = {"tag": [{"system": names.TAG, "code": "imported"}]}
MEETING = [{"coding": [{"system": names.MEETING_KIND, "code": "evaluering"}]}]
FEEDBACK = [{"coding": [{"system": names.FEEDBACK_CATEGORY, "code": "receipt"}]}]
PLAN = [{"coding": [{"system": names.PLAN_CATEGORY, "code": "individuell-plan"}]}]


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ({"resourceType": "CarePlan", "category": PLAN}, names.IP_CARE_PLAN),
        ({"resourceType": "CarePlan", "category": PLAN, "meta": IMPORTED}, None),
        ({"resourceType": "CarePlan"}, None),
        ({"resourceType": "Goal", "meta": {"profile": [names.IP_GOAL]}}, names.IP_GOAL),
        ({"resourceType": "Goal"}, None),
        ({"resourceType": "Encounter", "type": MEETING}, names.IP_MEETING),
        ({"resourceType": "Encounter"}, None),
        ({"resourceType": "Communication", "category": FEEDBACK, "basedOn": [{"reference": "x/1"}]}, names.IP_FEEDBACK),
        ({"resourceType": "Communication", "category": FEEDBACK}, names.IP_FEEDBACK),
        ({"resourceType": "Communication"}, None),
        ({"resourceType": "Patient"}, None),
    ],
)
def test_profile_is_that_of_what_it_is(resource: Resource, expected: str | None) -> None:
    assert profile_of(resource) == expected
