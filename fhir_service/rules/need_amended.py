"""S2 and S3: the notifier changes or withdraws the need; KE is told, or the case ends."""

from collections.abc import Iterable, Iterator

from fhir_service.rules._amendment import amendment
from fhir_service.rules._case import cases_of, requests_of
from fhir_service.rules._drafting import make, revise
from fhir_service.rules._elements import reference_to
from fhir_service.rules._expected import CHILD_BORN
from fhir_service.rules._kinds import Kind, enters, kind_of
from fhir_service.rules._model import Change, Draft, Effect, Rule
from fhir_service.rules._tasks import child
from fhir_service.rules._transitions import TERMINAL_TASK
from profiles import names
from profiles.code_systems import concept
from profiles.issues import Issue, error
from profiles.resource import Resource

ENDED = ("completed", "revoked", "entered-in-error")
NOT_CONTENT = frozenset({"meta", "status", "text"})
AMENDED = "Melderen har endret meldingen om behov. Saken beholder fristen sin."
WITHDRAWN = "Melderen har trukket sin melding om behov. Saken har også meldinger fra andre."


def check(change: Change) -> Iterable[Issue]:
    """S4: a need is completed by the end of its case, and an ended one does not change."""
    need = change.after
    if need is None or kind_of(need) is not Kind.NEED:
        return
    if enters(change, Kind.NEED, "completed") and not _answered(change, need):
        text = "A need notification is completed by the completion of its case Task (INV-05)"
        yield error("rule", "ServiceRequest.status", text)
    ended = kind_of(change.before) is Kind.NEED and (change.before or {}).get("status") in ENDED
    if ended and _content(change.before) != _content(need):
        yield error("rule", "ServiceRequest", "A need notification that has ended does not change any more")


def effects(change: Change) -> Iterable[Effect]:
    """An amendment to KE (S2), or the end of the case (S3)."""
    need = change.after
    if need is None or kind_of(need) is not Kind.NEED or kind_of(change.before) is not Kind.NEED:
        return
    if change.draft.cause in ("need-notified", CHILD_BORN):  # the service told something, not the notifier
        return
    found = cases_of(change.standing, f"ServiceRequest/{need['id']}")
    for case in (c for c in found if c.get("status") not in TERMINAL_TASK):
        if enters(change, Kind.NEED, "revoked", "entered-in-error"):
            yield from _withdraw(change, need, case)
        elif _content(change.before) != _content(need) and need.get("status") not in ENDED:
            yield from amendment(change, need, case, AMENDED)


def _withdraw(change: Change, need: Resource, case: Resource) -> Iterator[Effect]:
    others = (change.standing.get(wanted) for wanted in requests_of(case))
    if any(o and o["id"] != need["id"] and o.get("status") == "active" for o in others):
        yield from amendment(change, need, case, WITHDRAWN)
    elif case.get("status") in ("in-progress", "on-hold"):
        yield from _ask_to_abort(change, case)
    else:
        yield revise(
            change.standing,
            case,
            status="cancelled",
            businessStatus=concept(names.KE_BUSINESS_STATUS, "withdrawn"),
            statusReason=concept(names.STATUS_REASON, "withdrawn-by-notifier"),
        )


def _ask_to_abort(change: Change, case: Resource) -> Iterator[Draft]:
    """FHIR's Task machine has no in-progress -> cancelled: a Task `abort` asks for it (C8)."""
    yield from make(change.standing, child(change, case, "abort", case["id"], focus=reference_to(case)))


def _answered(change: Change, need: Resource) -> bool:
    found = cases_of(change.standing, f"ServiceRequest/{need['id']}")
    return bool(found) and all(c.get("status") in TERMINAL_TASK for c in found)


def _content(need: Resource | None) -> Resource:
    return {k: v for k, v in (need or {}).items() if k not in NOT_CONTENT}


RULE = Rule(
    id="need-amended",
    title="The notifier may change or withdraw the need",
    basis="workflow.md 4.1 S2-S4, 4.2 C7, C8",
    says="Melderen kan endre eller trekke meldingen; koordinerende enhet får beskjed, og fristen løper videre.",
    on=frozenset({"ServiceRequest"}),
    check=check,
    effects=effects,
)
