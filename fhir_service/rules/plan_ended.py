"""P4, P6, P7, P8, P9: a plan is paused or ends for a reason, and its open work with it."""

from collections.abc import Iterable, Iterator

from fhir_service.rules._case import children, children_of
from fhir_service.rules._elements import extension, part, references, several, status
from fhir_service.rules._kinds import Kind, enters, kind_of
from fhir_service.rules._model import Change, Effect, Rule, Standing
from fhir_service.rules._plan import MOVED, goals_of, plans, status_reason
from fhir_service.rules._tasks import cancelled_because
from fhir_service.rules._transitions import IN_FORCE
from profiles import names
from profiles.issues import Issue, error
from profiles.resource import Resource

REVOKED = frozenset({"person-declined", "consent-withdrawn", "deceased", "merged", "abandoned", "moved"})
GOAL_ENDED = frozenset({"completed", "entered-in-error"})
GOAL_DROPPED = frozenset({"cancelled", "rejected"})
EVALUATION = "evaluering"


def check(change: Change) -> Iterable[Issue]:
    """The reasons, and that a completed plan is evaluated."""
    plan = change.after
    if plan is None or kind_of(plan) is not Kind.PLAN:
        return
    if enters(change, Kind.PLAN, "on-hold") and not _says_why(plan):
        text = "A plan on hold says why: extension ip-status-reason"
        yield error("rule", "CarePlan.extension", text)
    if _is_replaced(change.standing, plan):
        return
    if enters(change, Kind.PLAN, "revoked"):
        yield from _revoked(change, plan)
    if enters(change, Kind.PLAN, "completed") and status_reason(plan) not in MOVED:
        yield from _completed(change.standing, plan)


def effects(change: Change) -> Iterable[Effect]:
    """Open Tasks of the plan are closed. The team lives on if the right to a coordinator does."""
    plan = change.after
    if plan is None or not enters(change, Kind.PLAN, "completed", "revoked", "entered-in-error"):
        return
    yield from (cancelled_because(change.standing, task, "plan-ended") for task in _open_work(change, plan))


def _open_work(change: Change, plan: Resource) -> Iterator[Resource]:
    # A merge that waits for one of two plans to end goes on: it ends with the merge (patient-replaced).
    yield from (t for t in children_of(change.standing, plan) if "reasonReference" not in t)
    if not plans(change.standing, "draft", "active", "on-hold"):
        yield from children(change.standing, "draft-plan")


def _is_replaced(standing: Standing, plan: Resource) -> bool:
    """P8: a plan that is in force at the end of the transaction takes its place; that is why it ends."""
    wanted = f"CarePlan/{plan['id']}"
    return any(wanted in references(other.get("replaces")) for other in plans(standing, *IN_FORCE))


def _says_why(plan: Resource) -> bool:
    reason = part(extension(plan, names.IP_STATUS_REASON), "valueCodeableConcept") or {}
    return bool(reason.get("text") or reason.get("coding"))


def _revoked(change: Change, plan: Resource) -> Iterable[Issue]:
    reason = status_reason(plan)
    if reason not in REVOKED:
        text = f"A revoked plan has a coded extension ip-status-reason: one of {', '.join(sorted(REVOKED))}"
        yield error("rule", "CarePlan.extension", text)
    elif reason == "abandoned" and status(change.before) != "draft":
        yield error("rule", "CarePlan.extension", "Only a draft is abandoned")


def _completed(standing: Standing, plan: Resource) -> Iterable[Issue]:
    if not all(_has_ended(goal) for goal in goals_of(standing, plan)):
        text = (
            "A plan is completed when every Goal has ended: lifecycleStatus completed, or cancelled or rejected with a "
            "statusReason"
        )
        yield error("rule", "CarePlan.goal", text)
    if not _is_evaluated(standing, plan):
        text = (
            "A plan is completed with a final evaluation: a finished Encounter of type evaluering, or a completed "
            "Task review-plan"
        )
        yield error("rule", "CarePlan.status", text)


def _has_ended(goal: Resource) -> bool:
    ends = goal.get("lifecycleStatus")
    return ends in GOAL_ENDED or (ends in GOAL_DROPPED and bool(goal.get("statusReason")))


def _is_evaluated(standing: Standing, plan: Resource) -> bool:
    meetings = (e for e in standing.of("Encounter") if e.get("status") == "finished")
    kinds = (c for e in meetings for concept in several(e.get("type")) for c in several(concept.get("coding")))
    if any(c.get("code") == EVALUATION for c in kinds):
        return True
    reviews = children_of(standing, plan, "review-plan", only_open=False)
    return any(t.get("status") == "completed" for t in reviews)


RULE = Rule(
    id="plan-ended",
    title="A plan is paused or ends for a reason",
    basis="forskrift om individuell plan ved ytelse av velferdstjenester; workflow.md 4.6 P4, P6, P7, P9",
    says="Planen settes på vent eller avsluttes bare med en grunn, og sluttevalueres før den fullføres.",
    on=frozenset({"CarePlan"}),
    check=check,
    effects=effects,
)
