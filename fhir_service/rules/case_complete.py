"""What every case Task has from the start (workflow.md 5, KeCaseTask)."""

from collections.abc import Iterable

from fhir_service.rules._case import business_status
from fhir_service.rules._elements import part, reference
from fhir_service.rules._kinds import Kind, kind_of
from fhir_service.rules._model import Change, Rule
from fhir_service.rules._team import coordinator_of
from profiles.issues import Issue, error

ALWAYS = ("focus", "for", "owner")
"""Beside what `task_stamped` adds where nobody said it."""


def check(change: Change) -> Iterable[Issue]:
    """Refuses a case without owner, deadline or subject, and a coordinator that nobody is."""
    case = change.after
    if case is None or kind_of(case) is not Kind.CASE:
        return
    for element in ALWAYS:
        if not case.get(element):
            yield error("rule", f"Task.{element}", f"A case Task has the element {element}")
    owner = reference(case.get("owner"))
    if owner is not None and not owner.startswith("Organization/"):
        yield error("rule", "Task.owner", "The owner of a case is the Organization of a koordinerende enhet")
    if not part(case, "restriction", "period", "end"):
        yield error("rule", "Task.restriction.period.end", "A case Task has a deadline: restriction.period.end")
    if case.get("intent") != "order":
        yield error("rule", "Task.intent", "A case Task has intent order")
    newly = business_status(case) == "coordinator-appointed" != business_status(change.before)
    if newly and coordinator_of(change.standing) is None:
        text = "coordinator-appointed is reached when the person's CareTeam becomes active with a coordinator"
        yield error("rule", "Task.businessStatus", text)


RULE = Rule(
    id="case-complete",
    title="A case has an owner, a subject and a deadline",
    basis="helse- og omsorgstjenesteloven § 7-3; workflow.md 5 KeCaseTask",
    says="En sak har alltid en eier, en person den gjelder, og en frist.",
    on=frozenset({"Task"}),
    check=check,
)
