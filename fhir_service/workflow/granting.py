"""Grants follow from what stands about a person; whatever changes that writes them anew, in the same transaction.

Decision 34: so they hold whatever road a change takes, and a withdrawal works at the next request.
"""

from collections.abc import Iterable, Mapping, Sequence

from fhir_service.access.grants import decides, grants_of
from fhir_service.access.members import private_leaders
from fhir_service.rules import Draft, Judgement, Standing, reference
from fhir_service.search import parse
from fhir_service.storage.access import EVERYTHING
from fhir_service.storage.port import Granted, Reads
from fhir_service.workflow.persons import Persons
from fhir_service.workflow.references import local
from fhir_service.workflow.versions import parse_body
from profiles.resource import Resource

AFFILIATION = "OrganizationAffiliation"
MOST_TEAMS = 10_000
"""Teams that somebody takes part in."""


def is_decisive(draft: Draft) -> bool:
    """Whether somebody's access to the person may hang on what the draft changes."""
    return any(decides(resource) for resource in (draft.before, draft.after) if resource is not None)


async def touched(tx: Reads, drafts: Iterable[Draft], base_url: str) -> frozenset[str]:
    """The persons of whose teams somebody works elsewhere now, or has or loses an agreement (decision 42)."""
    found: set[str] = set()
    for draft in drafts:
        for name, value in _asked(draft):
            query = parse("CareTeam", [(name, value), ("_count", str(MOST_TEAMS))], base_url=base_url).query
            if query is not None:
                found.update(row.person_id for row in await tx.matches(query, EVERYTHING) if row.person_id)
    return frozenset(found)


def _asked(draft: Draft) -> list[tuple[str, str]]:
    if draft.rtype == "PractitionerRole" and draft.before is not None:
        moved = _organization(draft.before) != _organization(draft.after)
        return [("participant", draft.reference)] if moved else []
    if draft.rtype != AFFILIATION:
        return []
    named = {reference((one or {}).get("participatingOrganization")) for one in (draft.before, draft.after)}
    return [
        (name, provider)
        for provider in sorted(filter(None, named))
        for name in ("participant", "participant:PractitionerRole.organization")
    ]


def _organization(role: Resource | None) -> str | None:
    return reference((role or {}).get("organization"))


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
    base_url: str,
) -> tuple[Granted, ...]:
    """The grants of those persons of whom something changes that they hang on. `ends`: with their drafts in place."""
    given: list[Granted] = []
    drafted = {d.reference: d.after for one in judged.values() for d in one.drafts if d.rtype == AFFILIATION}
    for person, end in ends.items():
        drafts = judged[person].drafts
        if person is not None and (not drafts or persons.joined or any(map(is_decisive, drafts))):
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
