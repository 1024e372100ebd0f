"""INV-10: every sub-step has one owner, a deadline, and a case or plan that it belongs to."""

from collections.abc import Iterable

from fhir_service.rules._case import case_behind, child_code
from fhir_service.rules._elements import is_stated, part, reference, references, several
from fhir_service.rules._kinds import Kind, enters, is_abort, kind_of
from fhir_service.rules._model import Change, Rule
from fhir_service.rules._tasks import CHILDREN, feedback_state
from profiles.issues import Issue, error
from profiles.resource import Resource

OWNERS = ("Organization", "PractitionerRole", "Practitioner")
"""A Practitioner where the coordinator is one with `onBehalfOf` (workflow.md 5, ctm-1)."""


def check(change: Change) -> Iterable[Issue]:
    """Refuses a sub-step that nobody has, that never ends or that belongs to nothing."""
    task = change.after
    if task is None or kind_of(task) is not Kind.CHILD or _is_foreign(change, task):
        return
    owner = reference(task.get("owner"))
    if not task.get("owner") or (owner is not None and owner.partition("/")[0] not in OWNERS):
        yield error("rule", "Task.owner", "A child Task has one owner: an Organization or a PractitionerRole")
    if not part(task, "restriction", "period", "end"):
        yield error("rule", "Task.restriction.period.end", "A child Task has a deadline: restriction.period.end")
    yield from _about(task)
    yield from _parents(change, task)
    if enters(change, Kind.CHILD, "rejected") and not is_stated(task.get("statusReason")):
        yield error("rule", "Task.statusReason", "A rejected child Task has a statusReason: KE must assign it anew")


def _is_foreign(change: Change, task: Resource) -> bool:
    """Whether it is an HL7 `abort` of some Task that is no case of ours (decision 10)."""
    return is_abort(task) and case_behind(change.standing, task) is None


def _about(task: Resource) -> Iterable[Issue]:
    code = child_code(task)
    row = CHILDREN.get(code)
    if row is None:
        yield error("rule", "Task.code", f"Unknown child Task; known are: {', '.join(CHILDREN)}")
        return
    linked = task.get("partOf") or task.get("basedOn") or (code == "abort" and reference(task.get("focus")))
    # A stay belongs to a person without case or plan, too (4.11).
    if not linked and not row.alone and code != "person-discharged":
        yield error("rule", "Task.partOf", f"A Task {code} is partOf a case, or basedOn a CarePlan")
    if code == "send-feedback" and feedback_state(task) is None:
        yield error("rule", "Task.businessStatus", "A Task send-feedback has a businessStatus (feedback-status)")


def _parents(change: Change, task: Resource) -> Iterable[Issue]:
    """A sub-step is the same person's as what it is a step of: nobody would find it otherwise."""
    parents = references([*several(task.get("partOf")), *several(task.get("basedOn"))])
    if parents and not task.get("for"):
        yield error("rule", "Task.for", "A Task that is partOf a case, or basedOn a CarePlan, is for the same person")
    elif parents and not any(change.standing.get(parent) for parent in parents):
        text = "This is no case, Task or CarePlan of the person whom the Task is for"
        yield error("rule", "Task.partOf" if task.get("partOf") else "Task.basedOn", text)


RULE = Rule(
    id="child-tasks",
    title="Every sub-step has an owner and a deadline",
    basis="workflow.md 3 INV-10, 4.3",
    says="Hver deloppgave har én eier og én frist.",
    on=frozenset({"Task"}),
    check=check,
)
