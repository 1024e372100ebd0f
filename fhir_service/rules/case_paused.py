"""C9: a case waits for a reason that is told; its clock runs on."""

from collections.abc import Iterable

from fhir_service.rules._addressed import Told, case_number
from fhir_service.rules._case import business_status, reason_of
from fhir_service.rules._feedback import feedback
from fhir_service.rules._kinds import Kind, enters
from fhir_service.rules._model import Change, Effect, Rule
from fhir_service.rules._transitions import BUSINESS_STATUS
from profiles import names
from profiles.code_systems import display
from profiles.issues import Issue, error


def check(change: Change) -> Iterable[Issue]:
    """The reason, the same as businessStatus."""
    case = change.after
    if case is None or not enters(change, Kind.CASE, "on-hold"):
        return
    reasons = BUSINESS_STATUS["on-hold"]
    if reason_of(case) not in reasons or reason_of(case) != business_status(case):
        text = f"A case on hold has the same statusReason and businessStatus: one of {', '.join(sorted(reasons))}"
        yield error("rule", "Task.statusReason", text)


def effects(change: Change) -> Iterable[Effect]:
    """An interim reply to the notifier is drafted; it is sent when KE says so (status in-progress)."""
    case = change.after
    if case is None or not enters(change, Kind.CASE, "on-hold"):
        return
    why = display(names.STATUS_REASON, reason_of(case) or "") or "saken venter"
    text = f"Foreløpig svar i sak {case_number(case)}: {why}. Saken er ikke avgjort ennå, og fristen løper."
    yield from feedback(change, case, Told("interim-reply", "P", text, reason_of(case)), offered=True)


RULE = Rule(
    id="case-paused",
    title="A case waits only for a reason",
    basis="forvaltningsloven § 11 a; workflow.md 4.2 C9",
    says="En sak kan bare settes på vent med en grunn, og fristen løper videre.",
    on=frozenset({"Task"}),
    check=check,
    effects=effects,
)
