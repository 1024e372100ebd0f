"""When a case may be closed, and what goes with it (INV-05, C6, C8)."""

from collections.abc import Iterator

from fhir_service.rules._case import (
    DECISIONS,
    child_code,
    children,
    children_of,
    decided,
    grants_coordinator,
    requests_of,
)
from fhir_service.rules._decision import wrong_with
from fhir_service.rules._drafting import revise
from fhir_service.rules._elements import is_stated, part, reference, references, status
from fhir_service.rules._feedback import AWAITED, feedback_on
from fhir_service.rules._model import Change, Draft, Standing
from fhir_service.rules._tasks import cancelled_because, feedback_state
from fhir_service.rules._team import coordinator_of
from fhir_service.rules._times import instant
from profiles import names
from profiles.code_systems import concept
from profiles.issues import Issue, error
from profiles.r4_types import Period, TaskOutput
from profiles.resource import Resource, stated

ABORTING = ("accepted", "in-progress", "completed")


def not_closable(standing: Standing, case: Resource) -> Iterator[Issue]:
    """INV-05 and the guard of C6."""
    if any(issue.refuses for issue in wrong_with(case)):
        yield error("rule", "Task.output", "A case is completed with its decision (outputs decision-coordinator ..)")
    if not _is_told(standing, case):
        text = (
            "A case is completed when its feedback is acknowledged, or closed by hand: Task send-feedback completed "
            "with businessStatus manual and a statusReason"
        )
        yield error("rule", "Task.status", text)
    if grants_coordinator(case) and coordinator_of(standing) is None:
        text = "A coordinator is granted: the case is completed when the CareTeam is active, or the person declines"
        yield error("rule", "Task.status", text)


def _is_told(standing: Standing, case: Resource) -> bool:
    feedback = children_of(standing, case, "send-feedback", only_open=False)
    told = [t for t in feedback if t.get("status") != "cancelled"]
    if _is_on_its_way(standing, case) or not all(_is_closed(standing, t) for t in told):
        return False
    # A need that nobody sent in (no requester to answer) has no feedback to wait for.
    needs = [r for r in requests_of(case) if (standing.get(r) or {}).get("requester")]
    return all(any(_answers(standing, t, need) for t in told) for need in needs)


def _is_on_its_way(standing: Standing, case: Resource) -> bool:
    """Whether something that the notifier waits for was sent, and nobody knows whether it arrived."""
    return any(status(c) == "in-progress" for c in feedback_on(standing, case, *AWAITED))


def _is_closed(standing: Standing, task: Resource) -> bool:
    if task.get("status") != "completed":
        return False
    by_hand = feedback_state(task) == "manual" and is_stated(task.get("statusReason"))
    return by_hand or status(standing.get(reference(task.get("focus")))) == "completed"


def _answers(standing: Standing, task: Resource, need: str) -> bool:
    """Whether a Task is about feedback to those who sent this need; one without a Communication is for all."""
    told = standing.get(reference(task.get("focus")))
    return told is None or need in references(told.get("basedOn"))


def is_aborted(standing: Standing, case: Resource) -> bool:
    """Whether KE has accepted the Task `abort` of this case (C8)."""
    wanted = f"Task/{case['id']}"
    aborts = children(standing, "abort", only_open=False)
    return any(t.get("status") in ABORTING and reference(t.get("focus")) == wanted for t in aborts)


def withdrawn_outputs(case: Resource) -> list[TaskOutput]:
    """The outputs of a case that was withdrawn before it was decided: nothing is granted."""
    entries: list[TaskOutput] = case.get("output") or []
    for kind in DECISIONS:
        if decided(case, kind) is None:
            value = concept(names.DECISION, "withdrawn")
            entries = [*entries, {"type": concept(names.DECISION_OUTPUT, kind), "valueCodeableConcept": value}]
    return entries


def with_end(change: Change, case: Resource) -> Period:
    """`executionPeriod` ended now."""
    began = part(case, "executionPeriod", "start") or case.get("authoredOn")
    period: Period = {"start": began, "end": instant(change.context.now)}
    return stated(period)


def close_needs(change: Change, case: Resource) -> Iterator[Draft]:
    """S4: the needs of a completed case are completed."""
    for wanted in requests_of(case):
        need = change.standing.get(wanted)
        if need is not None and need.get("status") == "active":
            yield revise(change.standing, need, status="completed")


def cancel_children(change: Change, case: Resource) -> Iterator[Draft]:
    """The sub-steps of a case that came to nothing; what is to be told is still told."""
    for task in children_of(change.standing, case):
        if child_code(task) not in ("send-feedback", "abort"):
            yield cancelled_because(change.standing, task, "case-ended")
