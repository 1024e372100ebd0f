"""4.3: a sub-step that its owner rejects goes back to the koordinerende enhet, which assigns it anew."""

from collections.abc import Iterable

from fhir_service.rules._case import case_behind, child_code
from fhir_service.rules._drafting import make
from fhir_service.rules._elements import as_reference, reference, reference_to, several
from fhir_service.rules._kinds import Kind, enters
from fhir_service.rules._model import Change, Effect, Rule
from fhir_service.rules._tasks import child
from fhir_service.rules._team import teams
from fhir_service.rules._transitions import STANDING_TEAM
from profiles.r4_types import Reference
from profiles.resource import Resource

ENDS_THERE = frozenset({"invite-participant", "abort", "handover-plan", "manual-review", "person-discharged"})
"""Where the reason is enough, or another rule says what comes of it."""
ASSIGN = "Oppgaven er avvist av den som hadde den. Vurder hvem som skal ha den nå."


def effects(change: Change) -> Iterable[Effect]:
    """Task `manual-review`, unless it was the koordinerende enhet that rejected."""
    task = change.after
    if task is None or not enters(change, Kind.CHILD, "rejected") or child_code(task) in ENDS_THERE:
        return
    ke = _ke(change, task)
    if ke is None or reference(ke) == reference(task.get("owner")):
        return
    elements = {"owner": ke, "for": task.get("for"), "focus": reference_to(task), "description": ASSIGN}
    parent = case_behind(change.standing, task)
    yield from make(change.standing, child(change, parent, "manual-review", f"rejected|{task['id']}", **elements))


def _ke(change: Change, task: Resource) -> Reference | None:
    case = case_behind(change.standing, task)
    at_work = teams(change.standing, *STANDING_TEAM)
    managing = [owner for team in at_work for owner in several(team.get("managingOrganization"))]
    return as_reference((case or {}).get("owner")) or next(map(as_reference, managing), None)


RULE = Rule(
    id="child-rejected",
    title="A sub-step that is rejected is assigned anew",
    basis="helse- og omsorgstjenesteloven § 7-3; workflow.md 4.3",
    says="Avvises en deloppgave, får koordinerende enhet den tilbake for å finne en annen.",
    on=frozenset({"Task"}),
    effects=effects,
)
