"""From what stands about a person to who may see what of it (workflow.md 4.5-4.7, SR-27; decision 42).

Pure: the same standing gives the same grants, with the times from which and until which they hold. A caller's access
is what is open at the time of the request, so what ends by the clock needs nobody to end it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from fhir_service.access._consents import Block, blocks, covered, is_blocking, shared
from fhir_service.access._custodians import custodians, with_a_case_only
from fhir_service.access._periods import ALWAYS, Times, both, covering, minus
from fhir_service.access.labels import SECTORS, party_of
from fhir_service.access.members import Member, members
from fhir_service.rules import INPATIENT, Kind, Standing, extension, kind_of, reference
from fhir_service.sight import (
    ALL_BUT_HIDDEN,
    APART_FROM_COORDINATOR,
    APART_FROM_KE,
    BUT,
    CASE,
    CASE_OF,
    COORDINATORS,
    EXISTENCE,
    FRAME,
    IDENTITY,
    LEADS,
    OWN,
    TO_DO,
    Grant,
)
from profiles import names
from profiles.resource import Resource

KE, COORDINATOR, UNIT_LEADER, NOTIFIER, ANYBODY = "ke", "coordinator", "unit-leader", "notifier", ""
HANDLING = frozenset({CASE, FRAME, EXISTENCE, COORDINATORS, LEADS})
"""What koordinerende enhet and coordinator see, whatever the consent to make a plan covers."""
_KINDS = frozenset({Kind.PLAN, Kind.TEAM, Kind.CASE, Kind.CONSENT})


@dataclass(frozen=True, slots=True)
class _Given:
    """One that is not looked at for blocks yet. `leads`: by rule 1."""

    who: str
    role: str
    sector: str
    times: Times = ALWAYS
    leads: bool = False


def decides(resource: Resource) -> bool:
    """Whether somebody's access to a person may hang on this resource of theirs."""
    told = _DECIDING.get(str(resource.get("resourceType")))
    return kind_of(resource) in _KINDS or (told is not None and told(resource))


def deciding(resource: Resource | None) -> Resource | None:
    """The part of a resource on which somebody's access may hang; None: nothing of it.

    While it stays as it is, `grants_of` gives the same.
    """
    if resource is None or not decides(resource):
        return None
    part = {name: resource[name] for name in _ELEMENTS[resource["resourceType"]] if name in resource}
    municipality = extension(resource, names.IP_MANAGING_MUNICIPALITY)
    return part if municipality is None else {**part, "extension": municipality}


def _is_stay(encounter: Resource) -> bool:
    return encounter.get("class", {}).get("code") in INPATIENT


_DECIDING = {"Consent": is_blocking, "Encounter": _is_stay}
_ELEMENTS = {
    "CarePlan": ("subject", "status", "created", "careTeam"),
    "CareTeam": ("subject", "status", "participant", "managingOrganization"),
    "Consent": ("patient", "status", "category", "provision", "policy", "policyRule"),
    "Encounter": ("subject", "status", "class", "serviceProvider", "period"),
    "Task": ("for", "status", "owner", "authoredOn"),
}
"""What rules 1 to 4 look at, and of whom it is; beside it the municipality that manages a plan."""


def grants_of(standing: Standing) -> frozenset[Grant]:
    """Everything of a person that is open to anybody.

    `standing.resources` has what is the person's own, the organizations and PractitionerRoles that it names, and the
    agreements (OrganizationAffiliation) of private providers among those.
    """
    person = standing.person_id
    if person is None:
        return frozenset()
    blocked = tuple(blocks(standing))
    given = (*_leading(standing), *_taking_part(standing), *_staying(standing))
    left = (part for one in given for part in _unblocked(one, blocked))
    return frozenset(Grant(person, g.who, g.role, g.sector, *g.times) for g in left if g.times[0] < g.times[1])


def _leading(standing: Standing) -> Iterator[_Given]:
    """Rule 1: whoever is responsible sees what the consent to make a plan covers, by default everything."""
    sectors = covered(standing)
    for who in custodians(standing):
        yield from _by_rule_1(_Given(who, KE, BUT + APART_FROM_KE[1:], leads=True), sectors)
    for who in with_a_case_only(standing):
        handled = (CASE_OF + who, IDENTITY, COORDINATORS, OWN + who)
        yield from (_Given(who, KE, label, leads=True) for label in handled)
    for member in members(standing):
        if member.leads:
            whole = _Given(member.who, COORDINATOR, BUT + APART_FROM_COORDINATOR[1:], member.times, leads=True)
            yield from _by_rule_1(whole, sectors)
            labels = (COORDINATORS, TO_DO + member.who)
            yield from (_Given(member.who, UNIT_LEADER, label, member.times) for label in labels)


def _by_rule_1(whole: _Given, sectors: frozenset[str] | None) -> Iterator[_Given]:
    if sectors is None:
        yield whole
        return
    yield from (replace(whole, sector=label) for label in (*HANDLING, *sectors, OWN + whole.who))


def _taking_part(standing: Standing) -> Iterator[_Given]:
    """Rules 2 and 3: who represents the person, and the members with what the person shares with them."""
    permitted = list(shared(standing))
    for member in members(standing):
        if member.who.startswith("RelatedPerson/"):
            yield _Given(member.who, ANYBODY, ALL_BUT_HIDDEN, member.times)
        elif not member.leads:
            yield from _member(member)
            theirs = (one for one in permitted if one.who == member.who and one.label != EXISTENCE)
            yield from (_Given(member.who, ANYBODY, one.label, both(member.times, one.times)) for one in theirs)
    yield from (_Given(one.who, ANYBODY, EXISTENCE, one.times) for one in permitted if one.label == EXISTENCE)


def _member(member: Member) -> Iterator[_Given]:
    yield from (_Given(member.who, ANYBODY, label, member.times) for label in (FRAME, OWN + member.who))
    yield _Given(member.who, UNIT_LEADER, TO_DO + member.who, member.times)


def _staying(standing: Standing) -> Iterator[_Given]:
    """Rule 4: where the person is a patient now, they learn who coordinates."""
    for stay in standing.of("Encounter"):
        who = party_of(reference(stay.get("serviceProvider")), {})
        if who and stay.get("status") == "in-progress" and _is_stay(stay):
            times = covering(stay.get("period"))
            yield from (_Given(who, role, COORDINATORS, times) for role in (ANYBODY, NOTIFIER))


def _unblocked(given: _Given, blocked: tuple[Block, ...]) -> Iterator[_Given]:
    """What is left when the person's blocks are taken away; who represents them is not blocked."""
    if not given.who.startswith("Organization/"):
        yield given
        return
    meant = [b for b in blocked if b.who == given.who or (b.who is None and not given.leads)]
    whole = [b.times for b in meant if b.sectors is None]
    parts = [b for b in meant if b.sectors is not None]
    for times in minus(given.times, whole):
        yield from _without(replace(given, times=times), parts)


def _without(given: _Given, parts: list[Block]) -> Iterator[_Given]:
    """A grant of everything becomes one of each label, while some sectors are blocked."""
    if not given.sector.startswith(BUT):
        times = [b.times for b in parts if b.sectors is not None and given.sector in b.sectors]
        yield from (replace(given, times=left) for left in minus(given.times, times))
        return
    free = minus(given.times, [b.times for b in parts])
    yield from (replace(given, times=left) for left in free)
    if parts:
        labels = (*HANDLING, *SECTORS, OWN + given.who)
        for label in labels:
            held = [b.times for b in parts if b.sectors is not None and label in b.sectors]
            yield from (replace(given, sector=label, times=left) for left in minus(given.times, held))
