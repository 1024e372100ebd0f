"""4.3: what somebody was asked for is there: an answer, word that the person was reached, the needs in writing."""

from collections.abc import Iterable, Mapping

from fhir_service.rules._case import child_code, children
from fhir_service.rules._model import Change, Effect, Rule
from fhir_service.rules._tasks import answered, completed_with

BY_COMMUNICATION = frozenset({"ask-ke", "recontact"})
BY_DOCUMENT = frozenset({"map-needs"})
_DONE: Mapping[str, tuple[str, frozenset[str], str]] = {
    "Communication": ("completed", BY_COMMUNICATION, "communication"),
    "DocumentReference": ("current", BY_DOCUMENT, "document"),
}
"""Type -> the status that counts, the Tasks that it completes, and what it is as their output."""


def effects(change: Change) -> Iterable[Effect]:
    """The Tasks that a Communication is about, or a DocumentReference is related to."""
    told = change.after
    if told is None:
        return
    wanted, codes, output = _DONE[told["resourceType"]]
    if told.get("status") != wanted:
        return
    about = answered(told)
    for task in children(change.standing):
        if child_code(task) in codes and f"Task/{task['id']}" in about:
            yield completed_with(change.standing, task, output, told)


RULE = Rule(
    id="task-answered",
    title="An answer completes the Task that asked for it",
    basis="workflow.md 4.3 (ask-ke, recontact, map-needs)",
    says="Når spørsmålet er besvart, personen er kontaktet eller behovene er beskrevet, er oppgaven utført.",
    on=frozenset({"Communication", "DocumentReference"}),
    effects=effects,
)
