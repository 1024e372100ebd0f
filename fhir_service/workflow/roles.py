"""A role holds towards a person only where there is a relation to them (SR-27, workflow.md 1).

Who coordinates for one person may be a member of the team of another: a teacher with the role `coordinator` at the
school. So whoever does not handle the case of this person writes as any service does, whatever they call themselves.
"""

from collections.abc import Sequence
from dataclasses import replace

from msgspec import structs

from fhir_service.rules import CHILDREN, Draft, Kind, code_in, kind_of, references
from fhir_service.sight import CASE, CASE_OF, LEADS, Sight
from fhir_service.workflow.known import Known
from fhir_service.workflow.persons import find_persons
from fhir_service.workflow.settle import Wanted
from fhir_service.workflow.versions import parse_body
from profiles import names
from profiles.resource import Resource

OF_A_RELATION = frozenset({"ke", "coordinator", "person"})
"""Roles that somebody has towards a person, and not by themselves."""
ANY_SERVICE = "service"
_TAKES = {
    Kind.PLAN: (LEADS,),
    Kind.TEAM: (LEADS,),
    Kind.CASE: (CASE, CASE_OF),
    Kind.CHILD: (CASE, CASE_OF),
    Kind.CONSENT: (CASE, CASE_OF),
}
"""What is written by them, and one of what they must be shown for it, their own where it is a mark; a need anybody
tells."""
_MAKES = (LEADS, CASE, CASE_OF)
"""The same where a plan or a team is new: who has a case makes one, if there is none (INV-01, INV-02)."""
_THEIRS = {Kind.TEAM: ("managingOrganization",), Kind.CASE: ("owner",), Kind.CHILD: ("owner", "requester")}
"""Elements that make somebody's what is there already, also when it has ended."""
_TYPES = ("CarePlan", "CareTeam", "Task")


async def as_related(known: Known, wanted: Sequence[Wanted], base_url: str) -> Sequence[Wanted]:
    """What is wanted, each draft in the role that its caller has towards the person that it is about."""
    asked = [w.draft for w in wanted if _needs_relation(w.draft)]
    if known.access.condition is None or not asked:
        return wanted
    stored = {w.draft.reference: w.stored for w in wanted if w.stored}
    persons = (await find_persons(known, [w.draft for w in wanted], stored, base_url)).of
    about = {draft.reference: persons.get(draft.reference) for draft in asked}
    sights = await known.sights(sorted({p for p in about.values() if p}), known.access)
    unrelated = {d.reference: p for d in asked if (p := about[d.reference]) and not _is_related(d, sights.get(p))}
    strange = {person for person in set(unrelated.values()) if await _has_somebody(known, person)}
    return [_as_service(w) if unrelated.get(w.draft.reference) in strange else w for w in wanted]


def _needs_relation(draft: Draft) -> bool:
    return draft.by.acts_as in OF_A_RELATION and not _kinds(draft).isdisjoint(_TAKES)


def _is_related(draft: Draft, sight: Sight | None) -> bool:
    return all(_shows(draft, kind, sight) or _is_theirs(draft, kind) for kind in _kinds(draft) if kind in _TAKES)


def _shows(draft: Draft, kind: Kind, sight: Sight | None) -> bool:
    takes = _MAKES if draft.before is None and kind in (Kind.PLAN, Kind.TEAM) else _TAKES[kind]
    own = draft.by.organization or ""
    return sight is not None and sight.shows(CASE_OF + own if label == CASE_OF else label for label in takes)


def _is_theirs(draft: Draft, kind: Kind) -> bool:
    """Whether it was theirs before. A new Task that needs neither case nor plan is, when it is asked for in their own
    name: so a plan is asked for that is elsewhere (workflow.md 4.10)."""
    was = draft.before or {}
    if draft.before is None and kind is Kind.CHILD and _stands_alone(draft.after or {}):
        was = {"requester": (draft.after or {}).get("requester")}
    own = draft.by.organization
    return own is not None and any(own in references(was.get(element)) for element in _THEIRS.get(kind, ()))


def _stands_alone(task: Resource) -> bool:
    child = CHILDREN.get(code_in(task.get("code"), names.KE_TASK_CODE) or "")
    return child is not None and child.alone


def _kinds(draft: Draft) -> set[Kind | None]:
    return {kind_of(draft.before), kind_of(draft.after)}


async def _has_somebody(known: Known, person: str) -> bool:
    """Whether there is a case, a team or a plan: before that nobody is responsible, and a consent may come first."""
    rows = await known.of_persons([person], _TYPES)
    return any(kind_of(parse_body(row.body)) in _TAKES for row in rows if not row.deleted)


def _as_service(wanted: Wanted) -> Wanted:
    by = replace(wanted.draft.by, role=ANY_SERVICE)
    return structs.replace(wanted, draft=structs.replace(wanted.draft, by=by))
