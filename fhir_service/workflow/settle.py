"""The one way of a change into the database, whatever road it came by (SR-13).

drafts -> persons -> standing (what each person has) -> rules -> the next versions of everything, as `Changes`.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
from msgspec import structs

from fhir_service.access.grants import decides
from fhir_service.rules import (
    STANDING_TYPES,
    Context,
    Dispatch,
    Draft,
    Judgement,
    Settings,
    Standing,
    concerns,
    judge,
    named_in,
)
from fhir_service.rules._expected import CHILD_BORN
from fhir_service.sight import Granted
from fhir_service.storage.messages import Outgoing
from fhir_service.storage.port import Changes, Reads, Stored, Write
from fhir_service.workflow.agreements import agreements
from fhir_service.workflow.birth import with_the_born
from fhir_service.workflow.granting import ended, granted, left_behind, moved, touched
from fhir_service.workflow.ids import new_id
from fhir_service.workflow.labelling import PLAIN, Labelling, labelling, relabelled
from fhir_service.workflow.left_documents import with_documents
from fhir_service.workflow.merging import followed, with_both_ends
from fhir_service.workflow.persons import Persons, find_persons
from fhir_service.workflow.profile_store import ProfileStore
from fhir_service.workflow.receivers import receivers
from fhir_service.workflow.references import local, parse_local
from fhir_service.workflow.versions import next_version
from fhir_service.workflow.wanted import Wanted
from profiles.issues import Issue
from profiles.resource import Resource
from profiles.routing import Routes

__all__ = ["NOBODYS", "OSLO", "Ground", "Settlement", "Wanted", "joined", "outgoing", "settle"]

OSLO = ZoneInfo("Europe/Oslo")


@dataclass(frozen=True, slots=True)
class Ground:
    """What is configured and does not change between requests."""

    base_url: str
    routes: Routes
    settings: Settings = field(default_factory=Settings)
    referential_integrity: bool = True
    """Whether what a client refers to here must exist (`integrity`)."""
    profiles: ProfileStore = field(default_factory=ProfileStore, compare=False)
    """The profiles that resources may claim (`profiles`)."""

    def context(self, now: datetime) -> Context:
        """The rules' view of `now` (UTC)."""
        return Context(now=now, today=now.astimezone(OSLO).date(), routes=self.routes, settings=self.settings)


class Settlement(msgspec.Struct, frozen=True):
    """Refused with `issues`, or everything to write; then they are what is told beside.

    `persons`: `Type/id` of a draft -> person_id; `blamed`: of each issue, `Type/id` of the drafts that it is about, as
    far as it is about any; `disputed`: see `Persons.disputed`.
    """

    issues: tuple[Issue, ...]
    changes: Changes
    drafts: tuple[Draft, ...] = ()
    persons: Mapping[str, str] = msgspec.field(default_factory=dict)
    blamed: Mapping[Issue, tuple[str, ...]] = msgspec.field(default_factory=dict)
    disputed: tuple[tuple[str, ...], ...] = ()

    @property
    def refused(self) -> bool:
        return any(issue.refuses for issue in self.issues)


async def settle(tx: Reads, wanted: Sequence[Wanted], ground: Ground) -> Settlement:
    """Judge what is wanted as one transaction and work out all that is to be written."""
    wanted, following = await with_both_ends(tx, await with_the_born(tx, wanted), ground.base_url)
    drafts = tuple(_localised(w, ground.base_url) for w in wanted)
    stored = {w.draft.reference: w.stored for w in wanted if w.stored}
    persons = await find_persons(tx, drafts, stored, ground.base_url)
    if any(issue.refuses for issue in persons.issues):
        return Settlement(persons.issues, Changes(), blamed=persons.blamed, disputed=persons.disputed)
    groups = _groups(drafts, persons, stored)
    for person in await touched(tx, drafts, ground.base_url):
        groups.setdefault(person, [])
    standings = await _standings(tx, groups, persons, stored, ground.base_url)
    judgements = [
        judge(groups[p], standings[p], ground.context(tx.now)) if p in standings else _plain(groups[p]) for p in groups
    ]
    issues = tuple(dict.fromkeys(i for j in judgements for i in j.issues))
    blamed = _blamed(judgements) if issues else {}
    if any(j.refused for j in judgements):
        return Settlement(issues, Changes(), blamed=blamed)
    tails = {id(draft.after): w.tail for draft, w in zip(drafts, wanted, strict=True) if w.tail}
    judged = await followed(
        tx, following, dict(zip(groups, judgements, strict=True)), stored, (persons.joined, ground.base_url)
    )
    if isinstance(judged, Issue):
        return Settlement((judged,), Changes())
    stored |= await _made_before(tx, judged.values(), {*stored, *(d.reference for d in drafts)})
    ends = {p: ended(standings[p], judged[p].drafts) for p in standings}
    elsewhere = moved(drafts)
    written = dict(judged)
    for p, end in ends.items():
        before, ends[p] = await with_documents(tx, (standings[p], end), stored, ground.base_url)
        more = relabelled(before, ends[p], judged[p].drafts, stored, elsewhere)
        written[p] = structs.replace(judged[p], drafts=(*judged[p].drafts, *more))
    labels = {p: labelling(end, stored) for p, end in ends.items()}
    settled = _settlement(_Ends(tx.now, stored, tails, labels), written, persons)
    given = (*await granted(tx, ends, judged, persons, stored, ground.base_url), *left_behind(persons))
    if given:
        settled = structs.replace(settled, changes=joined(settled.changes, grants=given))
    return structs.replace(settled, issues=issues, blamed=blamed) if issues else settled


async def _made_before(tx: Reads, judgements: Iterable[Judgement], known: Container[str]) -> dict[str, Stored]:
    """What rules make under an id that there is (ADR 0013), as a client deleted it or took it to somebody else."""
    drafts = (d for one in judgements for d in one.drafts if d.before is None and d.reference not in known)
    made = [(d.rtype, d.rid) for d in drafts if d.rtype != "Provenance"]
    rows = await tx.get_many(made) if made else {}
    return {f"{row.rtype}/{row.rid}": row for row in rows.values()}


async def settled_anew(tx: Reads, person: str, ground: Ground) -> tuple[Labelling, tuple[Granted, ...]]:
    """How what is stored of a person is labelled, and who may see what of them, as of now."""
    stored: dict[str, Stored] = {}
    nobody = await find_persons(tx, (), stored, ground.base_url)
    standings = await _standings(tx, {person: []}, nobody, stored, ground.base_url)
    nothing: dict[str | None, Judgement] = {person: _plain([])}
    given = await granted(tx, standings, nothing, nobody, stored, ground.base_url)
    return labelling(standings[person], stored), given


def _blamed(judgements: Iterable[Judgement]) -> Mapping[Issue, tuple[str, ...]]:
    """What is the same with several persons is about the drafts of each."""
    of: dict[Issue, tuple[str, ...]] = {}
    for judgement in judgements:
        for issue, references in judgement.blamed.items():
            of[issue] = (*of.get(issue, ()), *references)
    return of


def _groups(drafts: Iterable[Draft], persons: Persons, stored: Mapping[str, Stored]) -> dict[str | None, list[Draft]]:
    """Drafts by person, in sorted order (the lock order of workflow.md 7.6); none of those whom something leaves."""
    groups: dict[str | None, list[Draft]] = {}
    for draft in drafts:
        groups.setdefault(persons.of.get(draft.reference), []).append(draft)
        if draft.cause == CHILD_BORN:
            groups.setdefault(stored[draft.reference].person_id, [])
    return dict(sorted(groups.items(), key=lambda item: item[0] or ""))


async def _standings(
    tx: Reads, groups: Mapping[str | None, list[Draft]], persons: Persons, stored: dict[str, Stored], base_url: str
) -> dict[str | None, Standing]:
    """The standing of each person whose drafts the rules look at; adds what it loads to `stored`."""
    looked_at = [p for p, drafts in groups.items() if not drafts or any(map(_is_looked_at, drafts)) or persons.joined]
    if not looked_at:
        return {}
    people = sorted({*(p for p in looked_at if p), *persons.joined})
    loaded = await tx.of_persons(people, STANDING_TYPES) if people else ()
    resources: dict[str | None, dict[str, Resource]] = {p: {} for p in looked_at}
    for row in loaded:
        person = persons.joined.get(row.person_id or "", row.person_id)
        reference = f"{row.rtype}/{row.rid}"
        stored.setdefault(reference, row)
        if persons.of.get(reference, person) == person:  # else it goes to somebody else
            resources[person][reference] = parse_local(row.body, base_url)
    beside = await _named(tx, resources.values(), groups, base_url)
    drafts = [draft for of_one in groups.values() for draft in of_one]
    # Why something is done is told of whom it is done to, whoever the Provenance itself is about (K4).
    beside |= {d.reference: local(d.after, base_url) for d in drafts if d.rtype == "Provenance" and d.after is not None}
    beside |= await receivers(tx, drafts, base_url)
    beside |= await agreements(tx, drafts, (beside, *resources.values()), base_url)
    return {p: Standing(p, beside | resources[p]) for p in looked_at}


async def _named(
    tx: Reads, standings: Iterable[Mapping[str, Resource]], groups: Mapping[str | None, list[Draft]], base_url: str
) -> dict[str, Resource]:
    """People and organisations that the rules tell others about, and those that they name themselves."""
    drafted = {d.reference: d.after for drafts in groups.values() for d in drafts if d.after is not None}
    beside: dict[str, Resource] = {}
    looking_at: list[Resource] = [*(r for resources in standings for r in resources.values()), *drafted.values()]
    for _ in range(2):
        wanted = {r for r in named_in(looking_at) if r not in beside}
        found = {r: drafted[r] for r in wanted if r in drafted}
        keys = [(rtype, rid) for rtype, _, rid in (r.partition("/") for r in wanted - found.keys())]
        rows = await tx.get_many(keys) if keys else {}
        there = (r for r in rows.values() if not r.deleted)
        found.update({f"{r.rtype}/{r.rid}": parse_local(r.body, base_url) for r in there})
        beside.update(found)
        looking_at = list(found.values())
    return beside


def _localised(wanted: Wanted, base_url: str) -> Draft:
    """What the rules look at has its references in one form; everything else stays as it was sent."""
    draft = wanted.draft
    base, stored = base_url.encode(), wanted.stored.body if wanted.stored else b""
    absent = wanted.tail is not None and base not in wanted.tail and base not in stored
    if absent or draft.after is None or not _is_looked_at(draft):
        return draft
    before = draft.before and local(draft.before, base_url)
    view = draft.view and (local(draft.view[0], base_url), local(draft.view[1], base_url))
    return structs.replace(draft, after=local(draft.after, base_url), before=before, view=view)


def _is_looked_at(draft: Draft) -> bool:
    return any(concerns(draft.rtype, r) or decides(r) for r in (draft.before, draft.after) if r is not None)


def _plain(drafts: list[Draft]) -> Judgement:
    return Judgement(drafts=tuple(drafts))


class _Ends(msgspec.Struct, frozen=True):
    """What the next versions are made with. `tails`: by identity of the resource, as far as they are known."""

    now: datetime
    stored: Mapping[str, Stored]
    tails: Mapping[int, bytes]
    labels: Mapping[str | None, Labelling]

    def next(self, draft: Draft, person: str | None) -> Write:
        stored = self.stored.get(draft.reference)
        tail = None if draft.after is None else self.tails.get(id(draft.after))
        labelled = self.labels.get(person, PLAIN).of(draft, person, stored)
        return next_version(draft, stored.version + 1 if stored else 1, self.now, person, tail, labelled)


def _settlement(ends: _Ends, judgements: Mapping[str | None, Judgement], persons: Persons) -> Settlement:
    of = dict(persons.of)
    drafts: list[Draft] = []
    for person, judgement in judgements.items():
        drafts.extend(judgement.drafts)
        of.update({d.reference: person for d in judgement.drafts if person and d.rtype not in NOBODYS})
    changes = Changes(
        writes=tuple(ends.next(d, of.get(d.reference)) for d in drafts),
        joins=persons.joins,
        person_identifiers=persons.identifiers,
        outgoing=tuple(outgoing(d, ends.now) for j in judgements.values() for d in j.dispatches),
    )
    return Settlement((), changes, tuple(drafts), of)


NOBODYS = frozenset({"Organization", "HealthcareService", "Location", "Practitioner", "PractitionerRole"})
"""Types that are about no patient, whoever caused them."""


def outgoing(dispatch: Dispatch, now: datetime) -> Outgoing:
    """A rule's dispatch as a row of the outbox."""
    return Outgoing(
        outgoing_id=new_id(),
        channel=dispatch.channel,
        kind=dispatch.kind,
        destination=dispatch.destination,
        payload=dispatch.payload,
        order_key=dispatch.order_key,
        created_at=now,
    )


def joined(changes: Changes, **more: tuple[object, ...]) -> Changes:
    """`changes` with more of some kinds: `joined(c, writes=(w,))`."""
    return structs.replace(changes, **{name: (*getattr(changes, name), *rows) for name, rows in more.items()})
