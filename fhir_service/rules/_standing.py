"""What the rules want to see: which drafts they look at, and what else must be loaded for those."""

from collections.abc import Iterable, Mapping

from fhir_service.rules._acting import performers_of
from fhir_service.rules._elements import code_in, reference, references, several
from fhir_service.rules._kinds import Kind, is_inpatient, kind_of
from fhir_service.rules._meetings import is_home_visit, meeting_kind
from fhir_service.rules._numbers import wrong_numbers
from fhir_service.rules._people import is_dead
from fhir_service.rules._routing import receivers_named
from fhir_service.rules._tasks import answered
from profiles import names
from profiles.resource import Resource

STANDING_TYPES: tuple[str, ...] = (
    "Patient",
    "CarePlan",
    "CareTeam",
    "Task",
    "ServiceRequest",
    "Consent",
    "Goal",
    "Encounter",
    "Communication",
    "Flag",
)
"""Types of the person's resources that make up a `Standing`."""

LOOKED_AT_ALONE = frozenset({"DocumentReference"})
"""Types that a rule looks at when one is written, and that are not loaded beside others: documents are heavy."""

_NAMES: Mapping[Kind, tuple[str, ...]] = {
    Kind.NEED: ("requester",),
    Kind.CASE: ("owner",),
}

_PERFORMING = ("PractitionerRole/", "HealthcareService/")
"""Performers that are no part of what the person has, and say whose they are."""
_RENDERED = (*_PERFORMING, "Organization/", "Practitioner/")
"""Those whose names a draft tells when it comes into use (P2)."""


def concerns(rtype: str, resource: Resource) -> bool:
    """Whether the rules look at this resource, so that the person's standing must be loaded.

    Ask for the state before and the one after: a resource that stops being one of ours is looked at, too.
    """
    if rtype == "Encounter":
        return is_inpatient(resource) or is_home_visit(resource) or meeting_kind(resource) is not None
    if rtype == "Patient":
        return is_dead(resource) or "link" in resource or any(wrong_numbers(resource))
    if rtype == "DocumentReference" and any(r.startswith("CarePlan/") for r in _related(resource)):
        return True  # it goes with its plan when that stays behind (P9)
    if rtype in ("Communication", "DocumentReference"):
        is_told = code_in(resource.get("category"), names.FEEDBACK_CATEGORY) is not None
        return (is_told and rtype == "Communication") or any(answered(resource))
    # Whether a Goal belongs to an individual plan can only be told from the plan.
    return rtype == "Goal" or kind_of(resource) is not None


def _related(document: Resource) -> list[str]:
    return references(document.get("context", {}).get("related"))


def named_in(resources: Iterable[Resource]) -> frozenset[str]:
    """References (`Type/id`) to people and organisations that rules tell others about: names, phones, numbers.

    They are no part of what the person has; load them beside it, and once more for those that they name themselves.
    Without them feedback says what the displays say.
    """
    found: set[str] = set()
    for resource in resources:
        if resource.get("resourceType") == "PractitionerRole":
            found.update(references([resource.get("practitioner"), resource.get("organization")]))
        kind = kind_of(resource)
        if kind is Kind.TEAM:
            members = (p.get(name) for p in several(resource.get("participant")) for name in ("member", "onBehalfOf"))
            found.update(r for member in members if (r := reference(member)) and not r.startswith("Patient/"))
        elif kind is Kind.PLAN:
            wanted = _RENDERED if resource.get("status") == "draft" else _PERFORMING
            found.update(r for r in performers_of(resource) if r.startswith(wanted))
        elif kind is not None:
            named = [v for name in _NAMES.get(kind, ()) for v in several(resource.get(name))]
            found.update(references([*named, *receivers_named(resource)]))
    return frozenset(found)
