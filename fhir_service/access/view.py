"""What of one resource a caller sees: the reduced view (workflow.md 4.7).

Rows are hidden as a whole by `storage.access`; here those are cut that are seen in part. Whoever is there by consent
sees of the individual plan its frame, the activities whose label is open to them, the goals that they may read, and
what they contribute themselves; a notifier sees of the case Task how far it has got, never its notes.

What is cut is told: `meta.security` has `REDACTED`, whose element id is the mark of this very view. A client sends it
back as it came, so that a change made to another view than the one there is now is noticed (`through`).
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

from fhir_service.access.labels import party_of, sectors_of
from fhir_service.access.marks import marked
from fhir_service.rules import Kind, code_in, codings, extension, is_open, kind_of, reference, references, several
from fhir_service.sight import ALL, APART_FROM_COORDINATOR, APART_FROM_KE, BUT, CASE, CASE_OF, FRAME, OWN, Sight
from profiles import names
from profiles.resource import Resource

ActingFor: TypeAlias = Mapping[str, str]
"""Literal reference -> the organisation behind it (`rules.acting_for`)."""
NOBODY: ActingFor = {}
_ALWAYS = frozenset({"resourceType", "id", "meta", "implicitRules", "language", "modifierExtension"})
PLAN_FRAME = _ALWAYS | {
    *("identifier", "replaces", "status", "intent", "category", "title", "subject", "period", "created", "author"),
    "careTeam",
}
"""Elements of the plan that every member of the team sees."""
PLAN_EXISTENCE = _ALWAYS | {"status", "intent", "category", "subject"}
"""Elements that say that there is a plan, and must be there."""
FRAME_EXTENSIONS = frozenset({names.IP_MANAGING_MUNICIPALITY, names.IP_NEXT_REVIEW, names.IP_STATUS_REASON})
TEAM_FRAME = _ALWAYS | {
    *("identifier", "status", "category", "name", "subject", "period", "participant", "managingOrganization"),
    "telecom",
}
COORDINATING = frozenset({"coordinator", "child-coordinator", "deputy"})
"""Roles of participants that the leader of a unit and a trust with an open stay see."""
PARTICIPANT_FRAME = frozenset({"id", "role", "member", "onBehalfOf", "period"})
"""What they see of those: as much as `$coordinator` tells."""
CASE_FRAME = _ALWAYS | {
    *("identifier", "groupIdentifier", "status", "statusReason", "businessStatus", "intent", "priority", "code"),
    *("focus", "for", "encounter", "executionPeriod", "authoredOn", "lastModified", "requester", "owner"),
    "restriction",
}
"""Elements of a case Task that tell how far it has got."""
CASE_OUTPUTS = frozenset(
    {"decision-coordinator", "decision-plan", "decision-child-coordinator", "decision-date", "chosen-right"}
)
"""What a notifier learns of the decision: its outcome, not its reasons nor the letter (workflow.md 4.8)."""


@dataclass(frozen=True)
class _Eye:
    """Who looks. `seen`: literal references, of those the resource makes, to what they may read; `closed`: see
    `reduced`; `acting_for`: see there; `known`: the labels of activities that somebody looked at before, by identity.
    """

    sight: Sight
    seen: frozenset[str]
    closed: frozenset[str]
    acting_for: ActingFor
    known: dict[int, frozenset[str]]

    @cached_property
    def unlabelled(self) -> bool:
        """Whether they see what carries no label (rules 1 and 2)."""
        return self.sight.shows(())

    @cached_property
    def frame(self) -> bool:
        """Whether they see what every member of the team sees."""
        return self.sight.shows({FRAME})

    def sees(self, activity: Resource) -> bool:
        """Whether an activity is theirs to see."""
        labels = self.known.get(id(activity))
        if labels is None:
            labels = self.known[id(activity)] = labels_of_activity(activity, self.acting_for)
        return self.sight.shows(labels) and activity.get("id") not in self.closed

    @property
    def handles(self) -> bool:
        """Whether the case is theirs to handle."""
        return self.sight.shows({CASE})

    def own(self, literal: str | None) -> bool:
        return literal is not None and literal in (self.sight.organization, self.sight.person)


_Cut: TypeAlias = Callable[[_Eye, Any], Any]
"""What of an element is shown; None: nothing."""


def reduced(
    resource: Resource,
    sight: Sight,
    seen: frozenset[str] = frozenset(),
    closed: frozenset[str] = frozenset(),
    acting_for: ActingFor = NOBODY,
) -> Resource:
    """What `sight` shows of a resource; the resource itself where nothing is taken away.

    `seen`: which of `looked_up(resource)` the caller may read; `closed`: of an earlier version the entries that the
    current one hides (`closed_in`), as what was closed later is closed in its history, too; `acting_for`: literal
    reference -> the organisation behind it, of those who carry out its activities.
    """
    shown = Parted(resource, acting_for).to(sight, seen, closed)
    return resource if shown is resource else marked(shown)


class Parted:
    """A resource as it shows to several, one after the other, without the marks."""

    def __init__(self, resource: Resource, acting_for: ActingFor = NOBODY) -> None:
        """`acting_for`: as of `reduced`."""
        kind = kind_of(resource)
        self._resource = resource
        self._cut = _VIEWS.get(kind) if kind else None
        self._acting_for = acting_for
        self._known: dict[int, frozenset[str]] = {}

    def to(self, sight: Sight, seen: frozenset[str] = frozenset(), closed: frozenset[str] = frozenset()) -> Resource:
        """What `sight` shows of it; the resource itself where nothing is taken away. The rest is as of `reduced`."""
        if self._cut is None or sees_whole(sight):
            return self._resource
        shown = self._cut(self._resource, _Eye(sight, seen, closed, self._acting_for, self._known))
        return self._resource if shown == self._resource else shown


def sees_whole(sight: Sight) -> bool:
    """Whether no part of what `sight` shows of a person is hidden from it: marks of whole rows are on no part."""
    return sight.everything or sees_whole_by(sight.labels)


def sees_whole_by(labels: frozenset[str]) -> bool:
    """The same of who has these labels."""
    return not labels.isdisjoint(_WHOLE)


def seen_in_part(rtype: str) -> bool:
    """Whether there are resources of the type that somebody sees in part."""
    return rtype in _IN_PARTS


def looked_up(resource: Resource) -> frozenset[str]:
    """The references of a resource that show only what the caller may read: `Type/id`."""
    if kind_of(resource) is not Kind.PLAN:
        return frozenset()
    return frozenset(literal for goal in _goals(resource) if (literal := reference(goal)))


def closed_in(current: Resource, sight: Sight, acting_for: ActingFor = NOBODY) -> frozenset[str]:
    """The ids of the activities that are not shown. `acting_for`: as of `reduced`."""
    if sees_whole(sight) or kind_of(current) is not Kind.PLAN:
        return frozenset()
    listed = several(current.get("activity"))
    hidden = (one for one in listed if not sight.shows(labels_of_activity(one, acting_for)))
    return frozenset(str(one["id"]) for one in hidden if "id" in one)


def labels_of_activity(activity: Resource, acting_for: ActingFor = NOBODY) -> frozenset[str]:
    """Its sectors, and the organisations that carry it out: what they do is their own.

    `acting_for`: as of `reduced`.
    """
    performers = references(activity.get("detail", {}).get("performer"))
    own = {
        OWN + who
        for literal in performers
        if (who := party_of(literal, acting_for)) and who.startswith("Organization/")
    }
    return sectors_of(activity) | own


def _plan(plan: Resource, eye: _Eye) -> Resource:
    open_ = frozenset(plan) if eye.unlabelled else PLAN_FRAME if eye.frame else PLAN_EXISTENCE
    shown: Resource = {}
    for name, value in plan.items():
        if name == "contained":
            continue
        cut = _PLAN_LISTS.get(name)
        if cut is not None:
            left = [part for one in value if (part := cut(eye, one)) is not None]
            shown |= {name: left} if left else {}
        elif name.removeprefix("_") in open_:
            shown[name] = value
    return _with_contained(plan, shown)


def _activity(eye: _Eye, activity: Resource) -> Resource | None:
    """An activity with the goals that may be read. One that nothing identifies is shown whole or not at all, so that
    it is found again."""
    if not eye.sees(activity):
        return None
    detail = activity.get("detail", {})
    named = several(detail.get("goal"))
    goals = [goal for goal in named if _goal(eye, goal)]
    if len(goals) == len(named):
        return activity
    if "id" not in activity:
        return None
    left = {name: value for name, value in detail.items() if name != "goal"}
    return {**activity, "detail": {**left, "goal": goals} if goals else left}


def _goal(eye: _Eye, goal: Resource) -> Resource | None:
    """A goal that may be read; one that is only described is for those who see everything."""
    literal = reference(goal)
    return goal if (eye.unlabelled if literal is None else literal in eye.seen) else None


def _extension(eye: _Eye, one: Resource) -> Resource | None:
    if eye.unlabelled or (eye.frame and one.get("url") in FRAME_EXTENSIONS):
        return one
    who = reference((extension(one, "who") or {}).get("valueReference"))
    return one if one.get("url") == names.IP_CONTRIBUTION and eye.own(who) else None


_PLAN_LISTS: Mapping[str, _Cut] = {"activity": _activity, "goal": _goal, "extension": _extension}


def _goals(plan: Resource) -> Iterator[Any]:
    yield from several(plan.get("goal"))
    for activity in several(plan.get("activity")):
        yield from several(activity.get("detail", {}).get("goal"))


def _with_contained(whole: Resource, shown: Resource) -> Resource:
    """The view with those contained resources that it refers to, and no others."""
    if "contained" not in whole:
        return shown
    if len(shown) == len(whole) - 1 and all(whole[name] == value for name, value in shown.items()):
        return whole
    wanted, waiting = set[str](), [json.dumps(shown, default=str)]
    by_id = {f"#{one.get('id')}": one for one in whole["contained"]}
    while waiting:
        text = waiting.pop()
        new = {literal for literal in by_id if literal not in wanted and json.dumps(literal) in text}
        wanted |= new
        waiting += [json.dumps(by_id[literal], default=str) for literal in new]
    kept = [one for literal, one in by_id.items() if literal in wanted]
    return {**shown, "contained": kept} if kept else shown


def _team(team: Resource, eye: _Eye) -> Resource:
    """The team with its members, and to others than those with who coordinates; why it was made is for those who see
    everything."""
    if eye.handles:
        return team
    shown = {name: value for name, value in team.items() if name.removeprefix("_") in TEAM_FRAME}
    if not eye.frame and "participant" in shown:
        shown["participant"] = [
            {name: value for name, value in one.items() if name in PARTICIPANT_FRAME}
            for one in shown["participant"]
            if _coordinates(one)
        ]
    listed = [one for one in several(team.get("extension")) if one.get("url") in FRAME_EXTENSIONS]
    return {**shown, "extension": listed} if listed else shown


def _coordinates(participant: Resource) -> bool:
    """Whether somebody does so now, by any of their roles: what is over is no longer told (`$coordinator`)."""
    roles = {c.get("code") for c in codings(participant.get("role")) if c.get("system") == names.TEAM_ROLE}
    return not COORDINATING.isdisjoint(roles) and is_open(participant.get("period"))


def _case(case: Resource, eye: _Eye) -> Resource:
    """How far the case has got, and how it was decided: for the notifier, and whoever else is a party to it."""
    if eye.handles or eye.sight.shows({f"{CASE_OF}{reference(case.get('owner'))}"}):
        return case
    shown = {name: value for name, value in case.items() if name.removeprefix("_") in CASE_FRAME}
    told = [
        one for one in several(case.get("output")) if code_in(one.get("type"), names.DECISION_OUTPUT) in CASE_OUTPUTS
    ]
    return {**shown, "output": told} if told else shown


_VIEWS: Mapping[Kind, Callable[[Resource, _Eye], Resource]] = {
    Kind.PLAN: _plan,
    Kind.TEAM: _team,
    Kind.CASE: _case,
}
_IN_PARTS = frozenset({"CarePlan", "CareTeam", "Task"})
_WHOLE = frozenset({ALL, *(f"{BUT}{mark[1:]}" for mark in (APART_FROM_KE, APART_FROM_COORDINATOR))})
