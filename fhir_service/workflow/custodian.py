"""Who answers for a person: the koordinerende enhet that is to hear of what happens (workflow.md 4.10)."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from fhir_service.resources.care_plan import IN_FORCE
from fhir_service.rules import Kind, extension, home_inbox, kind_of, reference, several
from fhir_service.workflow.settle import Ground
from profiles import names
from profiles.r4_types import Reference
from profiles.resource import Resource

LOOKED_AT = ("Patient", "CarePlan", "CareTeam", "Task")
"""Types of the person's resources that tell."""
OVER = frozenset({"completed", "cancelled", "rejected", "failed", "entered-in-error"})
"""Statuses of a Task that nobody works on."""
_STANDING = frozenset({"proposed", "active", "suspended"})


def of_type(resources: Sequence[Resource], rtype: str) -> Iterator[Resource]:
    return (r for r in sorted(resources, key=lambda r: str(r["id"])) if r["resourceType"] == rtype)


def patient_of(resources: Sequence[Resource]) -> Resource | None:
    """The record of the person that the plan or the team is about, else the first one there is."""
    patients = {f"Patient/{p['id']}": p for p in of_type(resources, "Patient")}
    about = (r for rtype in ("CarePlan", "CareTeam") for r in of_type(resources, rtype) if kind_of(r) is not None)
    named = (patients.get(str(reference(one.get("subject")))) for one in about)
    return next((p for p in named if p is not None), next(iter(patients.values()), None))


def ke_of(resources: Sequence[Resource], patient: Resource, ground: Ground, now: datetime) -> Reference:
    """Who answers for the person: by the plan in force, the team, the open case, else where the person stays."""
    for found in (*_by_plan(resources), *_by_team(resources), *_by_case(resources)):
        if reference(found):
            return {"reference": str(reference(found))}
    context = ground.context(now)
    inbox = home_inbox(patient, context) or context.routes.default
    return {"reference": f"Organization/{inbox.organization_id}", "display": inbox.name}


def _by_plan(resources: Sequence[Resource]) -> Iterator[Resource]:
    plans = (p for p in of_type(resources, "CarePlan") if kind_of(p) is Kind.PLAN and p.get("status") in IN_FORCE)
    return ((extension(p, names.IP_MANAGING_MUNICIPALITY) or {}).get("valueReference") or {} for p in plans)


def _by_team(resources: Sequence[Resource]) -> Iterator[Resource]:
    teams = (t for t in of_type(resources, "CareTeam") if kind_of(t) is Kind.TEAM and t.get("status") in _STANDING)
    return (organization for team in teams for organization in several(team.get("managingOrganization")))


def _by_case(resources: Sequence[Resource]) -> Iterator[Resource]:
    cases = (t for t in of_type(resources, "Task") if kind_of(t) is Kind.CASE and t.get("status") not in OVER)
    return (case.get("owner") or {} for case in cases)
