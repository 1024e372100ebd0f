"""The coordination team: who coordinates (INV-02, workflow.md 4.5)."""

from collections.abc import Iterator
from datetime import datetime

from fhir_service.rules._elements import as_reference, first_by_id, has_code, reference, several
from fhir_service.rules._kinds import Kind, kind_of
from fhir_service.rules._model import Standing
from fhir_service.rules._times import closed, is_open
from fhir_service.rules._transitions import STANDING_TEAM
from profiles import names
from profiles.r4_types import Reference
from profiles.resource import Resource

COORDINATOR_ROLES = ("coordinator", "child-coordinator")
"""Roles that a municipality appoints; a specialist-health coordinator is another role (INV-02)."""


def is_coordinator(participant: Resource) -> bool:
    """Whether a participant has a coordinator role, open or not."""
    return any(has_code(participant.get("role"), names.TEAM_ROLE, role) for role in COORDINATOR_ROLES)


def coordinators(team: Resource | None) -> list[tuple[int, Resource]]:
    """The participants of a team with an open period as coordinator, with their places in the list."""
    participants = several((team or {}).get("participant"))
    return [(n, p) for n, p in enumerate(participants) if is_coordinator(p) and is_open(p.get("period"))]


def without_coordinators(team: Resource, now: datetime) -> list[Resource]:
    """The participants when whoever coordinates has ended now."""
    ended = {place for place, _ in coordinators(team)}
    participants = enumerate(several(team.get("participant")))
    return [p | {"period": closed(p.get("period"), now)} if n in ended else p for n, p in participants]


def coordinator(team: Resource | None) -> Reference | None:
    """The Reference to a team's open coordinator."""
    found = coordinators(team)
    return as_reference(found[0][1].get("member")) if found else None


def deputy(team: Resource) -> Reference | None:
    """The Reference to a team's acting deputy: somebody who can own a Task."""
    for participant in several(team.get("participant")):
        member = participant.get("member")
        acting = has_code(participant.get("role"), names.TEAM_ROLE, "deputy") and is_open(participant.get("period"))
        if acting and (reference(member) or "").partition("/")[0] in ("PractitionerRole", "Practitioner"):
            return as_reference(member)
    return None


def teams(standing: Standing, *statuses: str) -> list[Resource]:
    """The person's coordination teams in these statuses."""
    return first_by_id(t for t in standing.of("CareTeam") if kind_of(t) is Kind.TEAM and t.get("status") in statuses)


def appointed(standing: Standing) -> Iterator[tuple[Resource, int, Resource]]:
    """Every appointed coordinator of the person: team, place in it, participant."""
    for team in teams(standing, *STANDING_TEAM):
        yield from ((team, place, participant) for place, participant in coordinators(team))


def coordinator_of(standing: Standing) -> Reference | None:
    """The Reference to the person's coordinator; of a team in force."""
    return next((found for team in teams(standing, "active") if (found := coordinator(team))), None)


def led_team(standing: Standing, plan: Resource) -> Resource | None:
    """The team of a plan, when it is in force and has a coordinator."""
    for wanted in several(plan.get("careTeam")):
        team = standing.get(reference(wanted))
        if team is not None and kind_of(team) is Kind.TEAM and team.get("status") == "active" and coordinators(team):
            return team
    return None
