"""One interaction that writes, within a unit of work: from what is asked for to drafts, and to what was done.

https://hl7.org/fhir/R4/http.html  What it is done to is found inside the transaction: by id, or by criteria that match
one resource (a conditional create, update, patch or delete; several for a delete).
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

import msgspec
from msgspec import structs

from fhir_service.access.marks import unmarked
from fhir_service.access.through import Through, written_through
from fhir_service.principal import Principal
from fhir_service.rules import Draft
from fhir_service.storage.port import Stored, Write
from fhir_service.workflow.known import Known
from fhir_service.workflow.preconditions import precondition, told_when_stale
from fhir_service.workflow.request import Refused, WriteRequest, Written
from fhir_service.workflow.settle import Wanted
from fhir_service.workflow.shown import shown_in
from fhir_service.workflow.together import Agreed, id_taken
from fhir_service.workflow.versions import parse_body, tail_of
from profiles.issues import Issue, error
from profiles.resource import Resource
from profiles.validate import check

MAX_DEPTH = 100
"""Levels that a resource may be nested (SR-8); what a client sends is counted before it is parsed."""
MOST_DELETED = 100
"""Resources that one conditional delete may delete; where criteria match more, it deletes none."""


class Intended(msgspec.Struct, frozen=True):
    """What a request comes to. `wanted`: what is to be written; none: `answer` tells what there is."""

    request: WriteRequest
    wanted: tuple[Wanted, ...] = ()
    answer: Written | None = None


class _Asked(msgspec.Struct, frozen=True):
    """A request with all that it needs to be understood. `rid`: the id of what it makes, if it makes something."""

    known: Known
    request: WriteRequest
    by: Principal
    rid: str


async def intended(known: Known, request: WriteRequest, by: Principal, rid: str) -> Intended | Refused:
    """What the request comes to as the transaction sees it. `rid`: the id for what is new."""
    return await _METHODS[request.method](_Asked(known, request, by, rid))


async def _create(asked: _Asked) -> Intended | Refused:
    request = asked.request
    if request.criteria is not None:
        found = await _matching(asked, most=1)
        if isinstance(found, Refused):
            return found
        if found:
            return Intended(request, answer=existing(found[0]))
    return await _changed(asked, asked.rid, None, request.resource)


def existing(one: Stored) -> Written:
    """The answer to a conditional create of what is there."""
    return Written(200, one.rtype, one.rid, one.version, one.updated, one.body, person_id=one.person_id)


async def _matching(asked: _Asked, most: int) -> tuple[Stored, ...] | Refused:
    """The resources that the criteria match, if they are not too many."""
    request = asked.request
    assert request.criteria is not None  # noqa: S101 - only asked for where there are some
    found = await asked.known.matches(replace(request.criteria, count=most + 1, total=False))
    if len(found) <= most:
        return found
    at_most = "one resource" if most == 1 else f"{most} resources"
    text = f"The criteria match more than {at_most}: nothing was done"
    return Refused((error("multiple-matches", request.rtype, text),))


async def _target(asked: _Asked) -> Stored | Refused | None:
    """The one resource that the request is about, also when it is deleted; None where there is none."""
    request = asked.request
    if request.criteria is None:
        return await _seen(asked, request.rid or "")
    found = await _matching(asked, most=1)
    return found if isinstance(found, Refused) else next(iter(found), None)


async def _seen(asked: _Asked, rid: str) -> Stored | None:
    """The resource of an id, also when it is deleted; None as well where the caller may not see it (SR-29)."""
    rtype = asked.request.rtype
    stored = await asked.known.get(rtype, rid)
    return None if stored is None or await asked.known.hidden([(rtype, rid)]) else stored


async def _update(asked: _Asked) -> Intended | Refused:
    request, stored = asked.request, await _target(asked)
    if isinstance(stored, Refused):
        return stored
    own = (request.resource or {}).get("id")
    if request.criteria is None:
        intent = await _changed(asked, request.rid or "", stored, request.resource)
        if stored is None and await asked.known.get(request.rtype, request.rid or "") is not None:
            return _of_hidden(intent)
        return intent
    if stored is not None:
        if own not in (None, stored.rid):
            text = f"The criteria match {stored.rtype}/{stored.rid}, but the resource has another id"
            return Refused((error("id-mismatch", f"{request.rtype}.id", text),))
        return await _changed(asked, stored.rid, stored, request.resource)
    if own is None:
        return await _changed(asked, asked.rid, None, request.resource)
    other = await asked.known.get(request.rtype, own)
    if other is not None and (not other.deleted or await _seen(asked, own) is None):
        return _taken(request)
    return await _changed(asked, own, other, request.resource)


def _taken(request: WriteRequest) -> Refused:
    """An id cannot be given twice, also where the caller does not see who has it."""
    return Refused((id_taken(request.rtype),))


def _of_hidden(intent: Intended | Refused) -> Intended | Refused:
    """The same for what the caller does not see: judged like what is new, and refused in the end."""
    if isinstance(intent, Refused):
        return intent
    return structs.replace(intent, wanted=tuple(structs.replace(one, taken=True) for one in intent.wanted))


async def _patch(asked: _Asked) -> Intended | Refused:
    request, stored = asked.request, await _target(asked)
    if isinstance(stored, Refused):
        return stored
    if stored is None or stored.deleted:
        issues = await precondition(asked.known, request, None, None)
        nothing = error("deleted" if stored else "not-found", request.rtype, "There is nothing to patch")
        return Refused(issues or (nothing,))
    before = parse_body(stored.body)

    def patched(version: Resource) -> Resource | None:
        made = _patched(request, stored.rid, version)
        return None if isinstance(made, Refused) else made

    issues = await precondition(asked.known, request, stored, before)
    if issues:
        return Refused(await told_when_stale(asked.known, request, stored, issues, patched))
    seen = await shown_in(asked.known, stored, before)
    wanted = _patched(request, stored.rid, seen)
    if isinstance(wanted, Refused):
        return wanted
    return _through(asked, stored, seen, before, wanted)


def _patched(request: WriteRequest, rid: str, before: Resource) -> Resource | Refused:
    """`before` with the patch applied and checked.  https://hl7.org/fhir/R4/http.html#patch"""
    assert request.patch is not None  # noqa: S101 - a request of this method has one
    too_deep = error("too-deep", request.rtype, f"The patched resource is nested deeper than {MAX_DEPTH}")
    try:
        after = request.patch(before)
    except RecursionError:  # patches can build what no body may be
        return Refused((too_deep,))
    if isinstance(after, Issue):
        return Refused((after if after.at else replace(after, at=request.rtype),))
    if (after.get("resourceType"), after.get("id")) != (request.rtype, rid):
        return Refused((error("bad-patch", request.rtype, "A patch may not change resourceType or id"),))
    if depth(after) > MAX_DEPTH:
        return Refused((too_deep,))
    issues = tuple(i for i in check(after, request.rtype) if i.refuses)
    return Refused(issues) if issues else after


def depth(value: object) -> int:
    """Levels of nesting, counted without recursion (SR-16)."""
    levels, level = 0, [value]
    while level:
        inner = [v.values() if isinstance(v, dict) else v for v in level if isinstance(v, dict | list)]
        level = [item for values in inner for item in values]
        levels += bool(inner)
    return levels


async def _delete(asked: _Asked) -> Intended | Refused:
    request, known = asked.request, asked.known
    if request.criteria is None:
        stored = await _seen(asked, request.rid or "")
        found: tuple[Stored, ...] = (stored,) if stored else ()
    else:
        matched = await _matching(asked, most=MOST_DELETED)
        if isinstance(matched, Refused):
            return matched
        found = matched
    current = [stored for stored in found if not stored.deleted]
    if not current or request.if_match is not None:
        issues = await precondition(known, request, current[0] if current else None, None)
        if issues:
            return Refused(issues)
    if not current:
        rid = request.rid or ""
        return Intended(request, answer=Written(204, request.rtype, rid, 0, known.now, b"", many=0))
    drafts = (Draft(s.rtype, s.rid, None, parse_body(s.body), asked.by) for s in current)
    return Intended(request, tuple(Wanted(d, s) for d, s in zip(drafts, current, strict=True)))


async def _changed(asked: _Asked, rid: str, stored: Stored | None, after: Resource | None) -> Intended | Refused:
    """A resource as the client sent it, in the place of what is stored."""
    request, wanted = asked.request, after or {}
    current = stored if stored and not stored.deleted else None
    before = parse_body(current.body) if current else None
    issues = await precondition(asked.known, request, current, before) if request.method == "update" else ()
    if issues:
        return Refused(await told_when_stale(asked.known, request, current, issues, lambda _: wanted))
    if current is None or before is None:
        return _drafted(asked, rid, stored, None, Through(unmarked(wanted)))
    return _through(asked, current, await shown_in(asked.known, current, before), before, wanted)


def _through(asked: _Asked, stored: Stored, seen: Resource, before: Resource, wanted: Resource) -> Intended | Refused:
    """What the client makes of what it sees of a resource (workflow.md 7.5)."""
    through = written_through(before, seen, wanted)
    if isinstance(through, Issue):
        return Refused((through,))
    return _drafted(asked, stored.rid, stored, before, through)


def _drafted(asked: _Asked, rid: str, stored: Stored | None, before: Resource | None, made: Through) -> Intended:
    after = made.resource
    named = after if after.get("id") == rid else {**after, "id": rid}
    draft = Draft(asked.request.rtype, rid, named, before, asked.by, view=made.view)
    return Intended(asked.request, (Wanted(draft, stored, tail_of(named), conflicts=made.conflicts),))


_METHODS: Mapping[str, Callable[[_Asked], Awaitable[Intended | Refused]]] = {
    "create": _create,
    "update": _update,
    "patch": _patch,
    "delete": _delete,
}


def answers(intents: Mapping[int, Intended], agreed: Agreed) -> Mapping[int, Written]:
    """What was done for each request; `agreed`: all of them together."""
    writes = {(w.rtype, w.rid): w for w in agreed.changes.writes}
    beside: defaultdict[str, list[Issue]] = defaultdict(list)
    for blamed in agreed.beside:
        beside[blamed.reference].append(blamed.issue)
    return {index: intent.answer or _answer(intent, writes, beside) for index, intent in intents.items()}


def _answer(
    intent: Intended, writes: Mapping[tuple[str, str], Write], beside: Mapping[str, Sequence[Issue]]
) -> Written:
    draft = intent.wanted[0].draft
    own = writes[draft.rtype, draft.rid]
    status = 204 if own.resource is None else (200 if draft.before is not None else 201)
    told = dict.fromkeys(issue for w in intent.wanted for issue in beside.get(w.draft.reference, ()))
    many = len(intent.wanted)
    return Written(status, own.rtype, own.rid, own.version, own.updated, own.body, many, tuple(told), own.person_id)
