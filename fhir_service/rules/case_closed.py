"""C6 and C8: a case ends when it is decided and told, or when KE accepts that it is withdrawn."""

from collections.abc import Iterable

from fhir_service.rules._addressed import Told
from fhir_service.rules._case import business_status
from fhir_service.rules._closing import cancel_children, close_needs, is_aborted, not_closable, with_end
from fhir_service.rules._drafting import revise
from fhir_service.rules._feedback import feedback
from fhir_service.rules._kinds import Kind, enters
from fhir_service.rules._model import Change, Effect, Rule
from profiles.issues import Issue, error


def check(change: Change) -> Iterable[Issue]:
    """INV-05; a withdrawn case has a Task abort that KE accepted."""
    case = change.after
    if case is None or not enters(change, Kind.CASE, "completed"):
        return
    if business_status(case) != "withdrawn":
        yield from not_closable(change.standing, case)
    elif not is_aborted(change.standing, case):
        text = "A case in progress is withdrawn by a Task abort (focus = the case) that KE has accepted"
        yield error("rule", "Task.status", text)


def effects(change: Change) -> Iterable[Effect]:
    """The needs are completed (S4), the case has an end; a withdrawn one is told and its sub-steps cancelled."""
    case = change.after
    if case is None or not enters(change, Kind.CASE, "completed"):
        return
    yield revise(change.standing, case, executionPeriod=with_end(change, case))
    yield from close_needs(change, case)
    if business_status(case) == "withdrawn":
        yield from cancel_children(change, case)
        yield from feedback(change, case, Told("receipt", "R", "Saken er trukket og avsluttet.", "withdrawn"))


RULE = Rule(
    id="case-closed",
    title="A case ends when it is decided and told",
    basis="forvaltningsloven § 27; workflow.md 3 INV-05, 4.2 C6, C8",
    says="En sak lukkes først når den er besluttet, melderen har fått svar, og en innvilget koordinator er på plass.",
    on=frozenset({"Task"}),
    check=check,
    effects=effects,
)
