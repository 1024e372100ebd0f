"""P9: the person has moved and the plan does not come along: the new municipality ends it, and it stays behind."""

from collections.abc import Iterable, Iterator

from fhir_service.rules._case import reason_of
from fhir_service.rules._drafting import revise
from fhir_service.rules._elements import reference, status
from fhir_service.rules._handover import disagrees, gives, is_handover, is_silent
from fhir_service.rules._kinds import Kind, enters
from fhir_service.rules._model import Change, Draft, Effect, Rule
from fhir_service.rules._plan import plans, with_reason
from fhir_service.rules._team import teams
from fhir_service.rules._transitions import IN_FORCE, STANDING_TEAM
from profiles.issues import Issue, error
from profiles.resource import Resource

MOVED = "moved"


def check(change: Change) -> Iterable[Issue]:
    """Whoever asked for the plan, when the person says no to the transfer or nobody has answered for 14 days."""
    task = change.after
    if task is None or not _says_moved(change, task):
        return
    if gives(task):
        text = "A plan that is offered is not ended by that: the reason moved is for the Task of who asked for a plan"
        yield error("rule", "Task.statusReason", text)
    elif change.by.organization not in (None, reference(task.get("requester"))):
        yield error("forbidden", "Task", "It is cancelled by the koordinerende enhet that asked: the requester")
    elif not disagrees(change.standing) and not (status(change.before) == "requested" and is_silent(change, task)):
        text = (
            "A plan stays in force elsewhere until the person has said no to the transfer (Consent of category "
            "transfer that is rejected or inactive), or nobody has answered this Task for 14 days"
        )
        yield error("rule", "Task.statusReason", text)


def effects(change: Change) -> Iterable[Effect]:
    """The plan ends, and the team with the coordinator's period; what is in them stays where it was written."""
    task = change.after
    if task is None or not _says_moved(change, task):
        return
    yield from _ended_plans(change)
    yield from (revise(change.standing, team, status="inactive") for team in teams(change.standing, *STANDING_TEAM))


def _says_moved(change: Change, task: Resource) -> bool:
    return is_handover(task) and enters(change, Kind.CHILD, "cancelled") and reason_of(task) == MOVED


def _ended_plans(change: Change) -> Iterator[Draft]:
    for plan in plans(change.standing, *sorted(IN_FORCE)):
        end = "revoked" if plan.get("status") == "draft" else "completed"
        yield revise(change.standing, plan, status=end, extension=with_reason(plan, MOVED))


RULE = Rule(
    id="person-moved",
    title="A plan that does not come along ends",
    basis="helse- og omsorgstjenesteloven § 7-1; pasient- og brukerrettighetsloven § 3-6; workflow.md 4.6 P9, 4.10",
    says="Følger ikke planen med når personen flytter, avslutter den nye kommunen den; innholdet blir igjen.",
    on=frozenset({"Task"}),
    check=check,
    effects=effects,
)
