"""4.8: the Task `send-feedback` follows its Communication: sent, failed, acknowledged."""

from collections.abc import Iterable, Iterator

from fhir_service.rules._case import cases, children
from fhir_service.rules._drafting import revise, with_output
from fhir_service.rules._elements import reference, reference_to, references
from fhir_service.rules._feedback import delivery_of, is_feedback, send_feedback
from fhir_service.rules._model import Change, Draft, Effect, Rule
from fhir_service.rules._tasks import ended
from profiles import names
from profiles.code_systems import concept
from profiles.resource import Resource


def effects(change: Change) -> Iterable[Effect]:
    """What did not arrive is somebody's work, also where nobody had a Task for it: a receipt, a rejection."""
    told = change.after
    if told is None or not is_feedback(told):
        return
    state = delivery_of(told)
    if state is None or state == delivery_of(change.before):
        return
    wanted = f"Communication/{told['id']}"
    tasks = [t for t in children(change.standing, "send-feedback") if reference(t.get("focus")) == wanted]
    yield from (_followed(change, task, told, state) for task in tasks)
    if state == "failed" and not tasks:
        yield from _to_be_told(change, told)


def _followed(change: Change, task: Resource, told: Resource, state: str) -> Draft:
    says = concept(names.FEEDBACK_STATUS, state)
    if told.get("status") != "completed":
        return revise(change.standing, task, businessStatus=says)
    output = with_output(task, names.TASK_OUTPUT, "communication", {"valueReference": reference_to(told)})
    why = told.get("statusReason") if state == "manual" else None
    return ended(change.standing, task, output=output, businessStatus=says, statusReason=why)


def _to_be_told(change: Change, told: Resource) -> Iterator[Draft]:
    about = references(told.get("about"))
    for case in cases(change.standing):
        if f"Task/{case['id']}" in about:
            yield from send_feedback(change, case, told, "failed")


RULE = Rule(
    id="feedback-told",
    title="Acknowledged feedback closes its Task",
    basis="forskrift om habilitering, rehabilitering og koordinator; workflow.md 4.8",
    says="Når melderen har bekreftet tilbakemeldingen, er oppgaven om å gi den utført; kommer den ikke fram, blir det "
    "en oppgave å gi den på en annen måte.",
    on=frozenset({"Communication"}),
    effects=effects,
)
