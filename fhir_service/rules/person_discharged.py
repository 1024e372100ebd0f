"""4.11: a person who comes home is followed up; the plan is untouched (A03, and A13 and A11 undo it)."""

from collections.abc import Iterable, Iterator

from fhir_service.rules._case import children, open_cases
from fhir_service.rules._drafting import make, revise
from fhir_service.rules._elements import reference, reference_to, status
from fhir_service.rules._kinds import is_inpatient
from fhir_service.rules._model import Change, Draft, Effect, Rule
from fhir_service.rules._plan import plans
from fhir_service.rules._tasks import cancelled_because, child, urgency
from fhir_service.rules._team import coordinator_of
from profiles.resource import Resource

CODE = "person-discharged"


def effects(change: Change) -> Iterable[Effect]:
    """Task to the coordinator and priority up; or the Task is cancelled with the discharge."""
    stay = change.after
    if stay is None or not (is_inpatient(stay) or is_inpatient(change.before or {})):
        return
    if stay.get("status") == "finished":
        if status(change.before) != "finished":
            yield from _discharged(change, stay)
    elif change.before is not None:
        yield from (cancelled_because(change.standing, t, "discharge-cancelled") for t in _told(change, stay))


def _discharged(change: Change, stay: Resource) -> Iterator[Draft]:
    for case in open_cases(change.standing):
        yield revise(change.standing, case, priority=urgency(case.get("priority")))
    owner = coordinator_of(change.standing)
    if owner is None or list(_told(change, stay)):
        return
    # The same stay may end more than once: each cancelled discharge leaves a cancelled Task behind.
    earlier = len(list(_told(change, stay, only_open=False)))
    parent = next(iter([*plans(change.standing, "active", "on-hold", "draft"), *open_cases(change.standing)]), None)
    elements = {
        "owner": owner,
        "for": stay.get("subject"),
        "focus": reference_to(stay),
        "encounter": reference_to(stay),
    }
    yield from make(change.standing, child(change, parent, CODE, f"{stay['id']}|{earlier}", **elements))


def _told(change: Change, stay: Resource, *, only_open: bool = True) -> Iterator[Resource]:
    wanted = f"Encounter/{stay['id']}"
    return (t for t in children(change.standing, CODE, only_open=only_open) if reference(t.get("focus")) == wanted)


RULE = Rule(
    id="person-discharged",
    title="The coordinator follows up a discharge",
    basis="spesialisthelsetjenesteloven § 2-5; forskrift om utskrivningsklare pasienter; workflow.md 4.11",
    says="Når en person skrives ut, får koordinatoren en oppgave; planen gjelder videre som den er.",
    on=frozenset({"Encounter"}),
    effects=effects,
)
