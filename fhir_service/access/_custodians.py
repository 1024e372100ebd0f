"""Which municipality is responsible for the case and the plan of a person (rule 1 of workflow.md 4.7)."""

from collections.abc import Iterable

from fhir_service.access.labels import party_of
from fhir_service.access.members import organizations, standing_teams
from fhir_service.rules import Kind, Standing, code_in, extension, kind_of, reference, references, several
from profiles import names
from profiles.resource import Resource

OPEN_CASE = frozenset({"requested", "received", "accepted", "in-progress", "on-hold"})
DECLINED = frozenset({"rejected", "entered-in-error"})
"""A case that went elsewhere, or never was one, makes nobody responsible."""
IN_FORCE = frozenset({"draft", "active", "on-hold"})


def custodians(standing: Standing) -> frozenset[str]:
    """The koordinerende enheter that are responsible now; if none is any more, those that were last."""
    plans = _plans(standing)
    now = [
        *(_owner(case) for case in _open_cases(standing)),
        *_of_teams(standing),
        *(_municipality(plan) for plan in plans if plan.get("status") in IN_FORCE),
    ]
    cases = [t for t in standing.of("Task") if kind_of(t) is Kind.CASE]
    ended = [case for case in cases if case.get("status") not in OPEN_CASE | DECLINED]
    last = [_owner(_newest(ended, "authoredOn")), _municipality(_newest(plans, "created"))]
    told = _parties(standing, now) - without_the_plan(standing)
    return told or _parties(standing, last)


def without_the_plan(standing: Standing) -> frozenset[str]:
    """Those that have an open case of a person whose plan is in force elsewhere.

    Until the plan is handed over to them, its municipality is responsible for it, and they see none of what is in it
    (workflow.md 4.10): a need that somebody tells them of is no consent to that.
    """
    managing = [_municipality(plan) for plan in _plans(standing) if plan.get("status") in IN_FORCE]
    if not any(managing):
        return frozenset()
    taking_part = [one for team in standing_teams(standing) for one in _offices(team)]
    responsible = _parties(standing, (*managing, *_of_teams(standing), *taking_part))
    return _parties(standing, [_owner(case) for case in _open_cases(standing)]) - responsible


def _plans(standing: Standing) -> list[Resource]:
    return [p for p in standing.of("CarePlan") if kind_of(p) is Kind.PLAN]


def _open_cases(standing: Standing) -> list[Resource]:
    return [t for t in standing.of("Task") if kind_of(t) is Kind.CASE and t.get("status") in OPEN_CASE]


def _of_teams(standing: Standing) -> list[str]:
    return [one for team in standing_teams(standing) for one in references(team.get("managingOrganization"))]


def _offices(team: Resource) -> list[str | None]:
    """The koordinerende enheter that take part in a team."""
    participants = several(team.get("participant"))
    return [reference(p.get("member")) for p in participants if code_in(p.get("role"), names.TEAM_ROLE) == "ke"]


def _parties(standing: Standing, named: Iterable[str | None]) -> frozenset[str]:
    stands_for = organizations(standing)
    return frozenset(who for one in named if (who := party_of(one, stands_for)))


def _owner(case: Resource) -> str | None:
    return reference(case.get("owner"))


def _municipality(plan: Resource) -> str | None:
    return reference((extension(plan, names.IP_MANAGING_MUNICIPALITY) or {}).get("valueReference"))


def _newest(resources: Iterable[Resource], element: str) -> Resource:
    return max(several(list(resources)), key=lambda r: (str(r.get(element, "")), str(r.get("id"))), default={})
