"""4.8: acknowledged feedback closes its Task."""

from collections.abc import Iterable

from fhir_service.rules._case import children
from fhir_service.rules._drafting import revise, with_output
from fhir_service.rules._elements import reference, reference_to, status
from fhir_service.rules._feedback import is_feedback
from fhir_service.rules._model import Change, Effect, Rule
from fhir_service.rules._tasks import ended
from profiles import names
from profiles.code_systems import concept


def effects(change: Change) -> Iterable[Effect]:
    """The Task `send-feedback` follows its Communication: sent, then acknowledged."""
    told = change.after
    if told is None or not is_feedback(told) or status(told) == status(change.before):
        return
    wanted = f"Communication/{told['id']}"
    for task in children(change.standing, "send-feedback"):
        if reference(task.get("focus")) != wanted:
            continue
        if status(told) == "completed":
            output = with_output(task, names.TASK_OUTPUT, "communication", {"valueReference": reference_to(told)})
            acknowledged = concept(names.FEEDBACK_STATUS, "acknowledged")
            yield ended(change.standing, task, output=output, businessStatus=acknowledged)
        elif status(told) == "in-progress":
            yield revise(change.standing, task, businessStatus=concept(names.FEEDBACK_STATUS, "sent"))


RULE = Rule(
    id="feedback-told",
    title="Acknowledged feedback closes its Task",
    basis="forskrift om habilitering, rehabilitering og koordinator; workflow.md 4.8",
    says="Når melderen har bekreftet tilbakemeldingen, er oppgaven om å gi den utført.",
    on=frozenset({"Communication"}),
    effects=effects,
)
