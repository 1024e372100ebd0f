"""CarePlan: the individual plan has a place in force (INV-01); other plans are stored without (decision 10)."""

from fhir_service.resources._codings import has_coding
from fhir_service.resources._model import OwnParameter, ResourceType
from fhir_service.resources.care_team import PLANS_BY_COORDINATOR
from profiles.names import IP_MANAGING_MUNICIPALITY, IP_NEXT_REVIEW, PLAN_CATEGORY
from profiles.resource import Resource

IN_FORCE = frozenset({"draft", "active", "on-hold"})
"""Statuses of INV-01."""


def is_individual_plan(plan: Resource) -> bool:
    """Whether the plan is of category `individuell-plan`."""
    return has_coding(plan.get("category"), PLAN_CATEGORY, {"individuell-plan"})


def _in_force(plan: Resource) -> tuple[str, ...]:
    return ("plan",) if plan.get("status") in IN_FORCE and is_individual_plan(plan) else ()


RESOURCE = ResourceType(
    name="CarePlan",
    typed=("patient", "subject", "status", "intent", "date"),
    parameters=(
        OwnParameter(
            "managing-municipality",
            "reference",
            f"CarePlan.extension('{IP_MANAGING_MUNICIPALITY}').value",
            "Plans that a municipality is responsible for",
            ("Organization",),
        ),
        OwnParameter(
            "next-review", "date", f"CarePlan.extension('{IP_NEXT_REVIEW}').value", "When plans are reviewed next"
        ),
        PLANS_BY_COORDINATOR,
    ),
    in_force=_in_force,
    guarded=is_individual_plan,
)
