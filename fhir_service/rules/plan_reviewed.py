"""4.3: a review is done when the plan was evaluated and has a new date of the next one."""

from collections.abc import Iterable

from fhir_service.rules._case import children, children_of
from fhir_service.rules._drafting import with_output
from fhir_service.rules._elements import first_by_id, part, reference_to, references, several
from fhir_service.rules._kinds import Kind, kind_of
from fhir_service.rules._meetings import is_held, meeting_kind
from fhir_service.rules._model import Change, Effect, Rule
from fhir_service.rules._plan import next_review
from fhir_service.rules._tasks import ended
from fhir_service.rules._times import parse_date
from profiles import names
from profiles.r4_types import TaskOutput
from profiles.resource import Resource

EVALUATION = "evaluering"


def effects(change: Change) -> Iterable[Effect]:
    """Open `review-plan` Tasks are completed with the evaluation and the plan."""
    plan = change.after
    if plan is None or kind_of(plan) is not Kind.PLAN or not _has_new_review(change, plan):
        return
    evaluation = _evaluation(change)
    if evaluation is None:
        return
    for task in children_of(change.standing, plan, "review-plan"):
        told = {**task, "output": with_output(task, names.TASK_OUTPUT, "encounter", _value(evaluation))}
        output = with_output(told, names.TASK_OUTPUT, "care-plan", _value(plan))
        yield ended(change.standing, task, output=output)


def _value(result: Resource) -> TaskOutput:
    return {"valueReference": reference_to(result)}


def _has_new_review(change: Change, plan: Resource) -> bool:
    before, after = (parse_date(next_review(one)) for one in (change.before or {}, plan))
    return before is not None and after is not None and after > max(before, change.context.today)


def _evaluation(change: Change) -> Resource | None:
    """A finished meeting of type evaluering that no review was completed with before."""
    reviews = children(change.standing, "review-plan", only_open=False)
    used = {r for t in reviews for o in several(t.get("output")) for r in references(part(o, "valueReference"))}
    held = (e for e in change.standing.of("Encounter") if is_held(e) and meeting_kind(e) == EVALUATION)
    return next((e for e in first_by_id(held) if f"Encounter/{e['id']}" not in used), None)


RULE = Rule(
    id="plan-reviewed",
    title="A review ends with an evaluation and a new date",
    basis="forskrift om individuell plan ved ytelse av velferdstjenester; workflow.md 4.3, 4.6",
    says="Evalueringen er gjort når møtet er holdt og planen har fått ny evalueringsdato.",
    on=frozenset({"CarePlan"}),
    effects=effects,
    order=45,
)
