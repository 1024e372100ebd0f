"""The Tasks that the service makes: the case and its sub-steps (workflow.md 4.2 C1, 4.3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from fhir_service.rules._drafting import revise, with_output
from fhir_service.rules._elements import code_in, part, reference_to, references
from fhir_service.rules._ids import derived_id
from fhir_service.rules._model import Change, Context, Draft, Standing
from fhir_service.rules._times import due, instant
from profiles import names
from profiles.code_systems import coding, concept
from profiles.r4_types import CodeableConcept, Identifier, Task
from profiles.resource import Resource, stated


@dataclass(frozen=True, slots=True)
class Child:
    """One row of 4.3. `days`: default deadline; `by`: roles of its owner; `alone`: needs neither case nor plan."""

    days: int
    by: str = "ke"
    alone: bool = False


CHILDREN: Mapping[str, Child] = {
    "obtain-consent": Child(7, "ke notifier"),
    "appoint-coordinator": Child(14, "ke unit-leader"),
    "send-feedback": Child(0),
    "first-meeting": Child(14, "coordinator"),
    "draft-plan": Child(60, "coordinator"),
    "review-plan": Child(180, "coordinator"),
    "change-coordinator": Child(14),
    "handover-plan": Child(30, alone=True),
    "transition-review": Child(30, "coordinator"),
    "resolve-duplicate": Child(7),
    "train-coordinator": Child(183),
    "person-discharged": Child(3, "coordinator"),
    "home-visit": Child(14, "ke unit-leader"),
    "map-needs": Child(7, "ke service"),
    "complaint": Child(28),
    "ask-ke": Child(14, "ke coordinator"),
    "invite-participant": Child(14, "service coordinator"),
    "recontact": Child(14, "ke coordinator"),
    "abort": Child(7, "notifier"),
    "discharge-ready": Child(1, "service", alone=True),
    "manual-review": Child(7, alone=True),
}


def new_case_number(derived: str, context: Context) -> Identifier:
    """`groupIdentifier` of a case, to be read out on the phone: the day of receipt and eight signs of a derived id."""
    return {"system": names.CASE_NUMBER, "value": f"{context.today:%Y%m%d}-{derived[:8].upper()}"}


def is_coordinators(code: str) -> bool:
    """Whether a child Task of this code is the coordinator's work and nobody else's."""
    row = CHILDREN.get(code)
    return row is not None and row.by == "coordinator"


def fulfil(code: str) -> CodeableConcept:
    """`Task.code`: HL7's `fulfill` with our own code beside it."""
    if code == "abort":
        return {"coding": [{"system": names.TASK_CODE, "code": "abort"}]}
    return {"coding": [coding(names.KE_TASK_CODE, code), {"system": names.TASK_CODE, "code": "fulfill"}]}


def child(change: Change, parent: Resource | None, code: str, cause: str, **elements: Any) -> Task:
    """A child Task of `code`, with its default deadline; `cause` tells it from others of its kind and parent.

    `elements` (owner, focus ..) are put on it; without an owner it is the parent's.
    """
    now = change.context.now
    above = [reference_to(parent)] if parent else None
    of_case = parent is not None and parent["resourceType"] == "Task"
    task: Task = {
        "resourceType": "Task",
        "id": derived_id("Task", code, cause),
        "groupIdentifier": (parent or {}).get("groupIdentifier") if of_case else None,
        "partOf": above if of_case else None,
        "basedOn": None if of_case else above,
        "status": "requested",
        "intent": "order",
        "priority": "routine",
        "code": fulfil(code),
        "for": (parent or {}).get("for") if of_case else (parent or {}).get("subject"),
        "authoredOn": instant(now),
        "lastModified": instant(now),
        "requester": (parent or {}).get("owner") if of_case else None,
        "owner": (parent or {}).get("owner") if of_case else None,
        "restriction": {"period": {"end": due(now, days_for(code, change.context))}},
    }
    return stated(cast(Task, task | elements))


def days_for(code: str, context: Context) -> int:
    """The default deadline of a child Task, the municipality's settings applied (decisions 6, 30)."""
    return context.settings.child_days.get(code, CHILDREN[code].days)


def ended(standing: Standing, task: Resource, outcome: str = "completed", **elements: Any) -> Draft:
    """A child Task closed by the event that completes it, or cancelled."""
    return revise(standing, task, status=outcome, **elements)


def completed_with(standing: Standing, task: Resource, code: str, result: Mapping[str, Any]) -> Draft:
    """A child Task completed with what came of it (the column "output" of 4.3)."""
    output = with_output(task, names.TASK_OUTPUT, code, {"valueReference": reference_to(result)})
    return ended(standing, task, output=output)


def cancelled_because(standing: Standing, task: Resource, reason: str) -> Draft:
    """A child Task cancelled, with the reason."""
    return ended(standing, task, "cancelled", statusReason=concept(names.STATUS_REASON, reason))


def urgency(priority: str | None) -> str:
    """The priority raised to at least urgent."""
    return priority if priority in ("asap", "stat", "urgent") else "urgent"


def feedback_state(task: Resource) -> str | None:
    """`businessStatus` of a `send-feedback` Task (4.8)."""
    return code_in(task.get("businessStatus"), names.FEEDBACK_STATUS)


def answered(told: Resource) -> list[str]:
    """References of the Tasks that a Communication is about, or a document is related to."""
    related = told.get("about") if told["resourceType"] == "Communication" else part(told, "context", "related")
    return [r for r in references(related) if r.startswith("Task/")]
