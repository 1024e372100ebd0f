"""P4 and P5: while a plan is on hold nobody is asked to review it; when it goes on, the review is asked for again."""

from collections.abc import Iterable

from fhir_service.rules._case import children_of
from fhir_service.rules._drafting import revise
from fhir_service.rules._elements import extension, part, status
from fhir_service.rules._kinds import Kind, kind_of
from fhir_service.rules._model import Change, Effect, Rule
from profiles import names

REVIEW = "review-plan"


def effects(change: Change) -> Iterable[Effect]:
    """Open Tasks `review-plan` of the plan are on hold for its reason, or requested again."""
    plan = change.after
    if plan is None or kind_of(plan) is not Kind.PLAN:
        return
    step = (status(change.before), status(plan))
    for task in children_of(change.standing, plan, REVIEW):
        if step == ("active", "on-hold"):
            why = part(extension(plan, names.IP_STATUS_REASON), "valueCodeableConcept")
            yield revise(change.standing, task, status="on-hold", statusReason=why)
        elif step == ("on-hold", "active") and status(task) == "on-hold":
            yield revise(change.standing, task, status="requested", statusReason=None)


RULE = Rule(
    id="reviews-paused",
    title="A plan on hold is not reviewed",
    basis="forskrift om individuell plan ved ytelse av velferdstjenester; workflow.md 4.6 P4, P5",
    says="Når planen er satt på vent, venter evalueringen til planen tas opp igjen.",
    on=frozenset({"CarePlan"}),
    effects=effects,
    order=45,
)
