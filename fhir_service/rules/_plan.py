"""The individual plan: its Goals, its reason for a status, its Tasks (workflow.md 4.6, 6.2)."""

from fhir_service.rules._elements import code_in, extension, part, reference, several
from fhir_service.rules._kinds import Kind, kind_of
from fhir_service.rules._model import Standing
from profiles import names
from profiles.code_systems import concept
from profiles.r4_types import Extension
from profiles.resource import Resource

MOVED = frozenset({"moved", "transferred"})
"""Reasons for which a plan is completed here because it goes on elsewhere (P9, 4.10)."""


def plans(standing: Standing, *statuses: str) -> list[Resource]:
    """The person's individual plans in these statuses."""
    return [p for p in standing.of("CarePlan") if kind_of(p) is Kind.PLAN and p.get("status") in statuses]


def goals_of(standing: Standing, plan: Resource) -> list[Resource]:
    """The Goals of a plan that can be found, contained ones too."""
    contained = {f"#{c.get('id')}": c for c in several(plan.get("contained")) if c.get("resourceType") == "Goal"}
    found = (contained.get(r) or standing.get(r) for r in map(reference, several(plan.get("goal"))) if r)
    return [g for g in found if g is not None]


def status_reason(plan: Resource) -> str | None:
    """The coded reason of a plan's status (extension ip-status-reason)."""
    return code_in(part(extension(plan, names.IP_STATUS_REASON), "valueCodeableConcept"), names.STATUS_REASON)


def with_reason(resource: Resource, reason: str) -> list[Extension]:
    """The extensions of a plan or team with that status reason."""
    others = [e for e in several(resource.get("extension")) if e.get("url") != names.IP_STATUS_REASON]
    return [*others, {"url": names.IP_STATUS_REASON, "valueCodeableConcept": concept(names.STATUS_REASON, reason)}]


def next_review(plan: Resource) -> object:
    """The date of the next review (extension ip-next-review)."""
    return part(extension(plan, names.IP_NEXT_REVIEW), "valueDate")
