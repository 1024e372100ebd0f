"""C9: a case waits for a reason that is told; its clock runs on."""

from collections.abc import Iterable

from fhir_service.rules._case import business_status, reason_of
from fhir_service.rules._kinds import Kind, enters
from fhir_service.rules._model import Change, Rule
from fhir_service.rules._transitions import BUSINESS_STATUS
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


RULE = Rule(
    id="case-paused",
    title="A case waits only for a reason",
    basis="forvaltningsloven § 11 a; workflow.md 4.2 C9",
    says="En sak kan bare settes på vent med en grunn, og fristen løper videre.",
    on=frozenset({"Task"}),
    check=check,
)
