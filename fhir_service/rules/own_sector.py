"""A member of the team changes what its own sector does, and nothing that others do (workflow.md 1 and 4.7)."""

from collections.abc import Iterable, Iterator

from fhir_service.rules._acting import acting_for
from fhir_service.rules._changes import differences
from fhir_service.rules._elements import extension, reference, references, several
from fhir_service.rules._entries import by_key, key_of
from fhir_service.rules._kinds import Kind, kind_of
from fhir_service.rules._model import Change, Rule
from fhir_service.rules._team import teams
from fhir_service.rules._times import is_open
from fhir_service.rules._transitions import STANDING_TEAM
from profiles import names
from profiles.issues import Issue, error
from profiles.resource import Resource

ABOVE_SECTORS = frozenset({"ke", "coordinator", "administrator", "person", "service-itself"})
"""Roles whose writes are no member's."""
_LISTED = frozenset({"activity", "extension", "text"})
"""What is looked at entry by entry, and the narrative, which is made of the rest."""
_BEYOND = "A label of another sector opens it to others, or closes it: a member of the team labels for its own sector"
_TEXT = "This belongs to another sector or to the whole plan; a member of the team changes its own measures"


def check(change: Change) -> Iterable[Issue]:
    """Refuses what an organisation changes outside of the sectors in which it is a member."""
    (before, after), by = change.draft.change, change.by
    if by.organization is None or by.role in ABOVE_SECTORS or change.draft.cause != "rest" or after is None:
        return
    member = _Member(change)
    if kind_of(before) is Kind.PLAN and before is not None:
        yield from (error("no-consent", path, _TEXT) for path in dict.fromkeys(_others(before, after, member)))
    if after["resourceType"] == "Goal" and _is_planned(change, f"Goal/{after.get('id')}"):
        versions = [one for one in (before, after) if one is not None]
        if before != after and not all(member.carries(one) for one in versions):
            yield error("no-consent", "Goal", _TEXT)
    if after["resourceType"] == "Goal" and not member.has(_labels(before) ^ _labels(after)):
        yield error("no-consent", "Goal.meta.security", _BEYOND)


class _Member:
    """The organisation that writes, as it stands in the person's teams."""

    def __init__(self, change: Change) -> None:
        self._organization = change.by.organization
        self._acting_for = acting_for(change.standing)
        participants = (p for team in teams(change.standing, *STANDING_TEAM) for p in several(team.get("participant")))
        own = [p for p in participants if is_open(p.get("period")) and self._is_own(p)]
        self._sectors = frozenset(sector for p in own for sector in _sectors(several(p.get("extension"))))

    def _is_own(self, participant: Resource) -> bool:
        return self._organization in self._organizations(references(participant.get("member"))) or (
            self._organization == reference(participant.get("onBehalfOf"))
        )

    def _organizations(self, literals: Iterable[str]) -> list[str]:
        """The organisations that references name, or for which those that they name act."""
        return [self._acting_for.get(literal, literal) for literal in literals]

    def does(self, activity: Resource) -> bool:
        """Whether an activity is of its sector, or its own to carry out."""
        performers = references(activity.get("detail", {}).get("performer"))
        own = self._organization in self._organizations(performers)
        return own or not self._sectors.isdisjoint(_sectors(several(activity.get("extension"))))

    def gives(self, contribution: Resource) -> bool:
        """Whether an extension tells what it contributes itself."""
        who = (extension(contribution, "who") or {}).get("valueReference")
        return contribution.get("url") == names.IP_CONTRIBUTION and reference(who) == self._organization

    def carries(self, resource: Resource) -> bool:
        """Whether a resource is labelled with its sector."""
        return not self._sectors.isdisjoint(_labels(resource))

    def has(self, sectors: frozenset[str]) -> bool:
        """Whether these are all its own."""
        return sectors <= self._sectors


def _labels(resource: Resource | None) -> frozenset[str]:
    """The sectors in `meta.security`."""
    told = several((resource or {}).get("meta", {}).get("security"))
    return frozenset(str(c.get("code")) for c in told if c.get("system") == names.SECTOR)


def _sectors(extensions: Iterable[Resource]) -> frozenset[str]:
    found = (e.get("valueCoding", {}) for e in extensions if e.get("url") == names.IP_SECTOR)
    return frozenset(str(c["code"]) for c in found if c.get("system") == names.SECTOR and "code" in c)


def _others(before: Resource, after: Resource, member: _Member) -> Iterator[str]:
    """The paths of what changes without being the member's own."""
    for name, own in (("activity", member.does), ("extension", member.gives)):
        path = f"CarePlan.{name}"
        old, new = several(before.get(name)), several(after.get(name))
        telling = key_of(path, old, new) if old != new else None
        was, now = (by_key(listed, telling) for listed in (old, new)) if telling else ({}, {})
        for one in dict.fromkeys((*was, *now)):
            versions = [of[one] for of in (was, now) if one in of]
            changed = len(versions) == 1 or versions[0] != versions[1]
            opened = _opened(was.get(one), now.get(one))
            if changed and telling and not (all(map(own, versions)) and member.has(opened)):
                yield path + telling.step(versions[-1])
    rest = ({name: value for name, value in one.items() if name not in _LISTED} for one in (before, after))
    yield from (one.path for one in differences(*rest))


def _opened(was: Resource | None, now: Resource | None) -> frozenset[str]:
    """The sectors to which an entry is open that it was not open to before."""
    before, after = (_sectors(several((one or {}).get("extension"))) for one in (was, now))
    return after - before


def _is_planned(change: Change, goal: str) -> bool:
    """Whether a goal is one of the person's individual plan."""
    plans = (plan for plan in change.standing.of("CarePlan") if kind_of(plan) is Kind.PLAN)
    return any(goal in references(plan.get("goal")) for plan in plans)


RULE = Rule(
    id="own-sector",
    title="A member of the team changes its own measures",
    basis="workflow.md 1 and 8 (no-consent); helsepersonelloven § 25",
    says="En tjeneste i ansvarsgruppen endrer bare egne tiltak og egne bidrag i planen.",
    on=frozenset({"CarePlan", "Goal"}),
    check=check,
    order=6,
)
