"""INV-05, 4.8: only the receiver acknowledges; what was told by letter or phone is closed with a reason."""

from collections.abc import Iterable, Iterator

from fhir_service.rules._case import child_code
from fhir_service.rules._drafting import revise
from fhir_service.rules._elements import is_stated, part, reference, references, status
from fhir_service.rules._feedback import delivery_of, is_answer
from fhir_service.rules._kinds import Kind, enters, kind_of
from fhir_service.rules._model import Change, Draft, Effect, Rule
from fhir_service.rules._permissions import NOTIFIERS
from fhir_service.rules._tasks import feedback_state
from mappings.sources import sender_of
from profiles.issues import Issue, error
from profiles.resource import Resource

UNSENT = ("preparation",)
OPEN = ("preparation", "in-progress")
AS_SENT = ("basedOn", "about", "category", "recipient", "payload")
"""What a feedback says, and to whom: KE edits it until it is sent."""
BY_HAND = "told by letter or phone: statusReason says how"


def check(change: Change) -> Iterable[Issue]:
    """Whoever writes by hand; a channel tells what its receiver answered."""
    if change.after is None or change.draft.cause != "rest":
        return
    if change.after["resourceType"] == "Communication":
        if is_answer(change.after):
            yield from _authored(change, change.after)
            yield from _communication(change, change.after)
    elif _is_ours(change.after):
        yield from _task(change, change.after)


def _authored(change: Change, told: Resource) -> Iterator[Issue]:
    """What KE says is KE's to write; a notifier says that it came."""
    before = change.before or {}
    changed = [element for element in AS_SENT if before.get(element) != told.get(element)]
    if changed and change.by.acts_as in NOTIFIERS.split():
        text = "The koordinerende enhet writes what it tells; a notifier completes it when it has come"
        yield error("forbidden", f"Communication.{changed[0]}", text)


def _communication(change: Change, told: Resource) -> Iterator[Issue]:
    before = change.before
    if before is not None and is_answer(before) and status(before) not in UNSENT:
        for element in AS_SENT:
            if before.get(element) != told.get(element):
                text = "A feedback that is sent does not change any more: send another one"
                yield error("rule", f"Communication.{element}", text)
        if status(told) in UNSENT or (status(before) == "completed" and status(told) == "in-progress"):
            yield error("illegal-transition", "Communication.status", "A feedback that is sent is not prepared anew")
    newly = delivery_of(told) == "acknowledged" != delivery_of(before)
    if newly and not _is_receivers(change, told):
        text = f"A feedback is acknowledged by whoever receives it, or it was {BY_HAND}"
        yield error("rule", "Communication.statusReason", text)


def _is_receivers(change: Change, told: Resource) -> bool:
    """Whether it is for the caller to say that it arrived: a message's sender says so by the acknowledgement."""
    needs = [need for r in references(told.get("basedOn")) if (need := change.standing.get(r))]
    if any(sender_of(part(need, "meta", "source")) for need in needs):
        return False
    return change.by.acts_as is None or change.by.acts_as in NOTIFIERS.split()


def _task(change: Change, task: Resource) -> Iterator[Issue]:
    if not enters(change, Kind.CHILD, "completed") or status(change.before) != "in-progress":
        return  # `transitions` says what leads there
    if feedback_state(task) == "manual":
        if not is_stated(task.get("statusReason")):
            yield error("rule", "Task.statusReason", f"Feedback with businessStatus manual was {BY_HAND}")
    elif status(change.standing.get(reference(task.get("focus")))) != "completed":
        text = (
            "A Task send-feedback is completed when its Communication is (acknowledged by the receiver), or with "
            f"businessStatus manual, {BY_HAND}"
        )
        yield error("rule", "Task.businessStatus", text)


def _is_ours(task: Resource) -> bool:
    return kind_of(task) is Kind.CHILD and child_code(task) == "send-feedback"


def effects(change: Change) -> Iterable[Effect]:
    """What its receiver says came is acknowledged; with its Task a feedback is told by hand, and not sent after all."""
    task = change.after
    if task is not None and _came(change, task):
        yield revise(change.standing, task, status="completed")
    if task is None or not _is_ours(task) or not enters(change, Kind.CHILD, "completed"):
        return
    told = change.standing.get(reference(task.get("focus")))
    if feedback_state(task) == "manual" and told is not None and status(told) in OPEN:
        yield _told_by_hand(change, task, told)


def _came(change: Change, told: Resource) -> bool:
    """Whether its receiver states `received` of a feedback that is open."""
    if told["resourceType"] != "Communication" or not is_answer(told) or status(told) not in OPEN:
        return False
    is_new = bool(told.get("received")) and not (change.before or {}).get("received")
    return is_new and change.draft.cause == "rest" and _is_receivers(change, told)


def _told_by_hand(change: Change, task: Resource, told: Resource) -> Draft:
    return revise(change.standing, told, status="completed", statusReason=task.get("statusReason"))


RULE = Rule(
    id="feedback-acknowledged",
    title="Only the receiver acknowledges feedback",
    basis="forvaltningsloven § 27; workflow.md 3 INV-05, 4.8",
    says="Bare mottakeren kan bekrefte en tilbakemelding; er den gitt i brev eller på telefon, noteres det hvordan.",
    on=frozenset({"Communication", "Task"}),
    check=check,
    effects=effects,
)
