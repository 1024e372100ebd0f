"""The values that rules speak in. A rule is a pure function over a `Change`; it reaches for nothing."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any, TypeAlias

import msgspec

from fhir_service.principal import Principal
from profiles.issues import Issue
from profiles.resource import Resource
from profiles.routing import Routes


class Draft(msgspec.Struct, frozen=True):
    """A resource as somebody wants it to be. Treat `before` and `after` as immutable: copy, then change."""

    rtype: str
    rid: str
    after: Resource | None
    """With `resourceType` and `id`, without `meta.versionId`/`lastUpdated`. None: a delete."""
    before: Resource | None = None
    """What it replaces; None for a create."""
    by: Principal = msgspec.field(default_factory=Principal)
    cause: str = "rest"
    """`rest`, `hl7v2`, `import`, or the id of the rule whose side effect it is."""
    clock: Mapping[str, Any] | None = None
    """See `storage.port.Stored.clock`; None keeps what is there."""
    view: tuple[Resource, Resource] | None = None
    """Of whoever sees a part: the part, and what they make of it. None: they see, and send, the whole."""

    @property
    def reference(self) -> str:
        return f"{self.rtype}/{self.rid}"

    @property
    def change(self) -> tuple[Resource | None, Resource | None]:
        """What its author has changed, before and after: of the whole, or of what they see of it."""
        return self.view or (self.before, self.after)


@dataclass(frozen=True, slots=True)
class Dispatch:
    """Something to send to a partner, as plain values; it goes to the outbox in the same transaction."""

    channel: str
    kind: str
    destination: str
    payload: Resource
    order_key: str


Effect: TypeAlias = Draft | Dispatch


@dataclass(frozen=True, slots=True)
class Settings:
    """What a municipality can set (decisions 6, 14 and 30)."""

    answer_days: int = 28
    review_months_child: int = 6
    review_months_adult: int = 12
    child_days: Mapping[str, int] = field(default_factory=dict)
    """Code of a child Task -> its deadline in days, where it is another than that of 4.3 (decisions 6 and 30)."""
    oral_consent: bool = True
    formal_decision: str = ""
    """The legal basis by which decisions are formal (enkeltvedtak): a code of `legal-basis`, or words; empty: they are
    none (decision 6)."""
    meeting_names: Mapping[str, str] = field(default_factory=dict)
    """Code of a kind of meeting -> what it is called here (decision 6)."""
    infer_need: bool = False
    """Whether a discharge without notice makes a case (decision 14)."""
    infer_need_days: int = 14
    """How long the stay must have been for that; a discharge to rehabilitation counts always."""
    refuse_wrong_numbers: bool = False
    """Whether a national number with wrong check digits is refused over REST, or only told (ADR 0019)."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a rule may know beside the resources: the time and what is configured."""

    now: datetime
    """UTC"""
    today: date
    """In Europe/Oslo"""
    routes: Routes
    settings: Settings = field(default_factory=Settings)


class Standing(msgspec.Struct, frozen=True, dict=True):
    """Everything of one person that rules look at, as it will be when the transaction ends.

    `resources`: `Type/id` -> resource, drafts of the transaction already in place, deleted ones gone.
    """

    person_id: str | None
    resources: Mapping[str, Resource]

    @cached_property
    def _by_type(self) -> Mapping[str, list[Resource]]:
        found: dict[str, list[Resource]] = {}
        for literal, resource in self.resources.items():
            found.setdefault(literal.partition("/")[0], []).append(resource)
        return found

    def of(self, rtype: str) -> Iterator[Resource]:
        """The person's resources of that type."""
        return iter(self._by_type.get(rtype, ()))

    def get(self, reference: str | None) -> Resource | None:
        """The resource behind a literal relative reference, if it belongs to the person."""
        return self.resources.get(reference) if reference else None

    def put(self, draft: Draft) -> "Standing":
        """The standing with the draft in place."""
        end = dict(self.resources)
        end.pop(draft.reference, None)
        if draft.after is not None:
            end[draft.reference] = draft.after
        return Standing(self.person_id, end)


class Change(msgspec.Struct, frozen=True):
    """One draft with all that is needed to judge it."""

    draft: Draft
    standing: Standing
    context: Context

    @property
    def before(self) -> Resource | None:
        return self.draft.before

    @property
    def after(self) -> Resource | None:
        return self.draft.after

    @property
    def by(self) -> Principal:
        return self.draft.by


def no_issues(_: Change) -> Iterable[Issue]:
    """Refuses nothing."""
    return ()


def no_effects(_: Change) -> Iterable[Effect]:
    """Causes nothing."""
    return ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the workflow with its reason; the one constant `RULE` of a module under `rules/`.

    `on`: the resource types whose drafts it looks at. `order`: INV-01 comes before the other guards (workflow.md 8).
    `check` gives the issues that refuse the change; `effects` what follows from an accepted one, in the same
    transaction (INV-09). Ids of what effects make come from `rules.derived_id`, so that a rule stays pure and a
    re-run makes nothing twice.
    """

    id: str
    title: str
    basis: str
    """Law or regulation, or the section of `workflow.md`."""
    says: str
    """What it says to a person, in Norwegian."""
    on: frozenset[str]
    check: Callable[[Change], Iterable[Issue]] = no_issues
    effects: Callable[[Change], Iterable[Effect]] = no_effects
    order: int = 50


class Judgement(msgspec.Struct, frozen=True):
    """What the rules say to a transaction: refused with `issues`, or everything that is to be written.

    `issues` that do not refuse are told beside.
    """

    issues: tuple[Issue, ...] = ()
    drafts: tuple[Draft, ...] = ()
    """The drafts asked for (the last state of each) followed by those that follow from them."""
    dispatches: tuple[Dispatch, ...] = ()
    blamed: Mapping[Issue, tuple[str, ...]] = msgspec.field(default_factory=dict)
    """Of each issue, the references of the drafts that it is about."""

    @property
    def refused(self) -> bool:
        return any(issue.refuses for issue in self.issues)
