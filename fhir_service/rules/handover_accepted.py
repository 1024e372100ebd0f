"""4.10: the plan goes to the other municipality as it is, with its number and its history."""

from collections.abc import Iterable, Iterator
from typing import cast

from fhir_service.rules._case import children
from fhir_service.rules._drafting import make, revise
from fhir_service.rules._elements import as_reference, has_code, reference, several
from fhir_service.rules._handover import agrees, gives, is_handover, plan_of, receiver, responsible
from fhir_service.rules._kinds import Kind, enters
from fhir_service.rules._model import Change, Draft, Effect, Rule
from fhir_service.rules._tasks import child, completed_with, ended
from fhir_service.rules._team import is_coordinator, teams
from fhir_service.rules._times import closed, instant, is_open
from fhir_service.rules._transitions import STANDING_TEAM
from fhir_service.rules.handover_asked import NO_CONSENT
from profiles import names
from profiles.code_systems import concept
from profiles.issues import Issue, error
from profiles.r4_types import Reference
from profiles.resource import Resource


def check(change: Change) -> Iterable[Issue]:
    """Whoever is asked accepts, has the plan if it is asked for it, and the person consents."""
    task = change.after
    if task is None or not is_handover(task) or not enters(change, Kind.CHILD, "accepted"):
        return
    owner = reference(task.get("owner"))
    if change.by.organization not in (None, owner):
        yield error("forbidden", "Task", "It is accepted by the koordinerende enhet that is asked: the owner")
    elif gives(task) and plan_of(change.standing, task) is None:
        yield error("rule", "Task.focus", "The plan is no longer in force: there is nothing to take over")
    elif not gives(task) and owner not in responsible(change.standing):
        yield error("rule", "Task.owner", "There is nothing here that the owner could hand over")
    elif not agrees(change.standing, task):
        yield error("rule", "Task.input", NO_CONSENT)


def effects(change: Change) -> Iterable[Effect]:
    """Another municipality is responsible; it looks for a coordinator, as the former one's period ends."""
    task = change.after
    if task is None or not is_handover(task) or not enters(change, Kind.CHILD, "accepted"):
        return
    to = cast(Reference, receiver(task))  # `handover_asked` lets nothing else through
    plan = plan_of(change.standing, task)
    if plan is not None:
        yield revise(change.standing, plan, extension=_managed_by(plan, to))
    yield from _search(change, plan or task, to)
    for team in teams(change.standing, *STANDING_TEAM):
        yield _left(change, team, to)
    yield completed_with(change.standing, task, "care-plan", plan) if plan else ended(change.standing, task)


def _managed_by(plan: Resource, to: Reference) -> list[Resource]:
    others = [e for e in several(plan.get("extension")) if e.get("url") != names.IP_MANAGING_MUNICIPALITY]
    return [*others, {"url": names.IP_MANAGING_MUNICIPALITY, "valueReference": to}]


def _search(change: Change, parent: Resource, to: Reference) -> Iterator[Draft]:
    for waiting in (
        *children(change.standing, "appoint-coordinator"),
        *children(change.standing, "change-coordinator"),
    ):
        yield ended(change.standing, waiting, "cancelled", statusReason=concept(names.STATUS_REASON, "moved"))
    cause = f"{parent['id']}|{reference(to)}|{instant(change.context.now)}"
    yield from make(change.standing, child(change, parent, "appoint-coordinator", cause, owner=to, requester=to))


def _left(change: Change, team: Resource, to: Reference) -> Draft:
    """The periods of coordinator, deputy and former koordinerende enhet end; the new one takes its place."""
    now = change.context.now
    participants = [
        p | {"period": closed(p.get("period"), now)} if _leaves(p) else p for p in several(team.get("participant"))
    ]
    since = {"start": instant(now)}
    ke = {"role": [concept(names.TEAM_ROLE, "ke")], "member": to, "period": since}
    return revise(change.standing, team, participant=[*participants, ke], managingOrganization=[as_reference(to)])


def _leaves(participant: Resource) -> bool:
    stands_for = any(has_code(participant.get("role"), names.TEAM_ROLE, role) for role in ("deputy", "ke"))
    return is_open(participant.get("period")) and (stands_for or is_coordinator(participant))


RULE = Rule(
    id="handover-accepted",
    title="A plan goes along when the person moves",
    basis="helse- og omsorgstjenesteloven §§ 7-1, 7-2; pasient- og brukerrettighetsloven § 3-6; workflow.md 4.10",
    says="Når den nye kommunen overtar, følger planen med som den er, og den nye kommunen finner koordinator.",
    on=frozenset({"Task"}),
    check=check,
    effects=effects,
)
