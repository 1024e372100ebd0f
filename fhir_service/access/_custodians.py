"""Which municipality is responsible for the case and the plan of a person (rule 1 of workflow.md 4.7)."""

from collections.abc import Iterable

from fhir_service.access.labels import party_of
from fhir_service.access.members import organizations, standing_teams
from fhir_service.rules import Kind, Standing, code_in, extension, is_open, kind_of, reference, references, several
from profiles import names
from profiles.resource import Resource

OPEN_CASE = frozenset({"requested", "received", "accepted", "in-progress", "on-hold"})
DECLINED = frozenset({"rejected", "entered-in-error"})
"""A case that went elsewhere, or never was one, makes nobody responsible."""
IN_FORCE = frozenset({"draft", "active", "on-hold"})


def custodians(standing: Standing) -> frozenset[str]:
    """The koordinerende enheter that are responsible now; if none is any more, those that were last."""
    handling = _handling(standing)
    now = _responsible(standing) or handling - with_a_case_only(standing)
    if now or handling:
        return now
    cases = [t for t in standing.of("Task") if kind_of(t) is Kind.CASE]
    ended = [case for case in cases if case.get("status") not in OPEN_CASE | DECLINED]
    last = [_owner(_newest(ended, "authoredOn")), _municipality(_newest(_plans(standing), "created"))]
    return _parties(standing, last)


def with_a_case_only(standing: Standing) -> frozenset[str]:
    """Those that have an open case of a person whose plan or coordinator is elsewhere, or whose plans were.

    A need that somebody tells them of is no consent to what is in those: that takes a transfer (workflow.md 4.10).
    """
    elsewhere = _responsible(standing) or _parties(standing, map(_municipality, _plans(standing)))
    return _handling(standing) - elsewhere if elsewhere else frozenset()


def _responsible(standing: Standing) -> frozenset[str]:
    """Whose the plan in force is, with those of its team; where there is none, whose the team at work is."""
    plans = [plan for plan in _plans(standing) if plan.get("status") in IN_FORCE]
    named = {literal for plan in plans for literal in references(plan.get("careTeam"))}
    teams = [t for t in standing_teams(standing) if not plans or f"CareTeam/{t.get('id')}" in named]
    return _parties(standing, (*map(_municipality, plans), *(one for team in teams for one in _offices(team))))


def _handling(standing: Standing) -> frozenset[str]:
    """Who has an open case."""
    cases = (t for t in standing.of("Task") if kind_of(t) is Kind.CASE and t.get("status") in OPEN_CASE)
    return _parties(standing, map(_owner, cases))


def _plans(standing: Standing) -> list[Resource]:
    plans = (p for p in standing.of("CarePlan") if kind_of(p) is Kind.PLAN)
    return [plan for plan in plans if plan.get("status") != "entered-in-error"]


def _offices(team: Resource) -> list[str]:
    """The koordinerende enheter that manage a team, or take part in it now."""
    taking_part = (p for p in several(team.get("participant")) if is_open(p.get("period")))
    offices = (p.get("member") for p in taking_part if code_in(p.get("role"), names.TEAM_ROLE) == "ke")
    return references([*several(team.get("managingOrganization")), *offices])


def _parties(standing: Standing, named: Iterable[str | None]) -> frozenset[str]:
    stands_for = organizations(standing)
    return frozenset(who for one in named if (who := party_of(one, stands_for)))


def _owner(case: Resource) -> str | None:
    return reference(case.get("owner"))


def _municipality(plan: Resource) -> str | None:
    return reference((extension(plan, names.IP_MANAGING_MUNICIPALITY) or {}).get("valueReference"))


def _newest(resources: Iterable[Resource], element: str) -> Resource:
    return max(several(list(resources)), key=lambda r: (str(r.get(element, "")), str(r.get("id"))), default={})
