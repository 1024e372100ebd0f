"""Who takes part in the coordination of a person: coordinators, members, representatives (workflow.md 4.5)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from fhir_service.access._periods import Times, both, covering, held
from fhir_service.access.labels import party_of
from fhir_service.rules import Kind, Standing, agreements, code_in, is_private, kind_of, reference, several
from profiles import names
from profiles.resource import Resource

LEADING = frozenset({"coordinator", "child-coordinator", "deputy"})
"""Who runs the plan, or does so while the coordinator is away."""
NO_MEMBERS = frozenset({"person", "ke"})
"""Participants who see by another rule."""
NOT_STANDING = frozenset({"proposed", "inactive", "entered-in-error"})


@dataclass(frozen=True, slots=True)
class Member:
    """An organization, or a RelatedPerson, that takes part for some time. `leads`: as coordinator or deputy."""

    who: str
    times: Times
    leads: bool = False


def standing_teams(standing: Standing) -> Iterator[Resource]:
    """The coordination teams that are at work."""
    teams = (t for t in standing.of("CareTeam") if kind_of(t) is Kind.TEAM)
    return (t for t in teams if t.get("status") not in NOT_STANDING)


def members(standing: Standing) -> Iterator[Member]:
    """Everybody who takes part, each as long as they do."""
    stands_for = organizations(standing)
    for team in standing_teams(standing):
        for participant in several(team.get("participant")):
            yield from _member(standing, participant, stands_for)


def private_leaders(standing: Standing) -> frozenset[str]:
    """Private providers whose people coordinate, or did: they do so by an agreement."""
    stands_for = organizations(standing)
    found: set[str] = set()
    for participant in (one for team in standing_teams(standing) for one in several(team.get("participant"))):
        who = _who(participant, stands_for)
        if who and _leads(participant) and is_private(standing, participant):
            found.add(who)
    return frozenset(found)


def organizations(standing: Standing) -> Mapping[str, str]:
    """PractitionerRole -> the organization where they work."""
    found = {
        f"PractitionerRole/{r.get('id')}": reference(r.get("organization")) for r in standing.of("PractitionerRole")
    }
    return {literal: organization for literal, organization in found.items() if organization}


def _who(participant: Resource, stands_for: Mapping[str, str]) -> str | None:
    behalf = reference(participant.get("onBehalfOf"))
    return party_of(behalf or reference(participant.get("member")), stands_for)


def _roles(participant: Resource) -> set[str | None]:
    return {code_in(role, names.TEAM_ROLE) for role in several(participant.get("role"))}


def _leads(participant: Resource) -> bool:
    return not LEADING.isdisjoint(_roles(participant))


def _member(standing: Standing, participant: Resource, stands_for: Mapping[str, str]) -> Iterator[Member]:
    who = _who(participant, stands_for)
    if who is None or _roles(participant) & NO_MEMBERS or who.startswith("Patient/"):
        return
    times = held(participant.get("period"))
    if not _leads(participant):
        yield Member(who, times)
    elif is_private(standing, participant):
        agreed = (covering(one.get("period")) for one in agreements(standing, who))
        yield from (Member(who, both(times, agreement), leads=True) for agreement in agreed)
    else:
        yield Member(who, times, leads=True)
