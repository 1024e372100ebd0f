"""Put drafts into a standing, check, and work out what follows (workflow.md 7.7, decision 31)."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache

from msgspec import structs

from fhir_service.principal import SERVICE
from fhir_service.rules._model import Change, Context, Dispatch, Draft, Judgement, Rule, Standing, no_effects, no_issues
from mappings.registry import discover
from profiles.issues import Issue, error

MOST_STEPS = 1000
"""More than any transaction needs: rules that chase each other end here instead of never."""


NOT_ALLOWED = frozenset({"forbidden", "no-consent"})
"""Codes of issues that keep everything else from being told (SR-29)."""


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule, in the order in which they are asked."""
    found = discover("fhir_service.rules", "RULE", Rule, lambda rule: rule.id)
    return tuple(sorted(found.values(), key=lambda rule: (rule.order, rule.id)))


def judge(drafts: Sequence[Draft], standing: Standing, context: Context) -> Judgement:
    """The verdict on drafts that are to be written together, by their end state.

    `standing`: what the person has now, without the drafts. Refused: every reason. Otherwise the drafts asked for,
    each in its last state, then those that follow from them. The same input gives the same answer.
    """
    end = standing
    for draft in drafts:
        end = end.put(draft)
    blamed = _checked(drafts, end, context)
    issues = tuple(blamed)
    if any(issue.refuses for issue in issues):
        return Judgement(_told(issues), blamed=blamed)
    return _followed(_Ledger(drafts, end), context, blamed)


def _checked(drafts: Sequence[Draft], end: Standing, context: Context) -> Mapping[Issue, tuple[str, ...]]:
    """Every issue once, and which drafts it is about."""
    found: dict[Issue, tuple[str, ...]] = {}
    changes = [Change(draft, end, context) for draft in drafts]
    for rule in _checking(frozenset([draft.rtype for draft in drafts])):
        for change in changes:
            if change.draft.rtype in rule.on:
                for issue in rule.check(change):
                    found[issue] = (*found.get(issue, ()), change.draft.reference)
    return found


@lru_cache(maxsize=256)
def _checking(rtypes: frozenset[str]) -> tuple[Rule, ...]:
    """The rules that may refuse drafts of these types, in order."""
    return tuple(rule for rule in rules() if rule.check is not no_issues and not rule.on.isdisjoint(rtypes))


@cache
def _following(rtype: str) -> tuple[Rule, ...]:
    """The rules by which something may follow from a draft of the type, in order."""
    return tuple(rule for rule in rules() if rule.effects is not no_effects and rtype in rule.on)


def _told(issues: tuple[Issue, ...]) -> tuple[Issue, ...]:
    """Who may not write learns nothing of what else is the matter (SR-29)."""
    return tuple(i for i in issues if i.code in NOT_ALLOWED) or issues


@dataclass(slots=True)
class _Ledger:
    """What is to be written so far, while effects bring more."""

    asked: Sequence[Draft]
    end: Standing
    states: dict[str, Draft] = field(default_factory=dict)
    """By reference: the last state, `before` as it was at the beginning."""
    dispatches: list[Dispatch] = field(default_factory=list)
    waiting: deque[Draft] = field(default_factory=deque)
    """Steps whose effects are still to be found; `before` is the state before that step."""

    def __post_init__(self) -> None:
        self.states = {draft.reference: draft for draft in self.asked}
        self.waiting.extend(self.asked)

    def take(self, draft: Draft, rule: Rule) -> None:
        """An effect's draft: a step from what is there now, unless it changes nothing."""
        before = self.end.get(draft.reference)
        if draft.after == before:
            return
        step = structs.replace(draft, before=before, by=replace(SERVICE, tenant=draft.by.tenant), cause=rule.id)
        known = self.states.get(draft.reference)
        self.states[draft.reference] = structs.replace(known, after=draft.after) if known else step
        self.end = self.end.put(step)
        self.waiting.append(step)


def _followed(ledger: _Ledger, context: Context, blamed: Mapping[Issue, tuple[str, ...]]) -> Judgement:
    steps = 0
    while ledger.waiting:
        steps += 1
        if steps > MOST_STEPS:
            return Judgement((error("internal", "", "The rules do not come to an end"),))
        step = ledger.waiting.popleft()
        change = Change(step, ledger.end, context)
        for rule in _following(step.rtype):
            if change.standing is not ledger.end:
                change = Change(step, ledger.end, context)
            _follow(ledger, rule, change)
    return Judgement(tuple(blamed), tuple(ledger.states.values()), tuple(ledger.dispatches), blamed)


def _follow(ledger: _Ledger, rule: Rule, change: Change) -> None:
    for effect in tuple(rule.effects(change)):
        if isinstance(effect, Dispatch):
            ledger.dispatches.append(effect)
        else:
            ledger.take(effect, rule)
