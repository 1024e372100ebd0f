"""P2: drafting is done, reviewing begins."""

from collections.abc import Iterable, Iterator

from fhir_service.rules._case import children, children_of
from fhir_service.rules._drafting import make, revise
from fhir_service.rules._elements import reference_to, references, several, status
from fhir_service.rules._kinds import Kind, enters, is_imported, kind_of
from fhir_service.rules._model import Change, Draft, Effect, Rule
from fhir_service.rules._people import plan_consent
from fhir_service.rules._plan import next_review
from fhir_service.rules._tasks import child, completed_with
from fhir_service.rules._team import coordinator, led_team
from fhir_service.rules._times import end_of_day, instant, parse_date
from profiles.r4_types import TaskRestriction
from profiles.resource import Resource


def effects(change: Change) -> Iterable[Effect]:
    """`draft-plan` completed, `review-plan` made, the consent that it goes by named."""
    plan = change.after
    if plan is None or kind_of(plan) is not Kind.PLAN:
        return
    if enters(change, Kind.PLAN, "active") and status(change.before) != "on-hold":
        for task in children(change.standing, "draft-plan"):
            yield completed_with(change.standing, task, "care-plan", plan)
    if plan.get("status") == "active":
        yield from _review(change, plan)
    if enters(change, Kind.PLAN, "active") and not is_imported(plan):
        yield from _consent_named(change, plan)


def _consent_named(change: Change, plan: Resource) -> Iterator[Draft]:
    """A plan in force refers to a Consent (workflow.md 5): to the one that lets it be, where the client left it out."""
    told, consent = several(plan.get("supportingInfo")), plan_consent(change.standing)
    if consent is not None and not any(found.startswith("Consent/") for found in references(told)):
        yield revise(change.standing, plan, supportingInfo=[*told, reference_to(consent)])


def _review(change: Change, plan: Resource) -> Iterator[Draft]:
    """One open `review-plan`, due on the day of the next review."""
    review = parse_date(next_review(plan))
    if review is None:
        return
    period: TaskRestriction = {"period": {"end": end_of_day(review)}}
    waiting = children_of(change.standing, plan, "review-plan")
    for task in waiting:
        yield revise(change.standing, task, restriction=period)
    owner = coordinator(led_team(change.standing, plan)) or plan.get("author")
    if not waiting and owner:
        cause = f"{plan['id']}|{review.isoformat()}|{instant(change.context.now)}"
        made = child(change, plan, "review-plan", cause, owner=owner, restriction=period)
        yield from make(change.standing, made)


RULE = Rule(
    id="plan-activated",
    title="A plan in force is reviewed",
    basis="forskrift om individuell plan ved ytelse av velferdstjenester; workflow.md 4.6 P2",
    says="Når planen er tatt i bruk, evalueres den til avtalt tid.",
    on=frozenset({"CarePlan"}),
    effects=effects,
)
