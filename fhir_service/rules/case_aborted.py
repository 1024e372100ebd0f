"""C8: KE accepts the notifier's Task `abort`, the case in progress ends as withdrawn, and the person is informed."""

from collections.abc import Iterable

from fhir_service.rules._case import case_behind, child_code, requests_of
from fhir_service.rules._closing import withdrawn_outputs
from fhir_service.rules._drafting import make, revise
from fhir_service.rules._elements import part, reference, references
from fhir_service.rules._ids import derived_id
from fhir_service.rules._kinds import Kind, enters
from fhir_service.rules._model import Change, Effect, Rule, Standing
from fhir_service.rules._tasks import ended
from fhir_service.rules._times import parse
from profiles import names
from profiles.code_systems import concept
from profiles.issues import Issue, error
from profiles.r4_types import Communication
from profiles.resource import Resource

NOT_SAID = ("entered-in-error", "not-done")
TEXT = (
    "Den som meldte behovet ditt, har trukket meldingen, og saken avsluttes. Du kan selv melde fra om at du ønsker "
    "koordinator eller individuell plan."
)
PEOPLE = ("Patient/", "RelatedPerson/")


def check(change: Change) -> Iterable[Issue]:
    """The case must be in progress: FHIR's machine completes from nowhere else."""
    abort = change.after or {}
    case = case_behind(change.standing, abort) if _accepted(change) else None
    if case is not None and case.get("status") == "on-hold":
        yield error("rule", "Task.status", "The case is on hold: take it up (in-progress) before it is withdrawn")


def effects(change: Change) -> Iterable[Effect]:
    """The case is completed with outcome withdrawn, the abort with it, and the person is informed.

    That the person knows is C8's guard. No client is told of an element for it, so that nothing is asked for: what
    the person has not been told is told by a Communication for KE to bring, as at K1.
    """
    abort = change.after
    if abort is None or not _accepted(change):
        return
    case = case_behind(change.standing, abort)
    if case is not None and case.get("status") == "in-progress":
        withdrawn = concept(names.KE_BUSINESS_STATUS, "withdrawn")
        outputs = withdrawn_outputs(case)
        yield revise(change.standing, case, status="completed", businessStatus=withdrawn, output=outputs)
        yield ended(change.standing, abort)
        if case.get("for") and not _is_informed(change.standing, abort, case):
            yield from make(change.standing, _message(abort, case))


def _accepted(change: Change) -> bool:
    return enters(change, Kind.CHILD, "accepted") and child_code(change.after or {}) == "abort"


def _message(abort: Resource, case: Resource) -> Communication:
    return {
        "resourceType": "Communication",
        "id": derived_id("aborted", abort["id"]),
        "status": "preparation",
        "category": [{"coding": [{"system": names.COMMUNICATION_CATEGORY, "code": "notification"}]}],
        "subject": case["for"],
        "about": [{"reference": f"Task/{abort['id']}"}, {"reference": f"Task/{case['id']}"}],
        "sender": case["owner"],
        "recipient": [case["for"]],
        "payload": [{"contentString": TEXT}],
    }


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
    if told.get("status") in NOT_SAID or not any(r.startswith(PEOPLE) for r in references(told.get("recipient"))):
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
    says="En sak under behandling trekkes ved at koordinerende enhet godtar det, og personen blir informert.",
    on=frozenset({"Task"}),
    check=check,
    effects=effects,
)
