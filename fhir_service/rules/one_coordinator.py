"""INV-02: one coordinator from the municipality per person."""

from collections.abc import Iterable

from fhir_service.rules._kinds import Kind, kind_of
from fhir_service.rules._model import Change, Rule
from fhir_service.rules._team import appointed, coordinators
from fhir_service.rules._transitions import STANDING_TEAM
from profiles.issues import Issue, error


def check(change: Change) -> Iterable[Issue]:
    """Refuses a second open coordinator or child coordinator in the end state of the transaction."""
    team = change.after
    if team is None or kind_of(team) is not Kind.TEAM or team.get("status") not in STANDING_TEAM:
        return
    own = coordinators(team)
    if own and len(list(appointed(change.standing))) > 1:
        text = (
            "The person would have more than one coordinator (coordinator or child-coordinator with an open period). "
            "Set period.end of the former one in the same transaction"
        )
        yield error("second-coordinator", f"CareTeam.participant[{own[-1][0]}]", text)


RULE = Rule(
    id="one-coordinator",
    title="One coordinator per person from the municipality",
    basis="helse- og omsorgstjenesteloven §§ 7-2, 7-2 a; workflow.md 3 INV-02",
    says="En person skal ha én koordinator fra kommunen: enten koordinator eller barnekoordinator.",
    on=frozenset({"CareTeam"}),
    check=check,
    order=20,
)
