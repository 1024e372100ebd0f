"""C8: KE accepts the notifier's Task `abort`, and the case in progress ends as withdrawn; the person knows of it."""

from collections.abc import Iterable

from fhir_service.rules._case import case_behind, child_code, requests_of
from fhir_service.rules._closing import withdrawn_outputs
from fhir_service.rules._drafting import revise
from fhir_service.rules._elements import part, reference, references
from fhir_service.rules._kinds import Kind, enters
from fhir_service.rules._model import Change, Effect, Rule, Standing
from fhir_service.rules._tasks import ended
from fhir_service.rules._times import parse
from profiles import names
from profiles.code_systems import concept
from profiles.issues import Issue, error
from profiles.resource import Resource

SENT = ("in-progress", "completed")
PEOPLE = ("Patient/", "RelatedPerson/")


def check(change: Change) -> Iterable[Issue]:
    """The case must be in progress: FHIR's machine completes from nowhere else. The person is told before it ends."""
    abort = change.after or {}
    case = case_behind(change.standing, abort) if _accepted(change) else None
    if case is None:
        return
    if case.get("status") == "on-hold":
        yield error("rule", "Task.status", "The case is on hold: take it up (in-progress) before it is withdrawn")
    if not _is_informed(change.standing, abort, case):
        text = (
            "The person is informed before a case in progress is withdrawn: a Communication (in-progress or completed) "
            "to the Patient or a RelatedPerson, about this Task or its case; or, where they were told by letter or "
            "phone, statusReason.text of this Task says so"
        )
        yield error("rule", "Task.statusReason", text)


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


def _is_informed(standing: Standing, abort: Resource, case: Resource) -> bool:
    """Whether the person withdraws their own need, was written to, or was told as the Task says."""
    if part(abort, "statusReason", "text"):
        return True
    needs = (standing.get(wanted) for wanted in requests_of(case))
    if any((reference(need.get("requester")) or "").startswith("Patient/") for need in needs if need):
        return True
    return any(_tells(told, abort, case) for told in standing.of("Communication"))


def _tells(told: Resource, abort: Resource, case: Resource) -> bool:
    """Whether a Communication tells the person of the end of the case: it is not older than the wish for it."""
    if told.get("status") not in SENT or not any(r.startswith(PEOPLE) for r in references(told.get("recipient"))):
        return False
    about = references(told.get("about"))
    if f"Task/{abort['id']}" in about:
        return True
    sent, asked = parse(told.get("sent")), parse(abort.get("authoredOn"))
    return f"Task/{case['id']}" in about and sent is not None and asked is not None and sent >= asked


RULE = Rule(
    id="case-aborted",
    title="A case in progress is withdrawn when KE accepts it",
    basis="workflow.md 4.2 C8",
    says="En sak under behandling trekkes ved at koordinerende enhet godtar det, når personen er informert.",
    on=frozenset({"Task"}),
    check=check,
    effects=effects,
)
