"""Who has no relation to a person learns nothing of their plan, not even by a conflict (SR-29, workflow.md 8).

One plan and one coordinator per person is a constraint, and a constraint answers questions: is there one? So whoever
has no relation here to the person gets the same 403 whatever there is; the koordinerende enhet gets a Task.
"""

from collections.abc import Sequence

from fhir_service.resources.care_plan import IN_FORCE
from fhir_service.rules import Draft, Kind, kind_of, may_make
from fhir_service.sight import CASE, CASE_OF, COORDINATORS, EXISTENCE, FRAME
from fhir_service.workflow.known import Known
from fhir_service.workflow.persons import Persons, find_persons
from fhir_service.workflow.request import Notice
from fhir_service.workflow.settle import Wanted
from fhir_service.workflow.versions import parse_body
from profiles.issues import Issue, error
from profiles.resource import Resource

GATED = {
    Kind.PLAN: (FRAME, EXISTENCE, CASE),
    Kind.TEAM: (FRAME, COORDINATORS, CASE),
}
"""What there is one of per person, and the labels that tell whoever sees them that there is one."""
_TEXT = (
    "Nothing gives you a relation to this person here, so you cannot make a plan or a team for them. "
    "The koordinerende enhet has been told, and will contact you"
)
_UNTOLD = (
    "This cannot be done as it is sent. Contact the koordinerende enhet of the person's municipality: it has been told"
)


async def unrelated(
    known: Known, wanted: Sequence[Wanted], base_url: str
) -> tuple[tuple[tuple[Draft, Issue], ...], tuple[Notice, ...]]:
    """The drafts that the caller has no relation for, each with the issue, and what KE is told of it."""
    asked = [w.draft for w in wanted if _is_gated(w.draft)]
    if known.access.condition is None or not asked:
        return (), ()
    persons = (await _found(known, wanted, base_url)).of
    sights = await known.sights(sorted(set(persons.values())), known.access)
    told: list[tuple[Draft, Issue]] = []
    notices: dict[Notice, None] = {}
    for draft in asked:
        person = persons.get(draft.reference)
        sight = sights.get(person) if person else None
        kind = kind_of(draft.after)
        if sight is None or kind is None or not sight.shows((*GATED[kind], CASE_OF + _who(known))):
            told.append((draft, error("no-consent", draft.rtype, _TEXT)))
            notices |= {Notice(person, _who(known), "no-relation"): None} if person else {}
    return tuple(told), tuple(notices)


async def told_of_duplicates(
    known: Known, issues: Sequence[tuple[Issue, str]], wanted: Sequence[Wanted], base_url: str
) -> tuple[list[tuple[Issue, str]], tuple[Notice, ...]]:
    """The issues, each with the reference of its draft: a second plan is told as far as the caller may know of the
    first, by its id, or by whom to ask; then KE is told."""
    if not any(issue.code == "duplicate-plan" for issue, _ in issues):
        return list(issues), ()
    found = await _found(known, wanted, base_url)
    told: list[tuple[Issue, str]] = []
    notices: dict[Notice, None] = {}
    for issue, reference in issues:
        person = found.of.get(reference)
        if issue.code == "duplicate-plan" and person:
            seen = await _plans_seen(known, found, person, reference)
            text = f"{issue.text} ({', '.join(seen)})" if seen else issue.text
            if not seen and known.access.condition is not None:
                text = _UNTOLD
                notices[Notice(person, _who(known), "duplicate-plan")] = None
            issue = error(issue.code, issue.at, text)
        told.append((issue, reference))
    return told, tuple(notices)


def disputes(known: Known, disputed: Sequence[tuple[str, ...]]) -> tuple[Notice, ...]:
    """What KE is told of persons whom a Patient says to be one: the caller learns nothing of who they are."""
    return tuple(Notice(one, _who(known), "identity-ambiguous", tuple(others)) for one, *others in disputed)


async def _plans_seen(known: Known, found: Persons, person: str, but: str) -> list[str]:
    """The plans in force of a person that the caller may see, those of others who turn out to be that one included."""
    ones = [person, *(other for other, now in found.joined.items() if now == person)]
    rows = await known.of_persons(ones, ["CarePlan"])
    plans = [(r.rtype, r.rid) for r in rows if not r.deleted and _is_in_force(parse_body(r.body))]
    hidden = await known.hidden(plans)
    return sorted("/".join(key) for key in plans if key not in hidden and "/".join(key) != but)


def _is_in_force(plan: Resource) -> bool:
    return kind_of(plan) is Kind.PLAN and plan.get("status") in IN_FORCE


def _is_gated(draft: Draft) -> bool:
    """Whether the draft makes something that there is one of per person. A role that never does hears just that."""
    kind = kind_of(draft.after)
    return kind in GATED and kind_of(draft.before) is not kind and may_make(kind, draft.by.role)


async def _found(known: Known, wanted: Sequence[Wanted], base_url: str) -> Persons:
    stored = {w.draft.reference: w.stored for w in wanted if w.stored}
    return await find_persons(known, [w.draft for w in wanted], stored, base_url)


def _who(known: Known) -> str:
    return known.access.sight.person or known.access.sight.organization or ""
