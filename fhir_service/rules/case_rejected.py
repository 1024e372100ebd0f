"""C3: a case that is not for this KE is rejected with a reason, and forwarded when another municipality has it."""

from collections.abc import Iterable, Iterator

from fhir_service.rules._addressed import Told
from fhir_service.rules._case import business_status, reason_of
from fhir_service.rules._drafting import make, with_input
from fhir_service.rules._elements import reference, reference_to
from fhir_service.rules._feedback import feedback
from fhir_service.rules._following import OUTCOME
from fhir_service.rules._ids import derived_id
from fhir_service.rules._kinds import Kind, enters
from fhir_service.rules._model import Change, Draft, Effect, Rule
from fhir_service.rules._people import patient_of
from fhir_service.rules._routing import home_inbox, named_inbox, receivers_named
from fhir_service.rules._times import instant
from profiles import names
from profiles.code_systems import concept, display
from profiles.issues import Issue, error
from profiles.r4_types import Identifier, Task
from profiles.resource import Resource
from profiles.routing import Inbox


def check(change: Change) -> Iterable[Issue]:
    """The reason, and where to."""
    case = change.after
    if case is None or not enters(change, Kind.CASE, "rejected"):
        return
    reason = reason_of(case)
    if reason not in OUTCOME:
        text = f"A rejected case has a statusReason: one of {', '.join(sorted(r for r in OUTCOME if r))}"
        yield error("rule", "Task.statusReason", text)
    elif business_status(case) != OUTCOME[reason]:
        yield error("rule", "Task.businessStatus", f"The reason {reason} goes with businessStatus {OUTCOME[reason]}")
    if reason == "wrong-municipality" and _target(change, case) is None:
        text = (
            "No other koordinerende enhet is known for this person: name it in an output of type forward-to "
            "(Reference to its Organization, or an identifier with a municipality number)"
        )
        yield error("not-routed", "Task.output", text)


def effects(change: Change) -> Iterable[Effect]:
    """Feedback at once, and a new case at the right KE."""
    case = change.after
    if case is None or not enters(change, Kind.CASE, "rejected"):
        return
    reason = reason_of(case) or ""
    target = _target(change, case) if reason == "wrong-municipality" else None
    why = display(names.STATUS_REASON, reason) or reason
    where = f" Den er sendt videre til {target.name}." if target else ""
    told = Told("rejection", "R", f"Saken er avvist: {why}.{where}", reason)
    yield from feedback(change, case, told)
    if target:
        yield from _forward(change, case, target)


def _target(change: Change, case: Resource) -> Inbox | None:
    """The KE to forward to; the one that rejects is none."""
    named = receivers_named(case)
    if named:
        found = named_inbox(named[0], change.standing, change.context)
    else:
        found = home_inbox(patient_of(change.standing, reference(case.get("for"))), change.context)
    is_own = found is not None and reference(case.get("owner")) == f"Organization/{found.organization_id}"
    return None if is_own else found


def _forward(change: Change, case: Resource, target: Inbox) -> Iterator[Draft]:
    rid = derived_id("forwarded", case["id"])
    number: Identifier = case.get("groupIdentifier") or {}
    forwarded: Task = {  # what it keeps of the case: the clock does not restart
        "resourceType": "Task",
        "focus": case.get("focus"),
        "for": case.get("for"),
        "encounter": case.get("encounter"),
        "authoredOn": case.get("authoredOn"),
        "requester": case.get("requester"),
        "intent": case.get("intent"),
        "code": case.get("code"),
        "priority": case.get("priority"),
        "id": rid,
        "groupIdentifier": {**number, "value": f"{number.get('value', case['id'])}-V"},
        "status": "requested",
        "businessStatus": concept(names.KE_BUSINESS_STATUS, "new"),
        "lastModified": instant(change.context.now),
        "owner": {"reference": f"Organization/{target.organization_id}", "display": target.name},
        "restriction": case.get("restriction"),
        "input": with_input(case, "forwarded-from", {"valueReference": reference_to(case)}),
    }
    yield from make(change.standing, forwarded)


RULE = Rule(
    id="case-rejected",
    title="A rejected case has a reason and is passed on",
    basis="forvaltningsloven § 11; workflow.md 4.2 C3, 13 (forwarding)",
    says="En sak som ikke hører til her, avvises med grunn og sendes videre til rett kommune. Fristen løper videre.",
    on=frozenset({"Task"}),
    check=check,
    effects=effects,
)
