"""P1: a plan is drafted with the person's consent and by a team that has a coordinator; it gets its number."""

from collections.abc import Iterable

from fhir_service.rules._drafting import revise
from fhir_service.rules._elements import several
from fhir_service.rules._ids import derived_id
from fhir_service.rules._kinds import Kind, enters, is_imported, kind_of
from fhir_service.rules._model import Change, Effect, Rule
from fhir_service.rules._people import plan_consent
from fhir_service.rules._team import led_team
from profiles import names
from profiles.issues import Issue, error
from profiles.r4_types import Identifier
from profiles.resource import Resource


def check(change: Change) -> Iterable[Issue]:
    """Consent and coordinator come first (imported plans aside); the number that a plan has is never another one."""
    plan = change.after
    kept = _number(change.before)
    if plan is not None and kept and (_number(plan) or kept).get("value") != kept.get("value"):
        yield error(
            "rule", "CarePlan.identifier", "The number of a plan does not change: send it as it is, or leave it out"
        )
    if plan is None or not enters(change, Kind.PLAN, "draft") or is_imported(plan):
        return
    if plan_consent(change.standing) is None:
        text = "A plan is made with the person's consent: there is no active Consent of category plan-creation"
        yield error("rule", "CarePlan.supportingInfo", text)
    if led_team(change.standing, plan) is None:
        text = "careTeam refers to the person's active coordination CareTeam with a coordinator"
        yield error("rule", "CarePlan.careTeam", text)
    if plan.get("intent") != "plan":
        yield error("rule", "CarePlan.intent", "An individual plan has intent plan")


def effects(change: Change) -> Iterable[Effect]:
    """The plan number, which the plan keeps wherever the person moves and whatever a client leaves out."""
    plan = change.after
    if plan is None or kind_of(plan) is not Kind.PLAN:
        return
    if _number(plan) is None:
        number = _number(change.before) or _new_number(plan)
        yield revise(change.standing, plan, identifier=[*several(plan.get("identifier")), number])


def _number(plan: Resource | None) -> Resource | None:
    identifiers = several((plan or {}).get("identifier"))
    return next((i for i in identifiers if i.get("system") == names.PLAN_NUMBER), None)


def _new_number(plan: Resource) -> Identifier:
    number = derived_id("plan-number", plan["id"])[:13].upper()
    return {"use": "official", "system": names.PLAN_NUMBER, "value": f"IP-{number}"}


RULE = Rule(
    id="plan-drafted",
    title="A plan needs consent and a coordinator",
    basis="helse- og omsorgstjenesteloven §§ 7-1, 7-2; pasient- og brukerrettighetsloven § 2-5; workflow.md 4.6 P1",
    says="Planen lages med samtykke fra personen og ledes av en koordinator.",
    on=frozenset({"CarePlan"}),
    check=check,
    effects=effects,
)
