"""A transaction: all that a Bundle asks for, or nothing.  https://hl7.org/fhir/R4/http.html#transaction

Its entries are understood in the order of the specification, whatever order they came in: DELETE, POST, PUT and PATCH.
Then the links among them become addresses, the rules judge the end state, and everything is written at once.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from fhir_service.principal import Principal
from fhir_service.storage.access import access_of
from fhir_service.storage.criteria_locks import spelled
from fhir_service.storage.port import NOTHING, Changes, Reads, Work
from fhir_service.workflow.ids import new_id
from fhir_service.workflow.interaction import Intended, answers, intended
from fhir_service.workflow.known import Known
from fhir_service.workflow.links import Places
from fhir_service.workflow.overlaps import MAKING, overlapping
from fhir_service.workflow.request import Refused, WriteRequest, Written
from fhir_service.workflow.settle import Ground, Wanted
from fhir_service.workflow.together import Agreed, Disagreed, together
from profiles.issues import Issue, error

_ORDER = {"delete": 0, "create": 1, "update": 2, "patch": 2}
_SAME = "Another entry is about the same resource: in a transaction each is there once at most"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry that writes. `index`: its place in the Bundle."""

    index: int
    request: WriteRequest
    full_url: str = ""


Answers: TypeAlias = Mapping[int, Written]
"""By the index of the entry."""


def placed(index: int, issue: Issue) -> Issue:
    """An issue with the entry it is about before its place."""
    place = f"Bundle.entry[{index}]"
    return replace(issue, at=f"{place}.resource.{_below(issue.at)}" if _below(issue.at) else place)


def _below(at: str) -> str:
    """The path below the resource: `CarePlan.status` -> `status`."""
    return at.partition(".")[2]


def transact(entries: Sequence[Entry], by: Principal, ground: Ground) -> Work[Answers | Refused]:
    """The unit of work for all entries, to be run by `Repository.run`."""
    ids = {entry.index: new_id() for entry in entries}

    async def work(tx: Reads) -> tuple[Answers | Refused, Changes]:
        known = Known(tx, access_of(by, tx.now))
        intents = await _intents(known, entries, ids, by)
        if not isinstance(intents, Refused):
            intents = _apart(intents, ground.base_url)
        if isinstance(intents, Refused):
            return intents, NOTHING
        return await _done(known, _Whole(entries, intents, ground))

    return work


async def _intents(
    known: Known, entries: Sequence[Entry], ids: Mapping[int, str], by: Principal
) -> Mapping[int, Intended] | Refused:
    """What each entry comes to, by index, or everything that is wrong with any. `ids`: those for what is new."""
    await known.get_many([(e.request.rtype, e.request.rid) for e in entries if e.request.rid])
    intents: dict[int, Intended] = {}
    issues: list[Issue] = []
    for entry in sorted(entries, key=lambda e: _ORDER[e.request.method]):
        found = await intended(known, entry.request, by, ids[entry.index])
        if isinstance(found, Refused):
            issues.extend(placed(entry.index, issue) for issue in found.issues)
        else:
            intents[entry.index] = found
    issues.extend(_twice(entries, intents))
    return Refused(tuple(issues)) if issues else intents


def _apart(intents: Mapping[int, Intended], base_url: str) -> Mapping[int, Intended] | Refused:
    """The same, unless the criteria of one match what another one writes."""
    issues = [placed(index, error("entry-twice", "", _SAME)) for index in overlapping(intents, base_url)]
    return Refused(tuple(issues)) if issues else intents


def _twice(entries: Iterable[Entry], intents: Mapping[int, Intended]) -> Iterable[Issue]:
    """Nothing may be there twice, by whatever road it was found."""
    seen: set[object] = set()
    for entry in entries:
        intent = intents.get(entry.index)
        if intent is None:
            continue
        names = _identities(entry, intent)
        if not seen.isdisjoint(names):
            yield placed(entry.index, error("entry-twice", "", _SAME))
        seen.update(names)


def _identities(entry: Entry, intent: Intended) -> set[object]:
    """What an entry is about. Criteria without a match are an identity, too: twice, they would make two of one."""
    request, answer = entry.request, intent.answer
    names: set[object] = {(w.draft.rtype, w.draft.rid) for w in intent.wanted}
    if answer is not None and answer.rid:  # also one whose delete finds nothing to delete
        names.add((answer.rtype, answer.rid))
    if request.criteria is not None and request.method in MAKING:
        names.add((request.rtype, spelled(request.criteria)))
    return names


@dataclass(frozen=True, slots=True)
class _Whole:
    """A transaction whose entries are understood."""

    entries: Sequence[Entry]
    intents: Mapping[int, Intended]
    ground: Ground

    @property
    def wanted(self) -> list[Wanted]:
        """All drafts, in the order of the entries."""
        return [wanted for entry in self.entries for wanted in self.intents[entry.index].wanted]

    def places(self) -> Places:
        """Where the full URLs of the entries lead to after the transaction."""
        of: dict[str, str] = {}
        urls: dict[str, str] = {}
        for entry in self.entries:
            intent = self.intents[entry.index]
            if not entry.full_url:
                continue
            place = _place(intent)
            urls[place] = entry.full_url
            if entry.full_url != f"{self.ground.base_url}/{place}":
                of[entry.full_url] = place
        return Places(of, urls)

    def refused(self, why: Disagreed) -> Refused:
        """The issues at the entries whose drafts they are about."""
        index = {w.draft.reference: i for i, intent in self.intents.items() for w in intent.wanted}
        issues = (placed(index[b.reference], b.issue) if b.reference in index else b.issue for b in why.blamed)
        return Refused(tuple(issues), why.notices)


def _place(intent: Intended) -> str:
    if intent.wanted:
        return intent.wanted[0].draft.reference
    answer = intent.answer
    return f"{answer.rtype}/{answer.rid}" if answer else ""


async def _done(known: Known, whole: _Whole) -> tuple[Answers | Refused, Changes]:
    wanted = whole.wanted
    if not wanted:
        return answers(whole.intents, Agreed(NOTHING)), NOTHING
    agreed = await together(known, wanted, whole.ground, whole.places())
    if not isinstance(agreed, Agreed):
        return whole.refused(agreed), NOTHING
    return answers(whole.intents, agreed), agreed.changes
