"""S1 and C1: a need notification opens the case at the koordinerende enhet, or joins the one that is open."""

from collections.abc import Iterable, Iterator

from fhir_service.rules._amendment import amendment
from fhir_service.rules._answer import answers_so_far
from fhir_service.rules._case import cases_of
from fhir_service.rules._drafting import make, revise, with_input
from fhir_service.rules._elements import reference, reference_to
from fhir_service.rules._feedback import feedback_to
from fhir_service.rules._ids import derived_id
from fhir_service.rules._model import Change, Effect, Rule
from fhir_service.rules._need import case_already_open, consent_statement, is_supposed, opens_case
from fhir_service.rules._people import MUNICIPALITY_CODE, open_stay, patient_of
from fhir_service.rules._routing import inbox_of, is_listed, is_municipal
from fhir_service.rules._tasks import fulfil, new_case_number
from fhir_service.rules._times import due, instant
from fhir_service.rules.case_received import receipt
from profiles import names
from profiles.code_systems import codes, concept
from profiles.issues import Issue, error
from profiles.r4_types import Reference, Task
from profiles.resource import Resource

INTENTS = ("proposal", "order")


def check(change: Change) -> Iterable[Issue]:
    """S1: the person, a koordinerende enhet, and what is said about consent. A message is never refused here."""
    need = change.after
    if need is None or not opens_case(change) or change.draft.cause == "hl7v2":
        return
    if not need.get("subject"):
        yield error("rule", "ServiceRequest.subject", "A need notification is about a person: subject is missing")
    if need.get("intent") not in INTENTS:
        text = f"A need notification has intent {' or '.join(INTENTS)}: the koordinerende enhet decides"
        yield error("rule", "ServiceRequest.intent", text)
    if consent_statement(need) not in codes(names.CONSENT_STATEMENT):
        text = (
            f"A need notification says what is known about consent: extension {names.IP_CONSENT_STATEMENT} with "
            f"valueCode one of {', '.join(sorted(codes(names.CONSENT_STATEMENT)))}"
        )
        yield error("rule", "ServiceRequest.extension", text)
    inbox = inbox_of(need, change.standing, change.context)
    if inbox is None:
        text = (
            "No koordinerende enhet is known: name one as performer (Reference to its Organization, or an identifier "
            "with an organisation number or a municipality number), or say in Patient.address.district where the "
            f"person stays (four digits, or extension {MUNICIPALITY_CODE})"
        )
        yield error("not-routed", "ServiceRequest.performer", text)
    elif not is_listed(inbox, change.context) and f"Organization/{inbox.organization_id}" in _notifiers(change, need):
        text = "Whoever tells of a need does not take the case: the performer is a koordinerende enhet"
        yield error("not-routed", "ServiceRequest.performer", text)


def _notifiers(change: Change, need: Resource) -> frozenset[str]:
    """Who may not name themselves: else a case would show them what is known of anybody (SR-27). KE may."""
    own = None if change.by.acts_as == "ke" else change.by.organization
    requester = reference(need.get("requester"))
    organization = change.standing.get(requester) or {}
    tells = None if is_municipal(organization) else requester
    return frozenset(r for r in (own, tells) if r)


def effects(change: Change) -> Iterable[Effect]:
    """C1, unless the need has a case already (an inferred draft that becomes active) or joins one (7.4)."""
    need = change.after
    if need is None or not opens_case(change) or cases_of(change.standing, f"ServiceRequest/{need['id']}"):
        return
    known = case_already_open(change, need)
    if known:
        yield from _join(change, need, *known)
        return
    case = _case(change, need)
    if not need.get("performer"):  # found by the person's address: from now on it is told (workflow.md 5)
        yield revise(change.standing, need, performer=[case["owner"]])
    yield from make(change.standing, case)


def _join(change: Change, need: Resource, case: Resource, same_notifier: bool) -> Iterator[Effect]:
    entries = with_input(case, "possible-duplicate", {"valueReference": reference_to(need)})
    yield revise(change.standing, case, input=entries)
    if same_notifier:
        yield from amendment(change, need, case, "Ny melding om behov fra samme melder. Saken beholder fristen sin.")
    elif need.get("requester") and case.get("status") != "requested":  # else the receipt comes to both (C2)
        yield from feedback_to(change, case, need, receipt(case))
    if need.get("requester"):  # who joins late is told what the others know already
        for told in answers_so_far(change.standing, case):
            yield from feedback_to(change, case, need, told, followed_up=told.category == "decision")


def _case(change: Change, need: Resource) -> Task:
    context = change.context
    inbox = inbox_of(need, change.standing, context) or context.routes.default
    owner: Reference = {"reference": f"Organization/{inbox.organization_id}", "display": inbox.name}
    rid = derived_id("case", need["id"])
    stay = open_stay(change.standing)
    case: Task = {
        "resourceType": "Task",
        "id": rid,
        "groupIdentifier": new_case_number(rid, context),
        "status": "requested",
        "businessStatus": concept(names.KE_BUSINESS_STATUS, "new"),
        "intent": "order",
        "priority": need.get("priority", "routine"),
        "code": fulfil("assess-need"),
        "focus": reference_to(need),
        "for": _about(change, need),
        "encounter": need.get("encounter") or (reference_to(stay) if stay else None),
        "authoredOn": instant(context.now),
        "lastModified": instant(context.now),
        "requester": need.get("requester") or owner,
        "owner": owner,
        "restriction": {"period": {"end": due(context.now, context.settings.answer_days)}},
    }
    if is_supposed(need):
        case["input"] = with_input(case, "inferred-need", {"valueBoolean": True})
    return case


def _about(change: Change, need: Resource) -> Reference | None:
    """Who the case is about; the record of somebody who was named by number only, so that it is found by that, too."""
    subject: Reference | None = need.get("subject")
    known = None if reference(subject) else patient_of(change.standing)
    return {**subject, **reference_to(known)} if subject and known else subject


RULE = Rule(
    id="need-notified",
    title="A need notification opens a case with a four-week clock",
    basis="helse- og omsorgstjenesteloven §§ 7-2, 7-3; workflow.md 4.1 S1, 4.2 C1, 7.4",
    says="En melding om behov blir en sak hos koordinerende enhet, med svarfrist på fire uker fra den er mottatt.",
    on=frozenset({"ServiceRequest"}),
    check=check,
    effects=effects,
)
