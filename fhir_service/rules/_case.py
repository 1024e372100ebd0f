"""The case at the koordinerende enhet: its request, its sub-steps, its decision (workflow.md 4.2-4.4)."""

from collections.abc import Iterator

from fhir_service.rules._elements import code_in, first_by_id, has_code, references, several
from fhir_service.rules._kinds import Kind, kind_of
from fhir_service.rules._model import Change, Standing
from fhir_service.rules._transitions import OPEN_CHILD, TERMINAL_TASK
from profiles import names
from profiles.resource import Resource

DECISIONS = ("decision-coordinator", "decision-plan")
CHILD_DECISION = "decision-child-coordinator"


def cases(standing: Standing) -> list[Resource]:
    """All cases of the person."""
    return first_by_id(t for t in standing.of("Task") if kind_of(t) is Kind.CASE)


def open_cases(standing: Standing) -> list[Resource]:
    """The cases that are not at their end."""
    return [c for c in cases(standing) if c.get("status") not in TERMINAL_TASK]


def inputs(task: Resource, code: str) -> list[Resource]:
    """The inputs of that type."""
    return [i for i in several(task.get("input")) if has_code(i.get("type"), names.TASK_INPUT, code)]


def requests_of(case: Resource) -> list[str]:
    """References of the need notifications of a case: its focus, then those joined to it (workflow.md 7.4)."""
    joined = [i.get("valueReference") for i in inputs(case, "possible-duplicate")]
    return list(dict.fromkeys(references([case.get("focus"), *joined])))


def cases_of(standing: Standing, request: str) -> list[Resource]:
    """The cases that a need notification belongs to."""
    return [c for c in cases(standing) if request in requests_of(c)]


def children(standing: Standing, code: str | None = None, *, only_open: bool = True) -> Iterator[Resource]:
    """The person's child Tasks, of one code or all."""
    asked = (t for t in standing.of("Task") if not only_open or t.get("status") in OPEN_CHILD)
    found = [t for t in asked if (code is None or child_code(t) == code) and kind_of(t) is Kind.CHILD]
    yield from first_by_id(found)


def child_code(task: Resource) -> str:
    """The code of a child Task (4.3)."""
    return code_in(task.get("code"), names.KE_TASK_CODE) or code_in(task.get("code"), names.TASK_CODE) or ""


def children_of(
    standing: Standing, parent: Resource, code: str | None = None, *, only_open: bool = True
) -> list[Resource]:
    """The child Tasks whose `partOf` or `basedOn` is the parent."""
    wanted = f"{parent['resourceType']}/{parent['id']}"
    return [
        t
        for t in children(standing, code, only_open=only_open)
        if wanted in references([*several(t.get("partOf")), *several(t.get("basedOn"))])
    ]


def outputs(task: Resource, code: str) -> list[Resource]:
    """The outputs of that decision type."""
    return [o for o in several(task.get("output")) if has_code(o.get("type"), names.DECISION_OUTPUT, code)]


def decided(task: Resource, code: str) -> str | None:
    """The coded value of a decision output: `granted`, `refused` .."""
    return next((code_in(o.get("valueCodeableConcept"), names.DECISION) for o in outputs(task, code)), None)


def grants_coordinator(task: Resource) -> bool:
    """Whether the case gives the person a coordinator, of either kind."""
    return any(decided(task, code) == "granted" for code in (DECISIONS[0], CHILD_DECISION))


def business_status(task: Resource | None) -> str | None:
    """The code of `Task.businessStatus` of a case."""
    return code_in((task or {}).get("businessStatus"), names.KE_BUSINESS_STATUS)


def reason_of(task: Resource) -> str | None:
    """The coded `statusReason`."""
    return code_in(task.get("statusReason"), names.STATUS_REASON)


def reaches(change: Change, *codes: str) -> bool:
    """Whether the draft brings a case in progress to one of these business statuses."""
    after = change.after
    if after is None or kind_of(after) is not Kind.CASE or after.get("status") != "in-progress":
        return False
    return business_status(after) in codes and business_status(change.before) not in codes


def case_behind(standing: Standing, task: Resource) -> Resource | None:
    """The case that a child Task belongs to: by partOf, for an abort also by focus."""
    for wanted in references([*several(task.get("partOf")), task.get("focus")]):
        found = standing.get(wanted)
        if found is not None and kind_of(found) is Kind.CASE:
            return found
    return None
