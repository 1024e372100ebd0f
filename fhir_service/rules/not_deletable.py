"""INV-08: nothing of a plan is deleted through the API (decision 8)."""

from collections.abc import Iterable, Mapping

from fhir_service.resources import resource_type
from fhir_service.rules._case import cases_of
from fhir_service.rules._elements import references
from fhir_service.rules._kinds import Kind, kind_of
from fhir_service.rules._model import Change, Rule
from fhir_service.rules._transitions import TERMINAL_TASK
from profiles.issues import Issue, error
from profiles.resource import Resource

INSTEAD: Mapping[Kind, str] = {
    Kind.PLAN: "set status revoked, or entered-in-error",
    Kind.TEAM: "set status inactive, or entered-in-error",
    Kind.CASE: "set status cancelled, or entered-in-error",
    Kind.CHILD: "set status cancelled, or entered-in-error",
    Kind.CONSENT: "set status inactive (withdrawn), or entered-in-error",
    Kind.NEED: "it has an open case: set status revoked",
}


def check(change: Change) -> Iterable[Issue]:
    """Refuses the delete and names what to do instead."""
    before = change.before
    if change.after is not None or before is None:
        return
    kind = kind_of(before)
    if before["resourceType"] == "Goal" and _belongs_to_plan(change, before):
        text = "A Goal of an individual plan is not deleted: set lifecycleStatus cancelled, or entered-in-error"
        yield error("not-deletable", "Goal", text)
    elif kind is not None and (kind is not Kind.NEED or _has_open_case(change, before)):
        yield error("not-deletable", before["resourceType"], f"{kind.sentence} is not deleted: {INSTEAD[kind]}")


def _belongs_to_plan(change: Change, goal: Resource) -> bool:
    wanted = f"Goal/{goal['id']}"
    return resource_type("Goal").guarded(goal) or any(
        wanted in references(p.get("goal")) for p in change.standing.of("CarePlan") if kind_of(p) is Kind.PLAN
    )


def _has_open_case(change: Change, need: Resource) -> bool:
    """An open case without its need notification would break INV-04."""
    found = cases_of(change.standing, f"ServiceRequest/{need['id']}")
    return any(case.get("status") not in TERMINAL_TASK for case in found)


RULE = Rule(
    id="not-deletable",
    title="Nothing of a plan is deleted",
    basis="pasientjournalloven § 25; workflow.md 3 INV-08; decision 8",
    says="Det som hører til en individuell plan, slettes ikke, men avsluttes eller merkes som feil.",
    on=frozenset({"ServiceRequest", "Task", "CareTeam", "CarePlan", "Consent", "Goal"}),
    check=check,
    order=15,
)
