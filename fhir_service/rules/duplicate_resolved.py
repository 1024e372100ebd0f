"""4.3: one of two plans has ended, and the Task to choose between them is done."""

from collections.abc import Iterable

from fhir_service.rules._case import children
from fhir_service.rules._kinds import Kind, enters
from fhir_service.rules._model import Change, Effect, Rule
from fhir_service.rules._plan import plans
from fhir_service.rules._tasks import ended
from fhir_service.rules._transitions import IN_FORCE


def effects(change: Change) -> Iterable[Effect]:
    """`resolve-duplicate` is completed where at most one plan is left in force."""
    if change.before is None or not enters(change, Kind.PLAN, "completed", "revoked", "entered-in-error"):
        return
    if len(plans(change.standing, *IN_FORCE)) <= 1:
        yield from (ended(change.standing, task) for task in children(change.standing, "resolve-duplicate"))


RULE = Rule(
    id="duplicate-resolved",
    title="With one plan left there is nothing to choose",
    basis="workflow.md 3 INV-01, 4.3, 4.10",
    says="Når bare én plan er igjen, er oppgaven om å velge mellom planene utført.",
    on=frozenset({"CarePlan"}),
    effects=effects,
)
