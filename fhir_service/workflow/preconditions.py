"""On which versions a write depends, and what a client is told that comes too late (workflow.md 7.1 and 7.2).

Nothing is merged in silence: a 412 names the current version and the elements that both changed, and says whether the
two changes can be merged at all. All of it is worked out from what the caller sees (SR-28).
"""

from collections.abc import Callable

from fhir_service.access.marks import mark_of, unmarked
from fhir_service.resources import resource_type
from fhir_service.rules import Kind, carried_over, kind_of, references
from fhir_service.storage.port import Stored
from fhir_service.workflow.known import Known
from fhir_service.workflow.request import ANY_VERSION, WriteRequest
from fhir_service.workflow.shown import shown_in
from fhir_service.workflow.versions import parse_body
from profiles.issues import Issue, error
from profiles.resource import Resource

_BOTH = "This was changed both by you and since the version that If-Match names"
_CONFLICT = "mergeable=false: both changed the same elements"
_MERGEABLE = "mergeable=true: the two changes are to different elements; read it again and make yours to that"


async def precondition(
    known: Known, request: WriteRequest, current: Stored | None, before: Resource | None
) -> tuple[Issue, ...]:
    """What keeps a request from being done to this version. `current`: what stands now, `before`: the same, parsed."""
    issue = _of_headers(request, current)
    if issue is not None:
        return (issue,)
    unconditional = request.method in ("update", "patch") and not request.if_match  # any version is none that was read
    if unconditional and current and before and await _guarded(known, current, before):
        text = f'This resource is only changed with If-Match; the current version is W/"{current.version}"'
        return (error("version-required", request.rtype, text),)
    return ()


async def _guarded(known: Known, current: Stored, before: Resource) -> bool:
    """Whether decision 9 asks for If-Match. That a Goal is one of a plan is said by itself or by the plan."""
    if resource_type(current.rtype).guarded(before):
        return True
    if current.rtype != "Goal" or current.person_id is None:
        return False
    rows = await known.of_persons([current.person_id], ("CarePlan",))
    plans = (parse_body(row.body) for row in rows if not row.deleted)
    return any(f"Goal/{current.rid}" in references(p.get("goal")) for p in plans if kind_of(p) is Kind.PLAN)


def _of_headers(request: WriteRequest, current: Stored | None) -> Issue | None:
    """If-Match and If-None-Match.  RFC 9110 13.1"""
    wanted, unwanted = request.if_match, request.if_none_match
    if wanted is not None and (current is None or wanted not in (ANY_VERSION, current.version)):
        now = f"the current version is {current.version}" if current else "there is no current version"
        named = f"version {wanted}" if wanted else "any version"
        return error("stale-version", request.rtype, f"If-Match names {named}, but {now}")
    if unwanted is not None and current is not None and (not unwanted or current.version in unwanted):
        text = f"If-None-Match rules out what is there, version {current.version}"
        return error("stale-version", request.rtype, text)
    return None


async def told_when_stale(
    known: Known,
    request: WriteRequest,
    current: Stored | None,
    issues: tuple[Issue, ...],
    mine: Callable[[Resource], Resource | None],
) -> tuple[Issue, ...]:
    """The issues of `precondition`, and for a change made to an earlier version what has become of it meanwhile.

    `mine`: from the version that the client changed to what it makes of it, None where that cannot be said.
    """
    if current is None or not request.if_match or request.if_match >= current.version:
        return issues
    earlier = await known.vread(request.rtype, current.rid, request.if_match)
    if earlier is None or earlier.deleted:
        return issues
    now = parse_body(current.body)
    base = await shown_in(known, earlier, parse_body(earlier.body), now)
    wanted = mine(base)
    if wanted is None or mark_of(wanted) not in (None, mark_of(base)):
        return issues
    theirs = await shown_in(known, current, now)
    carried = carried_over(unmarked(base), unmarked(wanted), unmarked(theirs))
    return _explained(issues[0], tuple(dict.fromkeys(conflict.path for conflict in carried.conflicts)))


def _explained(issue: Issue, conflicting: tuple[str, ...]) -> tuple[Issue, ...]:
    """The issue with whether the changes can be merged, and one for each path that both changed."""
    text = f"{issue.text}; {_CONFLICT if conflicting else _MERGEABLE}"
    return (error(issue.code, issue.at, text), *(error(issue.code, path, _BOTH) for path in conflicting))
