"""6.2: an empty advised slot is shown by a Flag, which follows the plan and all that fills its slots (P2, P3)."""

from collections.abc import Iterable, Iterator

from fhir_service.rules._completeness import ADVISED, MANDATORY, Looked, gaps
from fhir_service.rules._drafting import make, revise
from fhir_service.rules._elements import first_by_id, has_code
from fhir_service.rules._ids import derived_id
from fhir_service.rules._kinds import Kind, kind_of
from fhir_service.rules._model import Change, Draft, Effect, Rule
from fhir_service.rules._times import closed, instant
from fhir_service.rules._transitions import IN_FORCE
from profiles import names
from profiles.code_systems import concept
from profiles.r4_types import Flag, Period
from profiles.resource import Resource


def effects(change: Change) -> Iterable[Effect]:
    """Flag `plan-incomplete` up or down for each plan that is or was in use; it goes with the plan."""
    if change.draft.rtype == "CarePlan" and kind_of(change.after) is not Kind.PLAN:
        return
    for plan in first_by_id(change.standing.of("CarePlan")):
        if kind_of(plan) is not Kind.PLAN:
            continue
        if plan.get("status") == "active":
            yield from _flag(
                change, plan, any(gaps(Looked(plan, change.standing, change.context), MANDATORY + ADVISED))
            )
        elif plan.get("status") not in IN_FORCE:
            yield from _flag(change, plan, False)


def _flag(change: Change, plan: Resource, is_incomplete: bool) -> Iterator[Draft]:
    known = change.standing.get(f"Flag/{derived_id('plan-incomplete', plan['id'])}")
    now = change.context.now
    if known is None and is_incomplete:
        yield from make(change.standing, _new_flag(plan, instant(now)))
    elif known is not None and has_code(known.get("code"), names.FLAG, "plan-incomplete"):
        wanted = "active" if is_incomplete else "inactive"
        if known.get("status") != wanted:
            period: Period = {"start": instant(now)} if is_incomplete else closed(known.get("period"), now)
            yield revise(change.standing, known, status=wanted, period=period)


def _new_flag(plan: Resource, now: str) -> Flag:
    return {
        "resourceType": "Flag",
        "id": derived_id("plan-incomplete", plan["id"]),
        "status": "active",
        "code": concept(names.FLAG, "plan-incomplete"),
        "subject": plan.get("subject"),
        "period": {"start": now},
    }


RULE = Rule(
    id="plan-incomplete",
    title="What a plan lacks is shown",
    basis="forskrift om individuell plan ved ytelse av velferdstjenester; workflow.md 4.6 P2, P3, 6.2",
    says="Mangler planen noe den bør ha, vises det til det er på plass eller planen er avsluttet.",
    on=frozenset({"CarePlan", "Goal", "CareTeam", "Consent"}),
    effects=effects,
    order=70,
)
