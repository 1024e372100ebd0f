"""K2: the coordinator is appointed; what was waiting for it goes on."""

from collections.abc import Iterable, Iterator

from fhir_service.rules._answer import coordinator_of_team
from fhir_service.rules._appointing import is_wanted, searches
from fhir_service.rules._case import case_behind, decided
from fhir_service.rules._drafting import make, revise
from fhir_service.rules._elements import code_in, part, status
from fhir_service.rules._feedback import feedback
from fhir_service.rules._kinds import Kind, enters, is_imported, kind_of
from fhir_service.rules._model import Change, Draft, Effect, Rule
from fhir_service.rules._tasks import child, completed_with
from fhir_service.rules._team import coordinator, coordinators
from fhir_service.rules._times import instant
from profiles import names
from profiles.code_systems import concept
from profiles.issues import Issue, error
from profiles.resource import Resource

WAITING = ("decided", "coordinator-search")


def check(change: Change) -> Iterable[Issue]:
    """Exactly one coordinator whenever a team is active; somebody looked for one when it becomes so."""
    team = change.after
    if team is None or kind_of(team) is not Kind.TEAM or team.get("status") != "active":
        return
    if not coordinators(team) and enters(change, Kind.TEAM, "active"):
        text = (
            "An active team has a coordinator: a participant with role coordinator or child-coordinator "
            f"({names.TEAM_ROLE}) and no period.end"
        )
        yield error("rule", "CareTeam.participant", text)
    appoints = enters(change, Kind.TEAM, "active") and status(change.before) == "proposed"
    if appoints and not is_imported(team) and not is_wanted(change.standing):
        text = (
            "No coordinator is being looked for any more: the Task appoint-coordinator is closed, "
            "or the person has declined"
        )
        yield error("rule", "CareTeam.status", text)


def effects(change: Change) -> Iterable[Effect]:
    """The search is over; first meeting and draft plan begin; the notifier learns who it is (C5c)."""
    team = change.after
    if team is None or not enters(change, Kind.TEAM, "active") or coordinator(team) is None:
        return
    dated = _dated(change, team)
    if dated:
        yield dated
    for task in searches(change.standing):
        yield completed_with(change.standing, task, "care-team", team)
        case = case_behind(change.standing, task)
        if case is not None:
            yield from _go_on(change, case, team)


def _dated(change: Change, team: Resource) -> Draft | None:
    """A coordinator without `period.start` starts now: the period decides about access."""
    participants = list(team["participant"])
    undated = [(n, p) for n, p in coordinators(team) if not part(p, "period", "start")]
    for place, participant in undated:
        participants[place] = participant | {"period": {"start": instant(change.context.now)}}
    return revise(change.standing, team, participant=participants) if undated else None


def _go_on(change: Change, case: Resource, team: Resource) -> Iterator[Effect]:
    owner = coordinator(team)
    if case.get("status") == "in-progress" and code_in(case.get("businessStatus"), names.KE_BUSINESS_STATUS) in WAITING:
        case = case | {"businessStatus": concept(names.KE_BUSINESS_STATUS, "coordinator-appointed")}
        yield revise(change.standing, case, businessStatus=case["businessStatus"])
    cause = f"{case['id']}|{team['id']}"
    yield from make(change.standing, child(change, case, "first-meeting", cause, owner=owner))
    if decided(case, "decision-plan") == "granted":
        yield from make(change.standing, child(change, case, "draft-plan", cause, owner=owner))
    yield from tell_coordinator(change, case, team)


def tell_coordinator(change: Change, case: Resource, team: Resource) -> Iterator[Effect]:
    """Feedback with the coordinator's name, role, phone and unit (4.8)."""
    yield from feedback(change, case, coordinator_of_team(change.standing, team))


RULE = Rule(
    id="team-activated",
    title="With a coordinator the plan work begins",
    basis="helse- og omsorgstjenesteloven §§ 7-1, 7-2, 7-2 a; workflow.md 4.2 C5c, 4.5 K2",
    says="Når koordinator er oppnevnt, får melderen vite hvem det er, og første møte og planutkast settes i gang.",
    on=frozenset({"CareTeam"}),
    check=check,
    effects=effects,
)
