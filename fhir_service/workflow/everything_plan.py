"""Everything about one plan: what the coordinator needs to have at hand.

In it are, as far as they are on this server and may be seen:

- the CarePlan and what it refers to: subject, encounter, author and contributors, conditions addressed, supporting
  information, goals, what its activities refer to, care teams, plans it is based on, part of or replaces;
- what refers to it: ServiceRequests, Tasks, Communications and Appointments based on it, Tasks that have it in focus,
  plans that are part of it or based on it, Consents about it, Provenance of it;
- the Consents of the subject to plan and sharing (their category is one of our consent kinds);
- what the care teams, goals, requests and tasks among these refer to, and behind a PractitionerRole the practitioner
  and the organisation. Other patients are left out.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from fhir_service.search import parameters
from fhir_service.search.query import ROOM, Criterion, ParameterType, ReferenceValue, SearchQuery, TokenValue
from fhir_service.storage.access import Access
from fhir_service.storage.port import Repository, Stored
from fhir_service.workflow.everything import Reading, references_in
from profiles import names

PLAN = "CarePlan"
MOST = 1_000
"""Resources in one answer (SR-8)."""
FOLLOWED = frozenset({"CareTeam", "Goal", "ServiceRequest", "Task", "PractitionerRole"})
WAVES = 3
"""The plan's own; what those refer to; what is behind a role."""
REFERRING = (
    ("ServiceRequest", "based-on"),
    ("Task", "based-on"),
    ("Task", "focus"),
    ("Communication", "based-on"),
    ("Appointment", "based-on"),
    ("CarePlan", "based-on"),
    ("CarePlan", "part-of"),
    ("CarePlan", "replaces"),
    ("Consent", "data"),
    ("Provenance", "target"),
)
"""(type, parameter) by which others refer to a plan."""


@dataclass(frozen=True, slots=True)
class Whole:
    """What was found, the plan first. `cut`: there is more than an answer may have."""

    resources: tuple[Stored, ...]
    cut: bool


async def everything_of_plan(repository: Repository, access: Access, plan: Stored, rtypes: Iterable[str]) -> Whole:
    """The plan and everything about it, each resource once; only of `rtypes`, those that are served."""
    served = frozenset(rtypes)
    reading = Reading(repository, access, room=ROOM - len(plan.body))
    found: dict[tuple[str, str], Stored] = {(plan.rtype, plan.rid): plan}
    subjects = [key for key in references_in([plan.body]) if key[0] == "Patient"][:1]
    for stored in await _referring(reading, plan.rid, served):
        found.setdefault((stored.rtype, stored.rid), stored)
    for stored in await _consents(reading, subjects, served):
        found.setdefault((stored.rtype, stored.rid), stored)
    looked_at: set[tuple[str, str]] = set()
    for _ in range(WAVES):
        looking = [s for key, s in found.items() if key not in looked_at and (s.rtype in FOLLOWED or s is plan)]
        looked_at |= {(s.rtype, s.rid) for s in looking}
        named = references_in([s.body for s in looking])
        wanted = [k for k in named if k not in found and k[0] in served and (k[0] != "Patient" or k in subjects)]
        for stored in await reading.read_many(wanted[:MOST]):
            found[stored.rtype, stored.rid] = stored
    return Whole(tuple(found.values())[:MOST], reading.cut or len(found) > MOST)


async def _referring(reading: Reading, rid: str, served: frozenset[str]) -> list[Stored]:
    found: list[Stored] = []
    for rtype, parameter in REFERRING:
        if rtype in served and parameter in parameters(rtype):
            criterion = Criterion(parameter, ParameterType.REFERENCE, (ReferenceValue(PLAN, rid),))
            found += await reading.search(SearchQuery(rtype, (criterion,), count=MOST))
    return found


async def _consents(reading: Reading, subjects: Iterable[tuple[str, str]], served: frozenset[str]) -> list[Stored]:
    found: list[Stored] = []
    for rtype, rid in subjects if "Consent" in served else ():
        of_subject = Criterion("patient", ParameterType.REFERENCE, (ReferenceValue(rtype, rid),))
        about_plans = Criterion("category", ParameterType.TOKEN, (TokenValue(names.CONSENT_KIND, None),))
        found += await reading.search(SearchQuery("Consent", (of_subject, about_plans), count=MOST))
    return found
