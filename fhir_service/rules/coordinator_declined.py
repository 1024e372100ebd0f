"""K3: the person declines the coordinator who was granted; open plan work goes to the koordinerende enhet."""

from collections.abc import Iterable

from fhir_service.rules._case import decided, grants_coordinator
from fhir_service.rules._drafting import revise
from fhir_service.rules._elements import several
from fhir_service.rules._kinds import Kind, kind_of
from fhir_service.rules._model import Change, Effect, Rule
from fhir_service.rules._team import coordinators, teams, without_coordinators
from fhir_service.rules._transitions import STANDING_TEAM

DECLINED = "declined-by-person"


def effects(change: Change) -> Iterable[Effect]:
    """A candidate is taken off the team; a coordinator's period ends now, with everything that K5 brings."""
    case, before = change.after, change.before
    if case is None or before is None or kind_of(case) is not Kind.CASE or kind_of(before) is not Kind.CASE:
        return
    if not grants_coordinator(before) or decided(case, "decision-coordinator") != DECLINED or grants_coordinator(case):
        return
    for team in teams(change.standing, "proposed", *STANDING_TEAM):
        open_ones = [participant for _, participant in coordinators(team)]
        if team.get("status") == "proposed":
            kept = [p for p in several(team.get("participant")) if p not in open_ones]
        else:
            kept = without_coordinators(team, change.context.now)
        if open_ones:
            yield revise(change.standing, team, participant=kept or None)


RULE = Rule(
    id="coordinator-declined",
    title="A person may decline the coordinator",
    basis="pasient- og brukerrettighetsloven §§ 2-5 b, 4-1; workflow.md 4.5 K3",
    says="Takker personen nei til koordinator, går koordinatoren ut, og planarbeidet til koordinerende enhet.",
    on=frozenset({"Task"}),
    effects=effects,
)
