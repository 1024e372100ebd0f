"""4.3, 4.11: a person who is ready to come home is somebody's to receive, until they have come, or are not ready."""

from collections.abc import Iterable, Iterator

from fhir_service.rules._case import children, open_cases
from fhir_service.rules._drafting import make
from fhir_service.rules._elements import as_reference, extension, reference, reference_to, status
from fhir_service.rules._kinds import is_inpatient
from fhir_service.rules._model import Change, Draft, Effect, Rule
from fhir_service.rules._people import patient_of
from fhir_service.rules._routing import home_inbox
from fhir_service.rules._tasks import cancelled_because, child, completed_with
from profiles import names
from profiles.r4_types import Reference
from profiles.resource import Resource

CODE = "discharge-ready"
NEVER_WAS = ("cancelled", "entered-in-error")


def effects(change: Change) -> Iterable[Effect]:
    """Task to the municipality that receives; completed by the discharge, cancelled when they are not ready after all.

    A Task that somebody made by hand waits for the discharge, too.
    """
    stay = change.after
    if stay is None or not is_inpatient(stay):
        return
    waiting = list(_waiting(change, stay))
    if status(stay) == "finished":
        yield from (completed_with(change.standing, task, "encounter", stay) for task in waiting)
    elif _is_ready(stay):
        if not waiting and not _is_ready(change.before):
            yield from _asked(change, stay)
    elif _is_ready(change.before) or status(stay) in NEVER_WAS:
        yield from (cancelled_because(change.standing, task, "discharge-cancelled") for task in waiting)


def _is_ready(stay: Resource | None) -> bool:
    return status(stay) == "in-progress" and extension(stay, names.IP_DISCHARGE_READY) is not None


def _waiting(change: Change, stay: Resource, *, only_open: bool = True) -> Iterator[Resource]:
    wanted = f"Encounter/{stay['id']}"
    return (t for t in children(change.standing, CODE, only_open=only_open) if reference(t.get("focus")) == wanted)


def _asked(change: Change, stay: Resource) -> Iterator[Draft]:
    # The same stay may be ready more than once: each time that it was not leaves a cancelled Task behind.
    earlier = len(list(_waiting(change, stay, only_open=False)))
    case = next(iter(open_cases(change.standing)), None)
    owner = _receiver(change, stay, case)
    elements = {
        "owner": owner,
        "requester": as_reference(stay.get("serviceProvider")) or owner,
        "for": stay.get("subject"),
        "focus": reference_to(stay),
        "encounter": reference_to(stay),
    }
    yield from make(change.standing, child(change, case, CODE, f"{stay['id']}|{earlier}", **elements))


def _receiver(change: Change, stay: Resource, case: Resource | None) -> Reference:
    """Who has the person's case, else the koordinerende enhet where the person stays: it gives the Task on."""
    if case is not None and (known := as_reference(case.get("owner"))):
        return known
    context = change.context
    inbox = home_inbox(patient_of(change.standing, reference(stay.get("subject"))), context) or context.routes.default
    return {"reference": f"Organization/{inbox.organization_id}", "display": inbox.name}


RULE = Rule(
    id="discharge-ready",
    title="A person who is ready for discharge is received",
    basis="forskrift om utskrivningsklare pasienter; helse- og omsorgstjenesteloven § 3-1; workflow.md 4.3, 4.11",
    says="Er en person utskrivningsklar, får kommunen en oppgave med frist neste dag; den er løst når personen kommer.",
    on=frozenset({"Encounter"}),
    effects=effects,
)
