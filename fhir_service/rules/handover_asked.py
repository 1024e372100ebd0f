"""4.10: a plan is offered to another municipality, or asked for by it; who is asked, and for what, stays as it is."""

from collections.abc import Iterable

from fhir_service.rules._drafting import revise
from fhir_service.rules._elements import reference
from fhir_service.rules._handover import agrees, gives, is_handover, municipality_of_plan, plan_of, receiver
from fhir_service.rules._model import Change, Effect, Rule
from fhir_service.rules._times import instant
from profiles.issues import Issue, error
from profiles.resource import Resource

FIXED = ("focus", "owner", "requester", "authoredOn")
NO_CONSENT = (
    "The person does not consent to this: an active Consent of category transfer, to the receiving koordinerende enhet "
    "if it names any, comes first; input consent may name it"
)


def check(change: Change) -> Iterable[Issue]:
    """Only who has the plan offers it, with the person's consent; asking for it tells nothing of what there is."""
    task = change.after
    if task is None or not is_handover(task):
        return
    for element in ("owner", "requester") if not gives(task) else ("owner",):
        if not (reference(task.get(element)) or "").startswith("Organization/"):
            yield error("rule", f"Task.{element}", "A plan goes from one koordinerende enhet (Organization) to another")
    if change.before is not None and is_handover(change.before):
        yield from _fixed(change.before, task)
    elif gives(task):
        yield from _offered(change, task)
    elif change.by.organization not in (None, reference(receiver(task))):
        yield error("forbidden", "Task", "A koordinerende enhet asks for a plan in its own name: it is the requester")


def _fixed(before: Resource, after: Resource) -> Iterable[Issue]:
    for element in FIXED:
        old, new = before.get(element), after.get(element)
        if (reference(old) or old) != (reference(new) or new):
            yield error(
                "rule", f"Task.{element}", f"The {element} of a Task handover-plan cannot change once it is made"
            )


def _offered(change: Change, task: Resource) -> Iterable[Issue]:
    plan = plan_of(change.standing, task)
    if plan is None:
        yield error("rule", "Task.focus", "The focus is the person's individual plan in force")
        return
    municipality = reference(municipality_of_plan(plan))
    if change.by.organization is not None and change.by.organization != municipality:
        yield error("forbidden", "Task", "A plan is handed over by the koordinerende enhet that is responsible for it")
    elif not agrees(change.standing, task):
        yield error("rule", "Task.input", NO_CONSENT)


def effects(change: Change) -> Iterable[Effect]:
    """The days for an answer begin now, whatever the client's clock says."""
    task = change.after
    if task is not None and is_handover(task) and not is_handover(change.before):
        yield revise(change.standing, task, authoredOn=instant(change.context.now))


RULE = Rule(
    id="handover-asked",
    title="A plan is offered or asked for when the person moves",
    basis="helse- og omsorgstjenesteloven § 7-1; pasient- og brukerrettighetsloven § 3-6; workflow.md 4.10",
    says="Ved flytting tilbyr kommunen som har planen, den til den nye, med samtykke; den nye kan også be om den.",
    on=frozenset({"Task"}),
    check=check,
    effects=effects,
)
