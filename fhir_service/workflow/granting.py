"""Grants follow from what stands about a person; whatever changes that writes them anew, in the same transaction.

Decision 34: so they hold whatever road a change takes, and a withdrawal works at the next request.
"""

from collections.abc import Iterable, Mapping, Sequence

from fhir_service.access.grants import deciding, grants_of
from fhir_service.access.members import private_leaders
from fhir_service.rules import HELD_BY, Draft, Judgement, Standing, reference
from fhir_service.search import parse
from fhir_service.sight import Granted
from fhir_service.storage.access import EVERYTHING
from fhir_service.storage.port import Reads, Stored
from fhir_service.workflow.persons import Persons
from fhir_service.workflow.references import local
from fhir_service.workflow.versions import parse_body
from profiles.resource import Resource

AFFILIATION = "OrganizationAffiliation"
MOST_TEAMS = 10_000
"""Teams that somebody takes part in."""
MOST_PLANS = 1_000
"""Plans of which somebody carries out activities, that are labelled anew at once; others when they are next written."""


def is_decisive(draft: Draft, person: str, stored: Stored | None) -> bool:
    """Whether somebody's access to the person may hang on what the draft changes. `stored`: what it replaces."""
    moved = stored is not None and stored.person_id != person
    before, after = deciding(draft.before), deciding(draft.after)
    return before != after or (moved and after is not None)


async def touched(tx: Reads, drafts: Iterable[Draft], base_url: str) -> frozenset[str]:
    """The persons of whose teams somebody works elsewhere now, is private now or not, or has or loses an agreement
    (decision 42); and of whose plans somebody carries out activities for another organization now."""
    ones = tuple(drafts)
    asked = [("CareTeam", name, value, MOST_TEAMS) for draft in ones for name, value in _asked(draft)]
    asked += [("CarePlan", "performer", one, MOST_PLANS) for one in sorted(moved(ones))]
    found: set[str] = set()
    for rtype, name, value, most in asked:
        query = parse(rtype, [(name, value), ("_count", str(most))], base_url=base_url).query
        if query is not None:
            found.update(row.person_id for row in await tx.matches(query, EVERYTHING) if row.person_id)
    return frozenset(found)


def moved(drafts: Iterable[Draft]) -> frozenset[str]:
    """Literal references to the roles and services that are another organization's now."""
    return frozenset(
        draft.reference
        for draft in drafts
        if draft.rtype in ("PractitionerRole", "HealthcareService")
        and reference((draft.before or {}).get(HELD_BY[draft.rtype]))
        != reference((draft.after or {}).get(HELD_BY[draft.rtype]))
    )


def _asked(draft: Draft) -> list[tuple[str, str]]:
    before, after = draft.before or {}, draft.after or {}
    if draft.rtype == "PractitionerRole":
        return [("participant", draft.reference)] if moved([draft]) else []
    if draft.rtype == "Organization" and draft.before is not None and before.get("type") != after.get("type"):
        return _with_people_of(draft.reference)
    if draft.rtype != AFFILIATION:
        return []
    named = {reference(one.get("participatingOrganization")) for one in (before, after)}
    return [asked for provider in sorted(filter(None, named)) for asked in _with_people_of(provider)]


def _with_people_of(organization: str) -> list[tuple[str, str]]:
    """Teams that it, or somebody who works there, takes part in."""
    return [(name, organization) for name in ("participant", "participant:PractitionerRole.organization")]


def ended(standing: Standing, drafts: Sequence[Draft]) -> Standing:
    """The standing with all drafts in place."""
    end = dict(standing.resources)
    for draft in drafts:
        end.pop(draft.reference, None)
        if draft.after is not None:
            end[draft.reference] = draft.after
    return Standing(standing.person_id, end)


async def granted(
    tx: Reads,
    ends: Mapping[str | None, Standing],
    judged: Mapping[str | None, Judgement],
    persons: Persons,
    stored: Mapping[str, Stored],
    base_url: str,
) -> tuple[Granted, ...]:
    """The grants of those persons of whom something changes that they hang on.

    `ends`: with their drafts in place; `stored`: what those replace.
    """
    given: list[Granted] = []
    drafted = {d.reference: d.after for one in judged.values() for d in one.drafts if d.rtype == AFFILIATION}
    for person, end in ends.items():
        if person is None:
            continue
        drafts = judged[person].drafts
        decisive = any(is_decisive(draft, person, stored.get(draft.reference)) for draft in drafts)
        if decisive or not drafts or persons.joined:
            whole = await _with_agreements(tx, end, drafted)
            named = {literal: local(one, base_url) for literal, one in whole.resources.items()}
            given.append(Granted(person, grants_of(Standing(person, named))))
    return tuple(given)


async def _with_agreements(tx: Reads, standing: Standing, drafted: Mapping[str, Resource | None]) -> Standing:
    """The standing with the agreements of the private providers whose people coordinate. `drafted`: new ones."""
    providers = private_leaders(standing)
    if not providers:
        return standing
    asked = parse(AFFILIATION, [("participating-organization", ",".join(sorted(providers)))], base_url="").query
    rows = await tx.matches(asked, EVERYTHING) if asked else ()
    found: dict[str, Resource | None] = {f"{row.rtype}/{row.rid}": parse_body(row.body) for row in rows}
    agreed = {literal: one for literal, one in (found | dict(drafted)).items() if one is not None}
    return Standing(standing.person_id, {**standing.resources, **agreed})


def left_behind(persons: Persons) -> tuple[Granted, ...]:
    """Nothing is open of persons who turned out to be another: what was theirs is the other's now."""
    return tuple(Granted(person, frozenset()) for person in persons.joined)
