"""What an operation does about one resource: several writes of plain REST in one unit of work (workflow.md 6).

The operation only says which writes; the rules judge them and bring what follows, as if they had come one by one.
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import msgspec
from msgspec import structs

from fhir_service.principal import Principal
from fhir_service.rules import STANDING_TYPES, Context, Draft, Standing
from fhir_service.storage.access import access_of
from fhir_service.storage.instants import micros
from fhir_service.storage.port import NOTHING, Changes, Reads, Stored, Work, Write
from fhir_service.workflow.ids import new_id
from fhir_service.workflow.interaction import Intended, intended
from fhir_service.workflow.known import Known
from fhir_service.workflow.preconditions import precondition, told_when_stale
from fhir_service.workflow.request import Refused, WriteRequest
from fhir_service.workflow.settle import Ground, Wanted
from fhir_service.workflow.shown import shown_in
from fhir_service.workflow.together import Agreed, together
from fhir_service.workflow.versions import parse_body, tail_of
from profiles.issues import Issue, error
from profiles.resource import Resource
from profiles.validate import check

MOST = 2
"""New resources that an operation writes itself."""
BESIDE = frozenset({"Provenance", "AuditEvent"})
"""What is recorded about a change is no part of what has changed."""


class CalledOn(msgspec.Struct, frozen=True):
    """The resource that an operation is called on, and the version that its caller has read."""

    rtype: str
    rid: str
    if_match: int | None = None
    if_none_match: tuple[int, ...] | None = None


class Scene(msgspec.Struct, frozen=True):
    """What there is when the operation is done. `resource`: as the caller sees it, in this `version`; `standing`:
    all of the person's; `ids`: for what is new."""

    resource: Resource
    version: int
    standing: Standing
    context: Context
    by: Principal
    ids: tuple[str, ...]


Compose: TypeAlias = Callable[[Scene], Sequence[WriteRequest] | Issue]
"""Which writes, in their order; or why none. A resource may be written more than once: then only its end is stored."""


def composed(on: CalledOn, compose: Compose, by: Principal, ground: Ground) -> Work[tuple[Stored, ...] | Refused]:
    """The unit of work; it answers with everything that has changed."""
    ids = tuple(new_id() for _ in range(MOST))

    async def work(tx: Reads) -> tuple[tuple[Stored, ...] | Refused, Changes]:
        known = Known(tx, access_of(by, tx.now))
        scene = await _scene(known, on, by, ground, ids)
        requests = scene if isinstance(scene, Refused) else compose(scene)
        if isinstance(requests, Issue):
            requests = Refused((requests,))
        wanted = requests if isinstance(requests, Refused) else await _wanted(known, requests, by)
        if isinstance(wanted, Refused):
            return wanted, NOTHING
        agreed = await together(known, wanted, ground)
        if not isinstance(agreed, Agreed):
            return Refused(tuple(dict.fromkeys(b.issue for b in agreed.blamed)), agreed.notices), NOTHING
        changed = tuple(_stored(w) for w in agreed.changes.writes if w.rtype not in BESIDE)
        return changed, agreed.changes

    return work


async def _scene(known: Known, on: CalledOn, by: Principal, ground: Ground, ids: tuple[str, ...]) -> Scene | Refused:
    """What is called on, when the caller may see it and has read the version there is (428, 412)."""
    stored = await known.get(on.rtype, on.rid)
    if stored is None or await known.hidden([(on.rtype, on.rid)]):
        return Refused((error("not-found", on.rtype, "There is no such resource"),))
    if stored.deleted:
        return Refused((error("deleted", on.rtype, "This resource is deleted"),))
    before = parse_body(stored.body)
    asked = WriteRequest("patch", on.rtype, on.rid, if_match=on.if_match, if_none_match=on.if_none_match)
    issues = await precondition(known, asked, stored, before)
    if issues:
        return Refused(await told_when_stale(known, asked, stored, issues, lambda _: None))
    rows = await known.of_persons([stored.person_id], STANDING_TYPES) if stored.person_id else ()
    standing = Standing(stored.person_id, {f"{r.rtype}/{r.rid}": parse_body(r.body) for r in rows})
    seen = await shown_in(known, stored, before)
    return Scene(seen, stored.version, standing, ground.context(known.now), by, ids)


async def _wanted(known: Known, requests: Sequence[WriteRequest], by: Principal) -> tuple[Wanted, ...] | Refused:
    """The drafts; a later one begins where an earlier one of the same resource ends. Each names its resource."""
    drafted: dict[str, Wanted] = {}
    wanted: list[Wanted] = []
    for request in requests:
        wrong = tuple(i for i in check(request.resource or {}, request.rtype) if i.refuses) if request.resource else ()
        if wrong:
            return Refused(wrong)
        earlier = drafted.get(f"{request.rtype}/{request.rid}")
        found = _further(earlier, request, by) if earlier else await intended(known, request, by, request.rid or "")
        if isinstance(found, Refused):
            return found
        for one in found.wanted:
            drafted[one.draft.reference] = one
            wanted.append(one)
    return tuple(wanted)


def _further(earlier: Wanted, request: WriteRequest, by: Principal) -> Intended:
    """A step from what an earlier one has made."""
    after = request.resource
    assert after is not None  # noqa: S101 - operations patch only what is stored
    draft = Draft(request.rtype, earlier.draft.rid, after, earlier.draft.after, by)
    return Intended(request, (structs.replace(earlier, draft=draft, tail=tail_of(after)),))


def _stored(write: Write) -> Stored:
    at, gone = micros(write.updated), write.resource is None
    return Stored(write.rtype, write.rid, write.version, at, write.body, gone, write.person_id, {})
