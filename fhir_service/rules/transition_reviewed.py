"""4.3: a transition was talked over in a meeting, and the person has renewed the consent."""

from collections.abc import Iterable

from fhir_service.rules._case import children
from fhir_service.rules._elements import code_in, first_by_id, part
from fhir_service.rules._meetings import BEFORE_DISCHARGE, is_held, meeting_kind
from fhir_service.rules._model import Change, Effect, Rule
from fhir_service.rules._tasks import completed_with
from profiles import names
from profiles.resource import Resource

DAY = len("2026-11-22")


def effects(change: Change) -> Iterable[Effect]:
    """`transition-review` is completed by a meeting and a plan consent that are no older than the Task."""
    if change.after is None:
        return
    for task in children(change.standing, "transition-review"):
        since = str(task.get("authoredOn"))[:DAY]
        consent = _renewed(change, since)
        if consent is not None and _was_met(change, since):
            yield completed_with(change.standing, task, "consent", consent)


def _renewed(change: Change, since: str) -> Resource | None:
    consents = first_by_id(c for c in change.standing.of("Consent") if c.get("status") == "active")
    plans = (c for c in consents if code_in(c.get("category"), names.CONSENT_KIND) == "plan-creation")
    return next((c for c in plans if str(c.get("dateTime", ""))[:DAY] >= since), None)


def _was_met(change: Change, since: str) -> bool:
    return any(is_held(e) and _counts(e) and _day(e) >= since for e in change.standing.of("Encounter"))


def _counts(encounter: Resource) -> bool:
    return meeting_kind(encounter) not in (None, BEFORE_DISCHARGE)


def _day(encounter: Resource) -> str:
    return str(part(encounter, "period", "end") or part(encounter, "period", "start") or "")[:DAY]


RULE = Rule(
    id="transition-reviewed",
    title="A transition is met with a meeting and a new consent",
    basis="pasient- og brukerrettighetsloven §§ 4-3, 4-4; workflow.md 4.3 (transition-review), 4.10",
    says="Overgangen er gjennomgått når det er holdt møte og personen har fornyet samtykket.",
    on=frozenset({"Encounter", "Consent"}),
    effects=effects,
)
