"""K6: coordination ends when no plan needs it, and everybody's period with it."""

from collections.abc import Iterable

from fhir_service.rules._drafting import revise
from fhir_service.rules._elements import references, several
from fhir_service.rules._kinds import Kind, enters
from fhir_service.rules._model import Change, Effect, Rule
from fhir_service.rules._plan import plans
from fhir_service.rules._times import closed, is_open
from fhir_service.rules._transitions import IN_FORCE
from profiles.issues import Issue, error
from profiles.resource import Resource


def check(change: Change) -> Iterable[Issue]:
    """The plan ends first, if it is this team's."""
    team = change.after or {}
    if enters(change, Kind.TEAM, "inactive") and any(_is_of(plan, team) for plan in plans(change.standing, *IN_FORCE)):
        text = "The person has an individual plan in force: end it (completed, revoked) before the team"
        yield error("rule", "CareTeam.status", text)


def _is_of(plan: Resource, team: Resource) -> bool:
    """A plan that names no team is any team's."""
    named = references(plan.get("careTeam"))
    return not named or f"CareTeam/{team.get('id')}" in named


def effects(change: Change) -> Iterable[Effect]:
    """Open periods are closed."""
    team = change.after
    if team is None or not enters(change, Kind.TEAM, "inactive"):
        return
    now = change.context.now
    participants = [
        p | {"period": closed(p.get("period"), now)} if is_open(p.get("period")) else p
        for p in several(team.get("participant"))
    ]
    period = closed(team.get("period"), now) if is_open(team.get("period")) else team.get("period")
    yield revise(change.standing, team, participant=participants or None, period=period)


RULE = Rule(
    id="team-ended",
    title="A team ends after its plan",
    basis="workflow.md 4.5 K6",
    says="Koordineringen avsluttes når planen er avsluttet; da slutter også deltakernes tilgang.",
    on=frozenset({"CareTeam"}),
    check=check,
    effects=effects,
)
