"""K4 and K5: the coordinator changes without a gap, or leaves and KE must find another."""

from collections.abc import Iterable, Iterator

from fhir_service.rules._appointing import has_declined, searches
from fhir_service.rules._case import cases, child_code, children, outputs
from fhir_service.rules._drafting import make, revise
from fhir_service.rules._elements import part, reference, reference_to, several, status
from fhir_service.rules._ids import derived_id
from fhir_service.rules._kinds import Kind, enters, kind_of
from fhir_service.rules._model import Change, Draft, Effect, Rule
from fhir_service.rules._people import open_stay
from fhir_service.rules._plan import plans, with_reason
from fhir_service.rules._tasks import child, completed_with, is_coordinators
from fhir_service.rules._team import coordinator, deputy, without_coordinators
from fhir_service.rules._times import closed, instant
from fhir_service.rules._transitions import STANDING_TEAM
from fhir_service.rules.team_activated import tell_coordinator
from profiles import names
from profiles.code_systems import concept
from profiles.r4_types import Flag, Reference, Task
from profiles.resource import Resource


def effects(change: Change) -> Iterable[Effect]:
    """What follows the coordinator: the plan's author, open work, Flag, the search for another."""
    team, before = change.after, change.before
    if team is None or kind_of(team) is not Kind.TEAM or team.get("status") not in ("active", "suspended"):
        return
    new, old = coordinator(team), coordinator(before)
    if new is not None and (status(before), status(team)) == ("active", "suspended"):
        # A team is suspended because nobody coordinates; that is K5, as a step of its own.
        yield revise(change.standing, team, participant=without_coordinators(team, change.context.now))
    elif new is None:
        yield from _left(change, team, old)
    else:
        yield from _flag_down(change, team)
        if status(before) in STANDING_TEAM and reference(new) != reference(old):
            yield from _follow(change, team, new, old)


def _left(change: Change, team: Resource, old: Reference | None) -> Iterator[Effect]:
    """K5. The plan stays active; open work goes to the deputy, else to KE."""
    now = change.context.now
    stand_in = deputy(team) or next(iter(several(team.get("managingOrganization"))), None)
    if old is not None and stand_in is not None:
        yield from _handed_over(change, old, stand_in)
    if team.get("status") == "active":
        extensions = with_reason(team, "no-coordinator")
        yield revise(change.standing, team, status="suspended", extension=extensions)
    if has_declined(change.standing):  # K3: nobody is missing whom the person does not want
        return
    flag: Flag = {
        "resourceType": "Flag",
        "id": derived_id("no-coordinator", team["id"], instant(now)),
        "status": "active",
        "code": concept(names.FLAG, "no-coordinator"),
        "subject": team.get("subject"),
        "period": {"start": instant(now)},
    }
    if not _flags(change, team):
        yield from make(change.standing, flag)
    if not searches(change.standing):
        yield from make(change.standing, _search(change, team))


def _handed_over(change: Change, old: Reference | None, new: Reference) -> Iterator[Draft]:
    """The open Tasks of the former coordinator; after a time without one, all that are a coordinator's (4.3)."""
    for task in children(change.standing):
        is_former = old is not None and reference(task.get("owner")) == reference(old)
        if is_former or (old is None and is_coordinators(child_code(task))):
            yield revise(change.standing, task, owner=new)


def _search(change: Change, team: Resource) -> Task:
    """Child `change-coordinator` of the newest case, else of the plan; KE's."""
    parent = next(
        iter([*reversed(cases(change.standing)), *plans(change.standing, "active", "on-hold", "draft")]), None
    )
    ke = next(iter(several(team.get("managingOrganization"))), None) or (parent or {}).get("owner")
    cause = f"{team['id']}|{instant(change.context.now)}"
    elements = {"owner": ke, "for": team.get("subject"), "focus": reference_to(team)}
    return child(change, parent, "change-coordinator", cause, **elements)


def _flags(change: Change, team: Resource) -> list[Resource]:
    return [
        f
        for f in change.standing.of("Flag")
        if f.get("status") == "active"
        and any(c.get("system") == names.FLAG and c.get("code") == "no-coordinator" for c in _codings(f))
        and reference(f.get("subject")) == reference(team.get("subject"))
    ]


def _codings(flag: Resource) -> list[Resource]:
    return several(part(flag, "code", "coding"))


def _flag_down(change: Change, team: Resource) -> Iterator[Draft]:
    if team.get("status") != "active":
        return
    for flag in _flags(change, team):
        yield revise(change.standing, flag, status="inactive", period=closed(flag.get("period"), change.context.now))


def _follow(change: Change, team: Resource, new: Reference, old: Reference | None) -> Iterator[Effect]:
    """K4: author and open work follow; a hospital that has the person now is told (4.8)."""
    for plan in plans(change.standing, "draft", "active", "on-hold"):
        yield revise(change.standing, plan, author=new)
    yield from _handed_over(change, old, new)
    if not enters(change, Kind.TEAM, "active"):
        for task in children(change.standing, "change-coordinator"):
            yield completed_with(change.standing, task, "care-team", team)
    decided = [c for c in cases(change.standing) if outputs(c, "decision-coordinator")]
    if open_stay(change.standing) is not None and decided and not enters(change, Kind.TEAM, "active"):
        yield from tell_coordinator(change, decided[-1], team)


RULE = Rule(
    id="coordinator-changed",
    title="The coordinator changes without a gap",
    basis="forskrift om habilitering, rehabilitering og koordinator; workflow.md 4.5 K4, K5",
    says="Ved skifte overtar den nye koordinatoren straks; slutter koordinatoren uten etterfølger, finner KE en ny.",
    on=frozenset({"CareTeam"}),
    effects=effects,
)
