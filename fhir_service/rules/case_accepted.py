"""C4: KE takes the case; what is known already is put on it, and consent is asked for where there is none."""

from collections.abc import Iterable

from fhir_service.rules._case import business_status, requests_of
from fhir_service.rules._drafting import make, revise, with_input
from fhir_service.rules._elements import first_by_id, part, reference, reference_to, several
from fhir_service.rules._kinds import Kind, enters
from fhir_service.rules._model import Change, Effect, Rule
from fhir_service.rules._people import plan_consent
from fhir_service.rules._tasks import child
from fhir_service.rules._team import coordinator_of
from fhir_service.rules.one_plan import in_force
from profiles import names
from profiles.code_systems import concept
from profiles.issues import Issue, error
from profiles.r4_types import CodeableConcept, TaskInput
from profiles.resource import Resource

WAITING = "awaiting-information"
UNKNOWN = "identity-unknown"


def check(change: Change) -> Iterable[Issue]:
    """By accepting KE confirms who the person is; a sender's word that nobody knows is taken away first."""
    case = change.after
    if case is None or not enters(change, Kind.CASE, "accepted"):
        return
    person = change.standing.get(reference(case.get("for"))) or {}
    tags = several(part(person, "meta", "tag"))
    if any((tag.get("system"), tag.get("code")) == (names.TAG, UNKNOWN) for tag in tags):
        text = (
            f"The person is not identified (Patient.meta.tag {UNKNOWN}): confirm who it is, and take the tag away (PUT "
            "or $meta-delete), or join the record with that of the person"
        )
        yield error("rule", "Task.for", text)


def effects(change: Change) -> Iterable[Effect]:
    """Inputs, the business status that the consent gives, `obtain-consent`; an inferred need becomes active."""
    case = change.after
    if case is None or not enters(change, Kind.CASE, "accepted"):
        return
    has_consent = plan_consent(change.standing) is not None
    yield revise(change.standing, case, input=_known(change, case) or None, businessStatus=_state(case, has_consent))
    if not has_consent:
        yield from make(change.standing, child(change, case, "obtain-consent", case["id"]))
    for wanted in requests_of(case):
        need = change.standing.get(wanted)
        if need is not None and need.get("status") == "draft":
            yield revise(change.standing, need, status="active")


def _state(case: Resource, has_consent: bool) -> CodeableConcept:
    """Whether the case waits for consent is told by the consents, not by the client; that it waits for something else
    is the client's to say."""
    known = "under-assessment" if has_consent else "awaiting-consent"
    stated: CodeableConcept = case["businessStatus"]
    return stated if business_status(case) in (known, WAITING) else concept(names.KE_BUSINESS_STATUS, known)


def _known(change: Change, case: Resource) -> list[TaskInput]:
    entries: list[TaskInput] = case.get("input") or []
    plan = next(iter(first_by_id(p for p in change.standing.of("CarePlan") if in_force(p))), None)
    if plan is not None:
        entries = with_input({"input": entries}, "current-plan", {"valueReference": reference_to(plan)})
    coordinator = coordinator_of(change.standing)
    if coordinator is not None:
        entries = with_input({"input": entries}, "current-coordinator", {"valueReference": coordinator})
    return entries


RULE = Rule(
    id="case-accepted",
    title="An accepted case asks for consent",
    basis="pasient- og brukerrettighetsloven §§ 2-5, 4-1; workflow.md 4.2 C4",
    says="Når saken tas til behandling, innhentes samtykke, og plan og koordinator som finnes, føres på saken.",
    on=frozenset({"Task"}),
    check=check,
    effects=effects,
)
