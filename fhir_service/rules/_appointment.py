"""A team with a new coordinator, as the operations put it together (workflow.md 4.5 K1, K2, K4); the rules judge it."""

from dataclasses import dataclass
from datetime import datetime

from fhir_service.rules._appointing import SEARCHES
from fhir_service.rules._case import case_behind, child_code
from fhir_service.rules._elements import reference, several
from fhir_service.rules._kinds import Kind, kind_of
from fhir_service.rules._model import Standing
from fhir_service.rules._team import coordinators, teams
from fhir_service.rules._times import closed, instant
from fhir_service.rules._transitions import STANDING_TEAM
from profiles import names
from profiles.code_systems import concept
from profiles.resource import Resource


@dataclass(frozen=True, slots=True)
class Appointment:
    """Who coordinates, from when on. `deputy`: who stands in, if anybody."""

    coordinator: Resource
    role: str
    start: str
    deputy: Resource | None = None


def team_of(standing: Standing) -> Resource | None:
    """The team that gets the coordinator: the one at work, else one that waits with a candidate."""
    return next(iter([*teams(standing, *STANDING_TEAM), *teams(standing, "proposed")]), None)


def searching_for(standing: Standing, task: Resource) -> Resource | None:
    """A Task for which a coordinator is looked for, with the koordinerende enhet that does so as its owner; None for
    another one."""
    if kind_of(task) is Kind.CASE:
        return task
    if kind_of(task) is not Kind.CHILD or child_code(task) not in SEARCHES:
        return None
    case = case_behind(standing, task)
    asked_by = task.get("requester") if (reference(task.get("requester")) or "").startswith("Organization/") else None
    return {**task, "owner": (case or {}).get("owner") or asked_by or task.get("owner")}


def proposed_team(rid: str, task: Resource, appointment: Appointment) -> Resource:
    """K1: a new team with its candidate, made for a Task (the case, or its sub-step) of a koordinerende enhet."""
    since = {"start": appointment.start}
    person, ke = task["for"], task["owner"]
    return {
        "resourceType": "CareTeam",
        "id": rid,
        "status": "proposed",
        "category": [concept(names.TEAM_CATEGORY, "coordination")],
        "subject": person,
        "period": since,
        "participant": [
            *_appointed(appointment),
            {"role": [concept(names.TEAM_ROLE, "person")], "member": person, "period": since},
            {"role": [concept(names.TEAM_ROLE, "ke")], "member": ke, "period": since},
        ],
        "managingOrganization": [ke],
    }


def with_candidate(team: Resource, appointment: Appointment) -> Resource:
    """A team that has none, or a proposed one, with this coordinator and no other candidate."""
    proposed = team.get("status") == "proposed"
    candidates = [participant for _, participant in coordinators(team)] if proposed else []
    kept = [p for p in several(team.get("participant")) if p not in candidates]
    return {**team, "participant": [*kept, *_appointed(appointment)]}


def _appointed(appointment: Appointment) -> list[Resource]:
    since = {"start": appointment.start}
    named = {appointment.role: appointment.coordinator} | ({"deputy": appointment.deputy} if appointment.deputy else {})
    return [
        {"role": [concept(names.TEAM_ROLE, role)], "member": member, "period": since} for role, member in named.items()
    ]


def changed_team(team: Resource, member: Resource, start: datetime, reason: Resource) -> Resource:
    """K4: the new one starts the moment the old one ends; the reason stays with the team."""
    leaving = coordinators(team)
    participants = list(several(team.get("participant")))
    for place, participant in leaving:
        participants[place] = {**participant, "period": closed(participant.get("period"), start)}
    role = leaving[0][1]["role"] if leaving else [concept(names.TEAM_ROLE, "coordinator")]
    others = [e for e in several(team.get("extension")) if e.get("url") != names.IP_STATUS_REASON]
    return {
        **team,
        "extension": [*others, {"url": names.IP_STATUS_REASON, "valueCodeableConcept": reason}],
        "participant": [*participants, {"role": role, "member": member, "period": {"start": instant(start)}}],
    }
