"""For which organisation somebody acts: whoever carries out an activity, or takes part (workflow.md 1 and 4.7)."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from fhir_service.rules._elements import reference, references, several
from fhir_service.rules._kinds import Kind, kind_of
from fhir_service.rules._model import Standing
from fhir_service.rules._team import teams
from fhir_service.rules._times import is_open
from fhir_service.rules._transitions import STANDING_TEAM
from profiles.resource import Resource

HELD_BY: Mapping[str, str] = {
    "PractitionerRole": "organization",
    "HealthcareService": "providedBy",
    "CareTeam": "managingOrganization",
}
"""Where a performer says by itself whose it is."""
BY_NAME = "Practitioner/"


def performers_of(plan: Resource) -> list[str]:
    """Literal references to whoever carries out the activities of a plan."""
    return [
        one
        for activity in several(plan.get("activity"))
        for one in references(activity.get("detail", {}).get("performer"))
    ]


def acting_for(standing: Standing) -> Mapping[str, str]:
    """Literal reference -> the organisation behind it, of whoever acts for exactly one.

    Of a role, a service and a team it is whose they are, but for the coordination team: that one is everybody's. Of
    somebody by name it is on whose behalf they take part in the person's coordination team.
    """
    found: defaultdict[str, set[str]] = defaultdict(set)
    for literal, organization in (*_held(standing), *_on_behalf(standing)):
        found[literal].add(organization)
    return {literal: next(iter(ones)) for literal, ones in found.items() if len(ones) == 1}


def _held(standing: Standing) -> Iterator[tuple[str, str]]:
    for rtype, element in HELD_BY.items():
        for one in standing.of(rtype):
            if kind_of(one) is not Kind.TEAM:
                yield from ((f"{rtype}/{one.get('id')}", whose) for whose in references(one.get(element)))


def _on_behalf(standing: Standing) -> Iterator[tuple[str, str]]:
    for team in teams(standing, *STANDING_TEAM):
        for participant in several(team.get("participant")):
            member, whose = reference(participant.get("member")), reference(participant.get("onBehalfOf"))
            if member and whose and member.startswith(BY_NAME) and is_open(participant.get("period")):
                yield member, whose
