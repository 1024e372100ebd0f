"""Of which element of a resource that shows in part who sees what: one table for plan, team and case (workflow.md 4.7).

Those who look are named by their user: `view` has one, `forms` has one for each label.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

from fhir_service.rules import Kind, code_in, codings, extension, is_open, kind_of, reference
from fhir_service.sight import CASE, CASE_OF, FRAME
from profiles import names
from profiles.resource import Resource

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


Those: TypeAlias = frozenset[str]
"""Some of those who look, by name."""


@dataclass(frozen=True)
class Eyes:
    """Those who look at a resource. `opened`: who see what carries labels; `reading`: who may read what it refers to
    (`Type/id`); `being`: whom a reference leads to; `labels`: those of an activity; `closed`: see `reduced`."""

    everybody: Those
    opened: Callable[[frozenset[str]], Those]
    reading: Callable[[str], Those]
    being: Callable[[str], Those]
    labels: Callable[[Resource], frozenset[str]]
    closed: frozenset[str] = frozenset()
    known: dict[frozenset[str], Those] = field(default_factory=dict)

    def seeing(self, labels: frozenset[str]) -> Those:
        """Those who see what carries these labels."""
        found = self.known.get(labels)
        if found is None:
            found = self.known[labels] = self.opened(labels)
        return found

    @cached_property
    def all_of_it(self) -> Those:
        """Those who see what carries no label (rules 1 and 2)."""
        return self.seeing(NONE)

    @cached_property
    def frame(self) -> Those:
        """Those who see what every member of the team sees."""
        return self.seeing(_FRAME)


NONE = frozenset[str]()
_FRAME, _CASE = frozenset({FRAME}), frozenset({CASE})
_Seen: TypeAlias = Iterable[tuple[Those, Any]]
"""Who see it, and what they see."""


class View(NamedTuple):
    """How a kind of resource shows in part to those who do not see the whole.

    `names`: who see which elements as they are, None: all; `lists`: what is seen of each entry of a list; `whole`: the
    labels that show all of it; `leads`: whether contained resources show as what is shown leads to them, else not at
    all.
    """

    names: Callable[[Eyes], Sequence[tuple[Those, frozenset[str] | None]]]
    lists: Mapping[str, Callable[[Eyes, Any], _Seen]]
    whole: Callable[[Resource], frozenset[str]] = lambda _: NONE
    leads: bool = False

    def seen(self, resource: Resource, eyes: Eyes) -> Iterator[tuple[Those, str, Any, bool]]:
        """Who see which element, or which entry of a list (then the last is true), and as what; nobody's are left out.

        What is contained is not among it.
        """
        levels = [level for level in self.names(eyes) if level[0]]
        for name, value in resource.items():
            cut = self.lists.get(name)
            if cut is not None:
                for one in value:
                    for who, part in cut(eyes, one):
                        if who:
                            yield who, name, part, True
            elif name != "contained":
                element = name.removeprefix("_")
                seeing = [who for who, names in levels if names is None or element in names]
                if seeing:
                    yield seeing[0].union(*seeing[1:]), name, value, False


def _activity(eyes: Eyes, activity: Resource) -> _Seen:
    """An activity with the goals that may be read. One that nothing identifies is shown whole or not at all, so that
    it is found again."""
    who = NONE if activity.get("id") in eyes.closed else eyes.seeing(eyes.labels(activity))
    detail = activity.get("detail", {})
    if not who or "goal" not in detail:
        return ((who, activity),)
    read = [(_readers(eyes, goal), goal) for goal in detail["goal"]]
    whole = who.intersection(*[readers for readers, _ in read])
    if len(whole) == len(who) or "id" not in activity:
        return ((whole, activity),)
    left = {name: value for name, value in detail.items() if name != "goal"}
    by_goals: defaultdict[tuple[int, ...], set[str]] = defaultdict(set)
    for one in who - whole:
        by_goals[tuple(n for n, (readers, _) in enumerate(read) if one in readers)].add(one)
    cut = (
        (frozenset(those), {**activity, "detail": {**left, "goal": [read[n][1] for n in places]} if places else left})
        for places, those in by_goals.items()
    )
    return ((whole, activity), *cut)


def _readers(eyes: Eyes, goal: Resource) -> frozenset[str]:
    """Who may read a goal; one that is only described is for those who see everything."""
    literal = reference(goal)
    return eyes.all_of_it if literal is None else eyes.reading(literal)


def _goal(eyes: Eyes, goal: Resource) -> _Seen:
    return ((_readers(eyes, goal), goal),)


def _extension(eyes: Eyes, one: Resource) -> _Seen:
    who = eyes.all_of_it
    if one.get("url") in FRAME_EXTENSIONS:
        who |= eyes.frame
    elif one.get("url") == names.IP_CONTRIBUTION:
        by = reference((extension(one, "who") or {}).get("valueReference"))
        who |= eyes.being(by) if by else NONE
    return ((who, one),)


def _participant(eyes: Eyes, participant: Resource) -> _Seen:
    """A member of the team; to others than its members, who coordinates."""
    shown = {name: value for name, value in participant.items() if name in PARTICIPANT_FRAME}
    others = eyes.everybody - eyes.frame
    return ((eyes.frame, participant), (others if _coordinates(participant) else NONE, shown))


def _coordinates(participant: Resource) -> bool:
    """Whether somebody does so now, by any of their roles: what is over is no longer told (`$coordinator`)."""
    roles = {c.get("code") for c in codings(participant.get("role")) if c.get("system") == names.TEAM_ROLE}
    return not COORDINATING.isdisjoint(roles) and is_open(participant.get("period"))


def _output(eyes: Eyes, output: Resource) -> _Seen:
    told = code_in(output.get("type"), names.DECISION_OUTPUT) in CASE_OUTPUTS
    return ((eyes.everybody if told else NONE, output),)


_VIEWS: Mapping[Kind, View] = {
    Kind.PLAN: View(
        lambda eyes: ((eyes.all_of_it, None), (eyes.frame, PLAN_FRAME), (eyes.everybody, PLAN_EXISTENCE)),
        {"activity": _activity, "goal": _goal, "extension": _extension},
        leads=True,
    ),
    Kind.TEAM: View(
        lambda eyes: ((eyes.everybody, TEAM_FRAME),),
        {
            "participant": _participant,
            "extension": lambda eyes, one: ((eyes.everybody if one.get("url") in FRAME_EXTENSIONS else NONE, one),),
        },
        whole=lambda _: _CASE,
    ),
    Kind.CASE: View(
        lambda eyes: ((eyes.everybody, CASE_FRAME),),
        {"output": _output},
        whole=lambda case: _CASE | {f"{CASE_OF}{reference(case.get('owner'))}"},
    ),
}
"""Who is no member sees that there is a plan; why a team was made is for those who handle the case; so are its notes,
while a party sees how far the case has got and how it was decided."""


def view_of(resource: Resource) -> View | None:
    """How it shows in part; None: it is seen whole or not at all."""
    kind = kind_of(resource)
    return _VIEWS.get(kind) if kind else None
