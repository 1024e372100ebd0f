"""INV-01 and decisions 9, 10: which CarePlans have a place in force, which are guarded."""

from typing import Any

import pytest

from fhir_service.resources import resource_type
from profiles.names import PLAN_CATEGORY

CARE_PLAN = resource_type("CarePlan")
INDIVIDUAL = {"coding": [{"system": PLAN_CATEGORY, "code": "individuell-plan"}]}


def plan(status: str = "active", *categories: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "CarePlan", "status": status, "category": list(categories or (INDIVIDUAL,))}


@pytest.mark.parametrize(
    ("status", "kinds"),
    [
        ("draft", ("plan",)),
        ("active", ("plan",)),
        ("on-hold", ("plan",)),
        ("completed", ()),
        ("revoked", ()),
        ("entered-in-error", ()),
        ("unknown", ()),
    ],
)
def test_individual_plan_is_in_force_by_its_status(status: str, kinds: tuple[str, ...]) -> None:
    assert CARE_PLAN.in_force(plan(status)) == kinds


def test_individual_plan_is_guarded_whatever_its_status() -> None:
    assert CARE_PLAN.guarded(plan("completed"))


@pytest.mark.parametrize(
    "category",
    [
        {"coding": [{"system": "http://example.org", "code": "individuell-plan"}]},
        {"coding": [{"code": "individuell-plan"}]},
        {"coding": [{"system": PLAN_CATEGORY, "code": "zone-plan"}]},
        {"text": "individuell-plan"},
        {"coding": ["individuell-plan"]},
    ],
)
def test_other_plans_are_ordinary(category: dict[str, Any]) -> None:
    """Decision 10: the category is a system and a code."""
    assert CARE_PLAN.in_force(plan("active", category)) == ()
    assert not CARE_PLAN.guarded(plan("active", category))


def test_one_of_several_categories_is_enough() -> None:
    assert CARE_PLAN.in_force(plan("draft", {"text": "else"}, {"coding": [{"code": "x"}, *INDIVIDUAL["coding"]]}))


def test_category_of_another_shape_is_no_category() -> None:
    """SR-16: guards are asked about whatever was stored or sent."""
    assert not CARE_PLAN.guarded({"resourceType": "CarePlan", "category": ["individuell-plan", None]})
    assert not CARE_PLAN.guarded({"resourceType": "CarePlan", "category": "individuell-plan"})
