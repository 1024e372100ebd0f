"""C8: KE accepts the notifier's Task `abort`, and the case in progress ends as withdrawn."""

from collections.abc import Iterable

from fhir_service.rules._case import case_behind, child_code
from fhir_service.rules._closing import withdrawn_outputs
from fhir_service.rules._drafting import revise
from fhir_service.rules._kinds import Kind, enters
from fhir_service.rules._model import Change, Effect, Rule
from fhir_service.rules._tasks import ended
from profiles import names
from profiles.code_systems import concept
from profiles.issues import Issue, error


def check(change: Change) -> Iterable[Issue]:
    """The case must be in progress: FHIR's machine completes from nowhere else."""
    if not _accepted(change):
        return
    case = case_behind(change.standing, change.after or {})
    if case is not None and case.get("status") == "on-hold":
        yield error("rule", "Task.status", "The case is on hold: take it up (in-progress) before it is withdrawn")


def effects(change: Change) -> Iterable[Effect]:
    """The case is completed with outcome withdrawn, and the abort with it."""
    abort = change.after
    if abort is None or not _accepted(change):
        return
    case = case_behind(change.standing, abort)
    if case is not None and case.get("status") == "in-progress":
        withdrawn = concept(names.KE_BUSINESS_STATUS, "withdrawn")
        outputs = withdrawn_outputs(case)
        yield revise(change.standing, case, status="completed", businessStatus=withdrawn, output=outputs)
        yield ended(change.standing, abort)


def _accepted(change: Change) -> bool:
    return enters(change, Kind.CHILD, "accepted") and child_code(change.after or {}) == "abort"


RULE = Rule(
    id="case-aborted",
    title="A case in progress is withdrawn when KE accepts it",
    basis="workflow.md 4.2 C8",
    says="En sak under behandling trekkes ved at koordinerende enhet godtar det.",
    on=frozenset({"Task"}),
    check=check,
    effects=effects,
)
