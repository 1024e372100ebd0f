"""Decision 9: which Tasks, Consents and Goals need If-Match and are not deleted."""

from typing import Any

import pytest

from fhir_service.resources import resource_type
from profiles.names import CONSENT_KIND, IP_GOAL, IP_PART_OF, KE_TASK_CODE, TASK_CODE


def coded(element: str, system: str, code: str) -> dict[str, Any]:
    concept = {"coding": [{"system": "http://example.org", "code": "x"}, {"system": system, "code": code}]}
    return {element: [concept] if element == "category" else concept}


@pytest.mark.parametrize(
    ("rtype", "resource"),
    [
        ("Task", coded("code", KE_TASK_CODE, "assess-need")),
        ("Task", coded("code", KE_TASK_CODE, "draft-plan")),
        ("Task", coded("code", TASK_CODE, "abort")),
        ("Consent", coded("category", CONSENT_KIND, "plan-creation")),
        ("Goal", {"meta": {"profile": ["http://example.org/p", IP_GOAL]}}),
        ("Goal", {"meta": {"profile": [IP_GOAL + "|1.0.0"]}}),
        ("Goal", {"extension": [{"url": IP_PART_OF, "valueReference": {"reference": "Goal/1"}}]}),
    ],
)
def test_resources_of_the_individual_plan_are_guarded(rtype: str, resource: dict[str, Any]) -> None:
    assert resource_type(rtype).guarded({"resourceType": rtype, **resource})


@pytest.mark.parametrize(
    ("rtype", "resource"),
    [
        ("Task", {}),
        ("Task", coded("code", TASK_CODE, "fulfill")),
        ("Task", {"code": {"text": "assess-need"}}),
        ("Consent", coded("category", "http://loinc.org", "59284-0")),
        ("Goal", {"meta": {}}),
        ("Goal", {"meta": {"profile": [IP_GOAL + "-other"]}}),
        ("Goal", {"extension": [{"url": "http://example.org/part-of"}]}),
        ("Encounter", {}),
    ],
)
def test_ordinary_resources_are_not_guarded(rtype: str, resource: dict[str, Any]) -> None:
    assert not resource_type(rtype).guarded({"resourceType": rtype, **resource})
