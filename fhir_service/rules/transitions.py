"""INV-06: statuses change only along the state machines of workflow.md 4."""

from collections.abc import Iterable

from fhir_service.rules._case import business_status, child_code
from fhir_service.rules._elements import is_stated, status
from fhir_service.rules._kinds import Kind, is_imported, kind_of
from fhir_service.rules._model import Change, Rule
from fhir_service.rules._tasks import feedback_state
from fhir_service.rules._transitions import BUSINESS_STATUS, OPEN_CHILD, TRANSITIONS
from profiles.issues import Issue, error
from profiles.resource import Resource


def check(change: Change) -> Iterable[Issue]:
    """Refuses a step that the machine does not have, and tells the ones it has."""
    after, kind = change.after, kind_of(change.after)
    if after is None or kind is None:
        return
    old = status(change.before) if kind_of(change.before) is kind else None
    new = status(after)
    if not _may_step(kind, old, new, after):
        yield error("illegal-transition", f"{after['resourceType']}.status", _illegal(kind, old, new, after))
    elif kind is Kind.CASE:
        yield from _business_status(after)


def _illegal(kind: Kind, old: str | None, new: str | None, after: Resource) -> str:
    allowed = ", ".join(sorted(TRANSITIONS[kind].get(old, frozenset()))) or "none: it is at its end"
    step = f"does not begin as {new}" if old is None else f"does not go from {old} to {new}"
    by_hand = ""
    if kind is Kind.CHILD and child_code(after) == "send-feedback" and old in OPEN_CHILD:
        by_hand = "; or completed with businessStatus manual and a statusReason, where it was told by letter or phone"
    return f"{kind.sentence} {step}; allowed: {allowed}{by_hand}"


def _may_step(kind: Kind, old: str | None, new: str | None, after: Resource) -> bool:
    if new is not None and (new == old or new in TRANSITIONS[kind].get(old, frozenset())):
        return True
    if old is None and kind in (Kind.PLAN, Kind.TEAM):
        return is_imported(after) and new in TRANSITIONS[kind]
    # Feedback given by letter or phone closes its Task at once (4.8).
    by_hand = kind is Kind.CHILD and child_code(after) == "send-feedback" and feedback_state(after) == "manual"
    return by_hand and old in OPEN_CHILD and new == "completed" and is_stated(after.get("statusReason"))


def _business_status(case: Resource) -> Iterable[Issue]:
    allowed = BUSINESS_STATUS.get(str(case.get("status")))
    if allowed is not None and business_status(case) not in allowed:
        text = (
            f"businessStatus of a case that is {case['status']} is one of {', '.join(sorted(allowed))} "
            "(CodeSystem ke-business-status)"
        )
        yield error("illegal-transition", "Task.businessStatus", text)


RULE = Rule(
    id="transitions",
    title="Statuses change along the state machines",
    basis="workflow.md 3 INV-06, 4.1-4.7",
    says="Status kan bare endres i den rekkefølgen saksgangen har.",
    on=frozenset({"ServiceRequest", "Task", "CareTeam", "CarePlan", "Consent"}),
    check=check,
    order=30,
)
