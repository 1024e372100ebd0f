"""4.10: a death is never acted on by itself; the koordinerende enhet gets a Task to close plan and cases."""

from collections.abc import Iterable

from fhir_service.rules._case import open_cases
from fhir_service.rules._drafting import make
from fhir_service.rules._elements import as_reference, first_by_id, reference_to, several
from fhir_service.rules._model import Change, Effect, Rule, Standing
from fhir_service.rules._people import is_dead
from fhir_service.rules._plan import plans
from fhir_service.rules._routing import home_inbox
from fhir_service.rules._tasks import child
from fhir_service.rules._team import teams
from fhir_service.rules._transitions import IN_FORCE
from profiles.r4_types import Reference
from profiles.resource import Resource


def effects(change: Change) -> Iterable[Effect]:
    """Task `manual-review` where there is something to close; once, however often the death is told."""
    person = change.after
    if person is None or not is_dead(person) or is_dead(change.before or {}):
        return
    case = next(iter(open_cases(change.standing)), None)
    plan = next(iter(first_by_id(plans(change.standing, *IN_FORCE))), None)
    team = next(iter(first_by_id(teams(change.standing, "active", "suspended"))), None)
    if case is None and plan is None and team is None:
        return
    elements = {
        "owner": _owner(change, case, team),
        "for": reference_to(person),
        "focus": reference_to(person),
        "description": "Personen er meldt død. Avslutt plan og saker.",
    }
    yield from make(change.standing, child(change, case or plan, "manual-review", f"died|{person['id']}", **elements))


def _owner(change: Change, case: Resource | None, team: Resource | None) -> Reference:
    for owner in ((case or {}).get("owner"), *several((team or {}).get("managingOrganization"))):
        if found := as_reference(owner):
            return found
    inbox = home_inbox(_home(change.standing), change.context) or change.context.routes.default
    return {"reference": f"Organization/{inbox.organization_id}", "display": inbox.name}


def _home(standing: Standing) -> Resource | None:
    return next(iter(first_by_id(standing.of("Patient"))), None)


RULE = Rule(
    id="person-died",
    title="A death is closed by people",
    basis="helse- og omsorgstjenesteloven § 7-3; workflow.md 4.10",
    says="Når en person er meldt død, får koordinerende enhet en oppgave om å avslutte plan og saker.",
    on=frozenset({"Patient"}),
    effects=effects,
)
