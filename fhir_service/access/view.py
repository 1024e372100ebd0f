"""What of one resource a caller sees: the reduced view (workflow.md 4.7).

Rows are hidden as a whole by `storage.access`; here those are cut that are seen in part. Whoever is there by consent
sees of the individual plan its frame, the activities whose label is open to them, the goals that they may read, and
what they contribute themselves; a notifier sees of the case Task how far it has got, never its notes.

What is cut is told: `meta.security` has `REDACTED`, whose element id is the mark of this very view. A client sends it
back as it came, so that a change made to another view than the one there is now is noticed (`through`).
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from fhir_service.access.cuts import NONE, Eyes, Those, view_of
from fhir_service.access.labels import party_of, sectors_of
from fhir_service.access.marks import marked
from fhir_service.rules import Kind, kind_of, reference, references, several
from fhir_service.sight import ALL, APART_FROM_COORDINATOR, APART_FROM_KE, BUT, OWN, Sight
from profiles.resource import Resource

ActingFor: TypeAlias = Mapping[str, str]
"""Literal reference -> the organisation behind it (`rules.acting_for`)."""
NOBODY: ActingFor = {}


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
    view = view_of(resource)
    if view is None or sees_whole(sight) or ((whole := view.whole(resource)) and sight.shows(whole)):
        return resource
    shown: Resource = {}
    for _, name, part, is_entry in view.seen(resource, _one(sight, seen, closed, acting_for)):
        if is_entry:
            shown.setdefault(name, []).append(part)
        else:
            shown[name] = part
    shown = _with_contained(resource, shown) if view.leads else shown
    return resource if shown == resource else marked(shown)


def _one(sight: Sight, seen: frozenset[str], closed: frozenset[str], acting_for: ActingFor) -> Eyes:
    me = frozenset({""})

    def if_(holds: bool) -> Those:
        return me if holds else NONE

    return Eyes(
        everybody=me,
        opened=lambda labels: if_(sight.shows(labels)),
        reading=lambda literal: if_(literal in seen),
        being=lambda literal: if_(literal in (sight.organization, sight.person)),
        labels=lambda one: labels_of_activity(one, acting_for),
        closed=closed,
    )


def parts(resource: Resource, eyes: Eyes) -> tuple[tuple[Those, Resource], ...]:
    """What each of several sees of a resource: (who see it, elements), in lists entry by entry.

    What of it is somebody's is what `reduced` shows them, but for the mark and for contained resources.
    """
    view = view_of(resource)
    labels = NONE if view is None else view.whole(resource)
    whole = eyes.everybody if view is None else eyes.seeing(labels) if labels else NONE
    told = ((whole, resource),) if whole else ()
    if view is None or whole == eyes.everybody:
        return told
    found: defaultdict[Those, Resource] = defaultdict(dict)
    for who, name, part, is_entry in view.seen(resource, eyes):
        if is_entry:
            found[who].setdefault(name, []).append(part)
        else:
            found[who][name] = part
    return (*told, *found.items())


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


_IN_PARTS = frozenset({"CarePlan", "CareTeam", "Task"})
_WHOLE = frozenset({ALL, *(f"{BUT}{mark[1:]}" for mark in (APART_FROM_KE, APART_FROM_COORDINATOR))})
