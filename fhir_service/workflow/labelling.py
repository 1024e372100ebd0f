"""The labels that what is written carries: the row's, and those of its parts (workflow.md 4.7, ADR 0022)."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from fhir_service.access.forms import parts_of
from fhir_service.access.labels import column, labels_in, party_of
from fhir_service.access.members import organizations
from fhir_service.access.rows import Handled, content_of, labels_of, stays_behind
from fhir_service.access.view import looked_up
from fhir_service.principal import SERVICE
from fhir_service.rules import Draft, Kind, Standing, acting_for, kind_of, performers_of, reference, references, several
from fhir_service.rules._expected import CHILD_BORN
from fhir_service.storage.port import Stored
from fhir_service.workflow.versions import UNLABELLED, Labelled

RELABELLING = "labels"


@dataclass(frozen=True, slots=True)
class Labelling:
    """What is known about a person when what is theirs is labelled.

    `stands_for`: the party behind a PractitionerRole or a notification; `goals`: the labels of the person's goals;
    `behind`: those of what stays with a municipality that the person has left; `acting_for`: `rules.acting_for`;
    `handled`: who has the cases.
    """

    stands_for: Mapping[str, str] = field(default_factory=dict)
    goals: Mapping[str, frozenset[str]] = field(default_factory=dict)
    behind: Mapping[str, frozenset[str]] = field(default_factory=dict)
    acting_for: Mapping[str, str] = field(default_factory=dict)
    handled: Handled = field(default_factory=dict)

    def of(self, draft: Draft, person: str | None, stored: Stored | None) -> Labelled:
        """The labels of the version that the draft becomes. Those of what is deleted stay as they were."""
        before = stored.sector if stored else ""
        if draft.after is None:
            return Labelled(before)
        labels = labels_of(
            draft.after,
            about_person=person is not None,
            writer=None if draft.cause == CHILD_BORN else draft.by.person or draft.by.organization,
            before=before,
            stands_for=self.stands_for,
            handled=self.handled,
        ) | self.behind.get(draft.reference, frozenset())
        return (
            Labelled(column(labels), parts_of(draft.after, labels, self.goals, self.acting_for))
            if labels
            else UNLABELLED
        )


PLAIN = Labelling()


def labelling(standing: Standing, stored: Mapping[str, Stored]) -> Labelling:
    """How what is the person's is labelled. `stored`: the current versions by `Type/id`."""
    roles = organizations(standing)
    requests = {
        f"ServiceRequest/{need.get('id')}": party_of(reference(need.get("requester")), roles)
        for need in standing.of("ServiceRequest")
        if kind_of(need) is Kind.NEED
    }
    stands_for = {**roles, **{literal: who for literal, who in requests.items() if who}}
    goals = _goals(standing, stored)
    return Labelling(stands_for, goals, left_with(standing), acting_for(standing), _handled(standing))


def _handled(standing: Standing) -> Handled:
    """Who has the cases, and those needs that a case is about: its own, and those that joined it (workflow.md 7.4)."""
    found = defaultdict[str, set[str]](set)
    for case in (task for task in standing.of("Task") if kind_of(task) is Kind.CASE):
        about = references([case.get("focus"), *(one.get("valueReference") for one in several(case.get("input")))])
        needs = (literal for literal in about if literal.startswith("ServiceRequest/"))
        for literal in (f"Task/{case.get('id')}", *needs):
            found[literal].update(references(case.get("owner")))
    return {literal: frozenset(owners) for literal, owners in found.items()}


def _goals(standing: Standing, stored: Mapping[str, Stored]) -> Mapping[str, frozenset[str]]:
    return {
        literal: labels_of(goal, about_person=True, stands_for={}) | _kept(stored.get(literal))
        for goal in standing.of("Goal")
        if (literal := f"Goal/{goal.get('id')}")
    }


def left_with(standing: Standing) -> Mapping[str, frozenset[str]]:
    """Literal reference -> labels of what belongs to plans that stayed with a municipality (P9).

    What belongs to a plan that goes on as well is not among it.
    """
    plans = [plan for plan in standing.of("CarePlan") if kind_of(plan) is Kind.PLAN]
    if not any(map(stays_behind, plans)):
        return {}
    content = {n: content_of(plan, standing.resources.values()) for n, plan in enumerate(plans)}
    behind = {n: stays_behind(plan) for n, plan in enumerate(plans)}
    shared = frozenset().union(*(content[n] for n in content if not behind[n]))
    return {literal: behind[n] for n in content if behind[n] for literal in content[n] - shared}


def relabelled(
    before: Standing, end: Standing, drafts: Sequence[Draft], stored: Mapping[str, Stored], moved: frozenset[str]
) -> tuple[Draft, ...]:
    """What gets other labels by what the drafts do to others: it is written once more as it is.

    That is what belongs to a plan that stays behind, needs whose case is somebody else's now, and the plans of which
    parts get other labels by their goals or by who performs them. `moved`: literal references to performers who are
    another organization's now.
    """
    drafted = {draft.reference for draft in drafts}
    behind = left_with(end).keys()
    left = behind - left_with(before).keys() if behind else ()
    taken = _taken(before, end) if any(draft.rtype == "Task" for draft in drafts) else ()
    parts = _plans_of_others(before, end, stored, moved) if moved or any(d.rtype in _LABELLING for d in drafts) else ()
    there = [(literal, end.get(literal)) for literal in sorted({*left, *taken, *parts} - drafted)]
    return tuple(
        Draft(str(one["resourceType"]), literal.partition("/")[2], after=one, before=one, by=SERVICE, cause=RELABELLING)
        for literal, one in there
        if one is not None
    )


def _taken(before: Standing, end: Standing) -> Iterator[str]:
    was = _handled(before)
    yield from (literal for literal, owners in _handled(end).items() if owners != was.get(literal))


_LABELLING = frozenset({"Goal", "CareTeam"})
"""Types of what a person has by which parts of a plan are labelled."""


def _plans_of_others(
    before: Standing, end: Standing, stored: Mapping[str, Stored], moved: frozenset[str]
) -> Iterator[str]:
    """Plans of which something that labels a part is another now."""
    labels = [(_goals(one, stored), acting_for(one)) for one in (before, end)]
    for literal, plan in end.resources.items():
        if kind_of(plan) is Kind.PLAN:
            goals, performers = looked_up(plan), performers_of(plan)
            was, now = (
                ([of_goals.get(goal) for goal in goals], [acting.get(performer) for performer in performers])
                for of_goals, acting in labels
            )
            if was != now or not moved.isdisjoint(performers):
                yield literal


def _kept(stored: Stored | None) -> frozenset[str]:
    return frozenset(label for label in labels_in(stored.sector) if label.startswith("+")) if stored else frozenset()
