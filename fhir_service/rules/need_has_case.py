"""INV-04: an active need has a case that goes on, or one that has ended and was told."""

from collections.abc import Iterable, Iterator

from fhir_service.rules._case import cases_of
from fhir_service.rules._drafting import make
from fhir_service.rules._elements import code_in, first_by_id, reference, reference_to, references
from fhir_service.rules._feedback import is_feedback
from fhir_service.rules._kinds import Kind, kind_of
from fhir_service.rules._model import Change, Draft, Effect, Rule, Standing
from fhir_service.rules._people import patient_of
from fhir_service.rules._routing import home_inbox, inbox_of
from fhir_service.rules._tasks import child
from fhir_service.rules._transitions import ERROR, TERMINAL_TASK
from profiles import names
from profiles.r4_types import Reference
from profiles.resource import Resource

LOST = "Meldingen om behov har ingen sak, og melderen har ikke fått svar. Registrer saken på nytt, eller gi svar."


ANSWERS = frozenset({"receipt", "decision", "coordinator", "rejection"})
"""Categories of feedback that say what became of a need: neither an interim reply nor the notifier's own reminder."""


def effects(change: Change) -> Iterable[Effect]:
    """Task `manual-review` to the koordinerende enhet for every need that nobody would answer."""
    if kind_of(change.after) not in (Kind.NEED, Kind.CASE):
        return
    for need in first_by_id(change.standing.of("ServiceRequest")):
        if kind_of(need) is Kind.NEED and need.get("status") == "active" and not is_answered(change.standing, need):
            yield from _repair(change, need)


def is_answered(standing: Standing, need: Resource) -> bool:
    """Whether somebody works on a need, or has told what came of it. Nobody waits where nobody sent it."""
    found = [c for c in cases_of(standing, f"ServiceRequest/{need['id']}") if c.get("status") != ERROR]
    if any(case.get("status") not in TERMINAL_TASK for case in found):
        return True
    return bool(found) and (not need.get("requester") or any(_is_told(standing, need, case) for case in found))


def _is_told(standing: Standing, need: Resource, case: Resource) -> bool:
    told = (
        c
        for c in standing.of("Communication")
        if is_feedback(c) and code_in(c.get("category"), names.FEEDBACK_CATEGORY) in ANSWERS
    )
    return any(
        f"ServiceRequest/{need['id']}" in references(c.get("basedOn"))
        and f"Task/{case['id']}" in references(c.get("about"))
        for c in told
    )


def _repair(change: Change, need: Resource) -> Iterator[Draft]:
    found = cases_of(change.standing, f"ServiceRequest/{need['id']}")
    cause = f"lost|{need['id']}|{len(found)}"
    elements = {
        "owner": found[-1].get("owner") if found else _owner(change, need),
        "for": need.get("subject"),
        "focus": reference_to(need),
        "description": LOST,
    }
    yield from make(change.standing, child(change, None, "manual-review", cause, **elements))


def _owner(change: Change, need: Resource) -> Reference:
    patient = patient_of(change.standing, reference(need.get("subject")))
    context = change.context
    inbox = inbox_of(need, change.standing, context) or home_inbox(patient, context) or context.routes.default
    return {"reference": f"Organization/{inbox.organization_id}", "display": inbox.name}


RULE = Rule(
    id="need-has-case",
    title="No need is left without an answer",
    basis="helse- og omsorgstjenesteloven § 7-3; workflow.md 3 INV-04",
    says="En melding om behov blir aldri liggende uten sak eller svar; ellers får koordinerende enhet en oppgave.",
    on=frozenset({"ServiceRequest", "Task"}),
    effects=effects,
    order=90,
)
