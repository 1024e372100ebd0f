"""C7, C10, C11: a case that ends without an answer to the need."""

from collections.abc import Iterable, Mapping

from fhir_service.rules._addressed import Told
from fhir_service.rules._case import business_status, reason_of
from fhir_service.rules._closing import cancel_children, with_end
from fhir_service.rules._drafting import revise
from fhir_service.rules._elements import is_stated
from fhir_service.rules._feedback import feedback, feedback_on
from fhir_service.rules._kinds import Kind, enters
from fhir_service.rules._model import Change, Effect, Rule
from profiles import names
from profiles.code_systems import display
from profiles.issues import Issue, error
from profiles.resource import Resource

GONE = ("person-deceased", "moved-abroad")
SENT = ("in-progress", "completed")
STATUS: Mapping[str, str] = {"withdrawn": "Saken er trukket og avsluttet."}


def check(change: Change) -> Iterable[Issue]:
    """A reason (C7), one of two (C10), and no decision sent (C11)."""
    case = change.after
    if case is None:
        return
    if enters(change, Kind.CASE, "cancelled") and not is_stated(case.get("statusReason")):
        yield error("rule", "Task.statusReason", "A cancelled case has a statusReason")
    if enters(change, Kind.CASE, "failed") and (
        reason_of(case) not in GONE or reason_of(case) != business_status(case)
    ):
        text = f"A failed case has the same statusReason and businessStatus: one of {', '.join(GONE)}"
        yield error("rule", "Task.statusReason", text)
    if enters(change, Kind.CASE, "entered-in-error") and _is_told(change, case):
        yield error("rule", "Task.status", "The decision has been sent: the case cannot be entered in error")


def effects(change: Change) -> Iterable[Effect]:
    """Feedback, and the sub-steps are cancelled."""
    case = change.after
    if case is None or not enters(change, Kind.CASE, "cancelled", "failed", "entered-in-error"):
        return
    yield from cancel_children(change, case)
    if case.get("status") == "entered-in-error":
        return
    yield revise(change.standing, case, executionPeriod=with_end(change, case))
    why = business_status(case) or "withdrawn"
    text = STATUS.get(why) or f"Saken er avsluttet: {display(names.KE_BUSINESS_STATUS, why)}."
    yield from feedback(change, case, Told("receipt" if why == "withdrawn" else "rejection", "R", text, why))


def _is_told(change: Change, case: Resource) -> bool:
    """Whether the notifier, or the person by letter, has been told what was decided."""
    return any(c.get("status") in SENT for c in feedback_on(change.standing, case, "decision"))


RULE = Rule(
    id="case-stopped",
    title="A case that stops has a reason and is told",
    basis="forvaltningsloven § 27; workflow.md 4.2 C7, C10, C11",
    says="En sak som stanses, har en grunn, og melderen får vite det.",
    on=frozenset({"Task"}),
    check=check,
    effects=effects,
)
