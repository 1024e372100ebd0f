"""Task: cases of the koordinerende enhet and their child Tasks are guarded (workflow.md 4.2, 4.3)."""

from fhir_service.resources._codings import has_coding, has_system
from fhir_service.resources._model import OwnParameter, ResourceType
from profiles.names import KE_TASK_CODE, TASK_CODE
from profiles.resource import Resource


def is_case_task(task: Resource) -> bool:
    """Whether it is a case or a child Task: a code of ours, or HL7's `abort`, which a notifier sends (C8)."""
    return has_system(task.get("code"), KE_TASK_CODE) or has_coding(task.get("code"), TASK_CODE, {"abort"})


def is_case_in_error(task: Resource) -> bool:
    """Whether it is a case that an administrator has said never to have been one: hidden, and kept (C11)."""
    return task.get("status") == "entered-in-error" and has_coding(task.get("code"), KE_TASK_CODE, {"assess-need"})


RESOURCE = ResourceType(
    name="Task",
    typed=("patient", "subject", "status", "owner", "focus", "due", "authored-on"),
    parameters=(OwnParameter("due", "date", "Task.restriction.period.end", "By when the Task is to be done"),),
    put_away=is_case_in_error,
    guarded=is_case_task,
)
