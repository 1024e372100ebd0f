"""4.3: a service that was invited has joined the team."""

from collections.abc import Iterable, Iterator

from fhir_service.rules._case import children
from fhir_service.rules._elements import part, reference, several
from fhir_service.rules._kinds import Kind, kind_of
from fhir_service.rules._model import Change, Effect, Rule, Standing
from fhir_service.rules._tasks import completed_with
from fhir_service.rules._times import is_open
from profiles.resource import Resource


def effects(change: Change) -> Iterable[Effect]:
    """`invite-participant` is completed where its owner is in the team now."""
    team = change.after
    if team is None or kind_of(team) is not Kind.TEAM:
        return
    joined = set(_parties(change.standing, team))
    for task in children(change.standing, "invite-participant"):
        owner = reference(task.get("owner"))
        invited = {owner, reference(part(change.standing.get(owner), "organization"))} - {None}
        if invited & joined:
            yield completed_with(change.standing, task, "care-team", team)


def _parties(standing: Standing, team: Resource) -> Iterator[str]:
    """Everybody who takes part, and the organizations for which they do."""
    for participant in several(team.get("participant")):
        if is_open(participant.get("period")):
            member = reference(participant.get("member"))
            told = (member, reference(participant.get("onBehalfOf")))
            held = reference(part(standing.get(member), "organization"))
            yield from (party for party in (*told, held) if party)


RULE = Rule(
    id="participant-joined",
    title="Who was invited has joined",
    basis="helse- og omsorgstjenesteloven § 7-1; workflow.md 4.3 (invite-participant), 4.5 K7",
    says="Når tjenesten som ble invitert, er med i ansvarsgruppen, er invitasjonen besvart.",
    on=frozenset({"CareTeam"}),
    effects=effects,
)
