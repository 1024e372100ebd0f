"""Drafts that clients ask for, all the way to what is written: links, references, rules.

Everything that is wrong is told at once; but who may not write learns nothing of what is there or not (SR-29).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec import structs

from fhir_service.rules import NOT_ALLOWED, Change, Draft, Standing, followed, who_may_write
from fhir_service.storage.port import Changes
from fhir_service.workflow.entries import not_theirs_to_change
from fhir_service.workflow.integrity import broken
from fhir_service.workflow.known import Known
from fhir_service.workflow.links import NOWHERE, Places, linked
from fhir_service.workflow.own_definitions import unchangeable
from fhir_service.workflow.profiles import unconforming
from fhir_service.workflow.relations import disputes, told_of_duplicates, unrelated
from fhir_service.workflow.request import Notice
from fhir_service.workflow.roles import as_related
from fhir_service.workflow.settle import Ground, Wanted, settle
from fhir_service.workflow.stays import not_their_stay
from fhir_service.workflow.trace import provenance_of_rest
from fhir_service.workflow.workplaces import not_theirs_to_tell
from profiles.issues import Issue, error

FIRST = NOT_ALLOWED | {"duplicate-plan", "second-coordinator", "not-deletable"}
"""Access, INV-01 and INV-02 come before the other guards: what else is wrong is not told beside (workflow.md 8), nor is
what refers to a thing that is never deleted.
"""

DANGLING = "dangling-reference"
"""Whoever does not see what they name is told so before any rule is asked: rules look at what is hidden, too."""


@dataclass(frozen=True, slots=True)
class Blamed:
    """An issue, and `Type/id` of the draft that it is about; empty where it is about none by itself."""

    issue: Issue
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Agreed:
    """All that is to be written, and what those who asked for it are told beside: nothing that refuses it."""

    changes: Changes
    beside: tuple[Blamed, ...] = ()


@dataclass(frozen=True, slots=True)
class Disagreed:
    """Why nothing is to be written, and what the koordinerende enhet is told of it."""

    blamed: tuple[Blamed, ...]
    notices: tuple[Notice, ...] = ()


async def together(
    known: Known, wanted: Sequence[Wanted], ground: Ground, places: Places = NOWHERE
) -> Agreed | Disagreed:
    """What is to be done, or why nothing is."""
    found = await linked(known, wanted, places, ground.base_url)
    if found.issues:
        return Disagreed(_of_drafts(found.issues))
    wanted = found.wanted
    barred, notices = await unrelated(known, wanted, ground.base_url)
    barred += await not_theirs_to_change(known, wanted, ground.base_url)
    barred += await not_their_stay(known, wanted, ground.base_url)
    if barred:
        return Disagreed(_of_drafts(barred), notices)
    dangling = await broken(known, wanted, ground.base_url) if ground.referential_integrity else ()
    if known.access.condition is not None and any(issue.code == DANGLING for _, issue in dangling):
        return Disagreed(_of_drafts(_of_no_role(known, wanted, ground) or dangling))
    wanted = [_followed(one) for one in await as_related(known, wanted, ground.base_url)]
    wrong = _of_drafts([(w.draft, id_taken(w.draft.rtype)) for w in wanted if w.taken]) + _of_drafts(dangling)
    wrong += _of_drafts([(w.draft, issue) for w in wanted for issue in w.conflicts])
    wrong += _of_drafts(unchangeable(wanted))
    wrong += _of_drafts(not_theirs_to_tell(wanted, ground.base_url))
    wrong += _of_drafts(await unconforming(known, wanted, ground.profiles))
    settlement = await settle(known, wanted, ground)
    told = tuple(Blamed(issue, r) for issue in settlement.issues for r in settlement.blamed.get(issue, ("",)))
    if settlement.refused:
        told, notices = await _of_duplicates(known, told, wanted, ground)
        notices += disputes(known, settlement.disputed)
        return Disagreed(told if any(b.issue.code in FIRST for b in told) else (*told, *wrong), notices)
    if wrong:
        return Disagreed(wrong)
    return Agreed(provenance_of_rest(settlement, [w.draft for w in wanted], known.now), told)


def _followed(one: Wanted) -> Wanted:
    """With the business status of the step that a case takes, where its author does not say it."""
    if one.draft.after is None or one.draft.rtype != "Task":
        return one
    after = followed(one.draft.before, one.draft.after)
    if after is one.draft.after:
        return one
    return structs.replace(one, draft=structs.replace(one.draft, after=after), tail=None)


def _of_no_role(known: Known, wanted: Sequence[Wanted], ground: Ground) -> list[tuple[Draft, Issue]]:
    """What no role that its author claims does, whoever it is about: nobody is told of anything that they name."""
    context = ground.context(known.now)
    changes = (Change(w.draft, Standing(None, {}), context) for w in wanted)
    return [(change.draft, issue) for change in changes for issue in who_may_write.check(change)]


def id_taken(rtype: str) -> Issue:
    """An id cannot be given twice."""
    text = "What is asked for is not there, but the id of the resource belongs to another one"
    return error("id-taken", f"{rtype}.id", text)


def _of_drafts(found: Sequence[tuple[Draft, Issue]]) -> tuple[Blamed, ...]:
    return tuple(Blamed(issue, draft.reference) for draft, issue in found)


async def _of_duplicates(
    known: Known, told: tuple[Blamed, ...], wanted: Sequence[Wanted], ground: Ground
) -> tuple[tuple[Blamed, ...], tuple[Notice, ...]]:
    pairs = [(blamed.issue, blamed.reference) for blamed in told]
    known_of, notices = await told_of_duplicates(known, pairs, wanted, ground.base_url)
    return tuple(Blamed(issue, reference) for issue, reference in known_of), notices
