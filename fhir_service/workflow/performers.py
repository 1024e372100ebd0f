"""For whom those act who carry out the activities of plans, as far as it takes a look at others (workflow.md 4.7).

A label of an activity hangs on it, so it is looked up by whoever cuts a plan: what is known of roles changes without
the plan.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeAlias

from fhir_service.rules import BY_NAME, HELD_BY, Kind, Standing, acting_for, kind_of, performers_of
from fhir_service.storage.port import Reads, Repository, Stored
from fhir_service.storage.reading import get_many, of_persons
from fhir_service.workflow.known import Key, Known
from fhir_service.workflow.versions import parse_body
from profiles.resource import Resource

Loads: TypeAlias = Callable[[Sequence[Key], Sequence[str]], Awaitable[Sequence[Stored]]]
"""The current versions of (type, id), and the teams of persons."""
ActingFor: TypeAlias = Mapping[str, str]
"""See `rules.acting_for`."""


def outside(repository: Repository) -> Loads:
    """What a plain read finds."""

    async def loads(keys: Sequence[Key], persons: Sequence[str]) -> Sequence[Stored]:
        found = await repository.ask(lambda: get_many(keys), short=True) if keys else {}
        teams = await repository.ask(lambda: of_persons(persons, ("CareTeam",)), short=True) if persons else ()
        return (*found.values(), *teams)

    return loads


def within(reads: Reads | Known) -> Loads:
    """What a unit of work finds."""

    async def loads(keys: Sequence[Key], persons: Sequence[str]) -> Sequence[Stored]:
        found = await reads.get_many(keys) if keys else {}
        teams = await reads.of_persons(persons, ("CareTeam",)) if persons else ()
        return (*found.values(), *teams)

    return loads


async def acting_in(loads: Loads, plans: Sequence[tuple[Resource, str | None]]) -> Mapping[str | None, ActingFor]:
    """Of each person that is asked for, for whom those act who carry out activities of their plans."""
    named = [
        (literal, person) for plan, person in plans if kind_of(plan) is Kind.PLAN for literal in performers_of(plan)
    ]
    keys = sorted(
        {(rtype, rid) for literal, _ in named for rtype, _, rid in [literal.partition("/")] if rtype in HELD_BY}
    )
    persons = sorted({person for literal, person in named if person and literal.startswith(BY_NAME)})
    rows = [row for row in await loads(keys, persons) if not row.deleted] if keys or persons else ()
    nobodys = {f"{row.rtype}/{row.rid}": parse_body(row.body) for row in rows if row.person_id is None}
    theirs: dict[str | None, dict[str, Resource]] = {person: dict(nobodys) for _, person in plans}
    for row in rows:
        if row.person_id in theirs:
            theirs[row.person_id][f"{row.rtype}/{row.rid}"] = parse_body(row.body)
    return {person: acting_for(Standing(person, found)) for person, found in theirs.items()}
