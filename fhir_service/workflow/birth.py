"""A child is born: need, case and team, which were the mother's, get the child as subject (workflow.md 4.10).

The koordinerende enhet says so in one write: the case Task, whose input `expected-child` tells what it is about, is for
the child from now on. The rest follows here, in the same transaction. The mother's own plan and coordinator stay hers.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fhir_service.rules import Draft, Kind, kind_of, reference, references, several
from fhir_service.rules._case import requests_of
from fhir_service.rules._expected import CHILD_BORN, is_birth, is_for_expected_child
from fhir_service.storage.port import Reads, Stored
from fhir_service.workflow.versions import parse_body
from fhir_service.workflow.wanted import Wanted
from profiles.resource import Resource

MOVED = ("CareTeam", "ServiceRequest", "Task")


async def with_the_born(tx: Reads, wanted: Sequence[Wanted]) -> tuple[Wanted, ...]:
    """What is wanted, and what follows a case to the child."""
    born = [w for w in wanted if w.draft.rtype == "Task" and is_birth(w.draft.before, w.draft.after)]
    drafted = {w.draft.reference for w in wanted}
    found: dict[str, Wanted] = {}
    for case in born:
        mother = case.stored.person_id if case.stored else None
        for row in await tx.of_persons([mother], MOVED) if mother else ():
            place = f"{row.rtype}/{row.rid}"
            if place not in drafted:
                found.update((place, one) for one in _following(case, row))
    return (*wanted, *found.values())


def _following(case: Wanted, row: Stored) -> Iterator[Wanted]:
    before, after = case.draft.before or {}, case.draft.after or {}
    resource = parse_body(row.body)
    moved = _moved(resource, before, after.get("for"))
    if moved is not None:
        yield Wanted(Draft(row.rtype, row.rid, moved, resource, case.draft.by, cause=CHILD_BORN), row)


def _moved(resource: Resource, case: Resource, child: Any) -> Resource | None:
    """The resource as the child's; None where it does not belong to the case."""
    own = f"{resource['resourceType']}/{resource['id']}"
    if own in requests_of(case):
        return {**resource, "subject": child}
    if f"Task/{case['id']}" in references(resource.get("partOf")):
        return {**resource, "for": child}
    if kind_of(resource) is Kind.TEAM and is_for_expected_child(resource):
        return _team(resource, reference(case.get("for")), child)
    return None


def _team(team: Resource, mother: str | None, child: Any) -> Resource:
    """The team stands in the person's place of a coordinator from now on; the mother stays in it as what she is."""
    kept: Mapping[str, Any] = {name: value for name, value in team.items() if name != "reasonCode"}
    reasons = [r for r in several(team.get("reasonCode")) if not is_for_expected_child({"reasonCode": [r]})]
    participants = [
        {**p, "member": child} if reference(p.get("member")) == mother else p for p in several(team.get("participant"))
    ]
    moved = {**kept, "subject": child, "participant": participants}
    return {**moved, "reasonCode": reasons} if reasons else moved
