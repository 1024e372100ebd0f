"""Which municipality is responsible for the case and the plan of a person (rule 1 of workflow.md 4.7)."""

from collections.abc import Iterable

from fhir_service.access.labels import party_of
from fhir_service.access.members import organizations, standing_teams
from fhir_service.rules import Kind, Standing, extension, kind_of, reference, references, several
from profiles import names
from profiles.resource import Resource

OPEN_CASE = frozenset({"requested", "received", "accepted", "in-progress", "on-hold"})
DECLINED = frozenset({"rejected", "entered-in-error"})
"""A case that went elsewhere, or never was one, makes nobody responsible."""
IN_FORCE = frozenset({"draft", "active", "on-hold"})


def custodians(standing: Standing) -> frozenset[str]:
    """The koordinerende enheter that are responsible now; if none is any more, those that were last."""
    cases = [t for t in standing.of("Task") if kind_of(t) is Kind.CASE]
    plans = [p for p in standing.of("CarePlan") if kind_of(p) is Kind.PLAN]
    now = [
        *(_owner(case) for case in cases if case.get("status") in OPEN_CASE),
        *(one for team in standing_teams(standing) for one in references(team.get("managingOrganization"))),
        *(_municipality(plan) for plan in plans if plan.get("status") in IN_FORCE),
    ]
    ended = [case for case in cases if case.get("status") not in OPEN_CASE | DECLINED]
    last = [_owner(_newest(ended, "authoredOn")), _municipality(_newest(plans, "created"))]
    stands_for = organizations(standing)
    parties = ({who for one in named if (who := party_of(one, stands_for))} for named in (now, last))
    return next((frozenset(found) for found in parties if found), frozenset())


def _owner(case: Resource) -> str | None:
    return reference(case.get("owner"))


def _municipality(plan: Resource) -> str | None:
    return reference((extension(plan, names.IP_MANAGING_MUNICIPALITY) or {}).get("valueReference"))


def _newest(resources: Iterable[Resource], element: str) -> Resource:
    return max(several(list(resources)), key=lambda r: (str(r.get(element, "")), str(r.get("id"))), default={})
