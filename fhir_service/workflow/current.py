"""What is current about a person, whichever of their records is asked for (decision 27), through the caller's view."""

from collections.abc import Iterable
from dataclasses import dataclass

from fhir_service.rules import Kind, Standing, extension, kind_of, reference, references, several
from fhir_service.rules._addressed import told_coordinator
from fhir_service.rules._plan import plans
from fhir_service.rules._team import coordinators, teams
from fhir_service.rules._transitions import IN_FORCE
from fhir_service.sight import COORDINATORS, EXISTENCE, FRAME
from fhir_service.storage import reading, visible
from fhir_service.storage.access import EVERYTHING, Access
from fhir_service.storage.port import Repository, Stored
from fhir_service.workflow.everything import Reading, references_in
from fhir_service.workflow.versions import parse_body
from mappings.feedback import CoordinatorValue
from profiles import names
from profiles.code_systems import codes, display
from profiles.resource import Resource

TYPES = ("CarePlan", "CareTeam", "Goal", "Consent", "Encounter")
PEOPLE = frozenset({"Practitioner", "PractitionerRole", "Organization"})
NEAR = (COORDINATORS, FRAME)
"""Labels that tell who coordinates: of a hospital while the person is there, of members of the team."""


@dataclass(frozen=True, slots=True)
class Coordination:
    """Who coordinates, as far as the caller may know; whether there is a plan, None: not to be told."""

    coordinators: tuple[CoordinatorValue, ...]
    plan_exists: bool | None


async def person_behind(repository: Repository, access: Access, rid: str, *, near: bool = False) -> str | None:
    """The person of a Patient that the caller sees; None where there is none to tell of.

    `near`: also of one whose coordinator is open to the caller.
    """
    stored = await repository.ask(lambda: visible.get("Patient", rid, EVERYTHING))
    if stored is None or stored.deleted or stored.person_id is None:
        return None
    if near and access.condition is not None:
        sight = (await repository.sights([stored.person_id], access)).get(stored.person_id)
        if sight is not None and sight.shows(NEAR):
            return stored.person_id
    return None if await repository.read("Patient", rid, access) is None else stored.person_id


async def standing_of(repository: Repository, person: str, rtypes: Iterable[str] = TYPES) -> Standing:
    """What the person has of these types, whoever may see it."""
    rows = await repository.ask(lambda: reading.of_persons([person], rtypes))
    return Standing(person, {f"{row.rtype}/{row.rid}": parse_body(row.body) for row in rows if not row.deleted})


async def current_plan(repository: Repository, access: Access, person: str) -> tuple[Stored, ...]:
    """The plan in force first, then its team, goals, consents and meetings; nothing where the plan is not seen."""
    standing = await standing_of(repository, person)
    plan = next(iter(plans(standing, *sorted(IN_FORCE))), None)
    found = Reading(repository, access)
    seen = await found.read_many([("CarePlan", plan["id"])]) if plan else []
    if plan is None or not seen:
        return ()
    about = [*references(plan.get("careTeam")), *references(plan.get("goal")), *_beside(standing, plan)]
    beside = await found.read_many([(rtype, rid) for rtype, _, rid in (one.partition("/") for one in about)])
    return (*seen, *beside)


def _beside(standing: Standing, plan: Resource) -> Iterable[str]:
    """The consents to make, share and transfer a plan, and the meetings about this one."""
    yield from (f"Consent/{c['id']}" for c in standing.of("Consent") if kind_of(c) is Kind.CONSENT)
    yield from (f"Encounter/{e['id']}" for e in standing.of("Encounter") if _is_meeting(e, f"CarePlan/{plan['id']}"))


def _is_meeting(encounter: Resource, plan: str) -> bool:
    about = reference((extension(encounter, names.IP_PLAN) or {}).get("valueReference"))
    kinds = (c for kind in several(encounter.get("type")) for c in several(kind.get("coding")))
    return about == plan or (
        about is None
        and any(c.get("system") == names.MEETING_KIND and c.get("code") in codes(names.MEETING_KIND) for c in kinds)
    )


async def coordination(repository: Repository, access: Access, person: str) -> Coordination:
    """Who coordinates for a person, with role, phone and unit."""
    standing = await standing_of(repository, person, ("CareTeam", "CarePlan"))
    found = Reading(repository, access)
    at_work = [("CareTeam", str(team["id"])) for team in teams(standing, "active")]
    shown = [parse_body(row.body) for row in await found.read_many(at_work)]
    people = await _people(found, [one for team in shown for _, one in coordinators(team)])
    told = tuple(_told(people, one) for team in shown for _, one in coordinators(team))
    sight = None if access.condition is None else (await repository.sights([person], access)).get(person, access.sight)
    may_know = sight is None or any(sight.shows((label,)) for label in (EXISTENCE, FRAME))
    return Coordination(told, any(plans(standing, *IN_FORCE)) if may_know else None)


async def _people(found: Reading, participants: list[Resource]) -> Standing:
    """Who coordinates, and whom and what those roles name."""
    people: dict[str, Resource] = {}
    wanted = [(r.partition("/")[0], r.partition("/")[2]) for p in participants for r in _named(p)]
    for _ in range(2):
        rows = await found.read_many(key for key in wanted if key[0] in PEOPLE)
        people.update({f"{row.rtype}/{row.rid}": parse_body(row.body) for row in rows})
        wanted = references_in([row.body for row in rows])
    return Standing(None, people)


def _named(participant: Resource) -> list[str]:
    return references([participant.get("member"), participant.get("onBehalfOf")])


def _told(people: Standing, participant: Resource) -> CoordinatorValue:
    code = next((c["code"] for role in several(participant.get("role")) for c in several(role.get("coding"))), "")
    return told_coordinator(people, participant, display(names.TEAM_ROLE, code) or code)
