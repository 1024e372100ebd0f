"""What is there is changed by whom it belongs to, whoever may read it (workflow.md 1; ADR 0030).

Rules say who writes plans, teams, cases, sub-steps and consents; `rules.own_sector` says it of goals. All else is an
entry of somebody: of an organisation, of a koordinerende enhet or a coordinator who handles the case, of the person, or
of whoever brought it.
"""

from collections.abc import Iterable, Mapping, Sequence

from fhir_service.access.labels import labels_in, security_of
from fhir_service.access.rows import OPEN_TYPES, RECORDS
from fhir_service.access.view import sees_whole_by
from fhir_service.rules import Draft, Kind, kind_of, reference, references
from fhir_service.search import parse
from fhir_service.sight import ALL_BUT_HIDDEN, CASE, CASE_OF, IDENTITY, OWN, PARTY, Sight
from fhir_service.storage.access import EVERYTHING
from fhir_service.workflow.known import Known
from fhir_service.workflow.references import local, parse_local
from fhir_service.workflow.settle import Wanted
from fhir_service.workflow.versions import parse_body
from profiles.issues import Issue, error
from profiles.resource import Resource

EVERYBODYS = "administrator"
"""The role that changes every entry."""
OWNED_BY: Mapping[str, str] = {
    "Endpoint": "managingOrganization",
    "HealthcareService": "providedBy",
    "Location": "managingOrganization",
    "Organization": "partOf",
    "OrganizationAffiliation": "organization",
    "PractitionerRole": "organization",
}
"""Entries about services, and the element that says whose they are; an Organization is its own, too."""
OF_THE_PERSON = frozenset({"Patient", "RelatedPerson"})
"""What the person, and who represents them, change whoever wrote it."""
NOT_ASKED = frozenset({"Goal"})
MOST_ROLES = 100
_TEXT = (
    "It is changed by whom it belongs to: an entry of an organisation by that one, of a person by themselves, by the "
    "koordinerende enhet or coordinator who handles their case, and by whoever brought it"
)


async def not_theirs_to_change(
    known: Known, wanted: Sequence[Wanted], base_url: str
) -> tuple[tuple[Draft, Issue], ...]:
    """Drafts that would change or delete what is another's, each with the issue."""
    asked = [w for w in wanted if _is_asked(w.draft)]
    if known.access.condition is None or not asked:
        return ()
    persons = {w.stored.person_id for w in asked if w.stored and w.stored.person_id}
    sights = await known.sights(persons, known.access) if persons else {}
    told: list[tuple[Draft, Issue]] = []
    for one in asked:
        if not await _is_theirs(known, one, sights, base_url):
            told.append((one.draft, error("forbidden", one.draft.rtype, _TEXT)))
    return tuple(told)


def _is_asked(draft: Draft) -> bool:
    if draft.before is None or draft.by.acts_as == EVERYBODYS or draft.rtype in NOT_ASKED:
        return False
    return {kind_of(draft.before), kind_of(draft.after)} <= {None, Kind.NEED}


async def _is_theirs(known: Known, one: Wanted, sights: Mapping[str, Sight], base_url: str) -> bool:
    draft, before = one.draft, local(one.draft.before or {}, base_url)
    if one.stored is None or draft.rtype in RECORDS:
        return False
    if kind_of(before) is Kind.NEED:
        return await _notified(known, draft, before, labels_in(one.stored.sector))
    if one.stored.person_id is None and draft.rtype in OPEN_TYPES:
        owners = await _owners(known, before, base_url)
        ownerless = not owners and draft.by.acts_as == "ke" and (draft.rtype in OWNED_BY or draft.rtype == _PEOPLE)
        return ownerless or draft.by.organization in owners
    sight = sights.get(one.stored.person_id or "", known.access.sight)
    return _handles(sight) or (_is_named(draft, sight, labels_in(one.stored.sector)) and not _relabels(draft))


def _handles(sight: Sight) -> bool:
    """Whether the caller handles the case of the person."""
    return CASE in sight.labels or sees_whole_by(sight.labels)


def _relabels(draft: Draft) -> bool:
    """Whether it opens to others what is there, or closes it: that is for whoever handles the case."""
    return draft.after is not None and security_of(draft.before or {}) != security_of(draft.after)


def _is_named(draft: Draft, sight: Sight, carried: frozenset[str]) -> bool:
    """Whether the caller is named on the row, as who wrote it or as a party, or the person is theirs."""
    who = draft.by.person or draft.by.organization or ""
    if not carried.isdisjoint({OWN + who, PARTY + who}):
        return True
    if sight.everything or ALL_BUT_HIDDEN in sight.labels:
        return draft.rtype in OF_THE_PERSON
    return CASE_OF + who in sight.labels and not carried.isdisjoint({CASE_OF + who, IDENTITY})


async def _notified(known: Known, draft: Draft, need: Resource, carried: frozenset[str]) -> bool:
    """A need is changed by whoever tells it, and by those that told it in their name; not by who is to answer it."""
    who = draft.by.person or draft.by.organization or ""
    requester = reference(need.get("requester")) or ""
    role = await known.get("PractitionerRole", requester.partition("/")[2]) if requester.startswith(_ROLE) else None
    works_at = reference(parse_body(role.body).get("organization")) if role is not None and role.body else None
    return who in (requester, works_at) or (PARTY + who in carried and who not in references(need.get("performer")))


_PEOPLE, _ROLE = "Practitioner", "PractitionerRole/"


async def _owners(known: Known, before: Resource, base_url: str) -> frozenset[str]:
    """The organisations whose entry it is."""
    rtype, itself = str(before["resourceType"]), f"{before['resourceType']}/{before['id']}"
    if rtype == _PEOPLE:
        return frozenset(await _workplaces(known, itself, base_url))
    named = references(before.get(OWNED_BY.get(rtype, "")))
    return frozenset(named) | ({itself} if rtype == "Organization" else frozenset())


async def _workplaces(known: Known, practitioner: str, base_url: str) -> Iterable[str]:
    """Where somebody works, by what stands before the change."""
    asked = parse("PractitionerRole", [("practitioner", practitioner), ("_count", str(MOST_ROLES))], base_url=base_url)
    roles = await known.matches(asked.query, EVERYTHING) if asked.query else ()
    found = (reference(parse_local(row.body, base_url).get("organization")) for row in roles)
    return [organization for organization in found if organization]
