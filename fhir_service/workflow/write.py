"""One write over REST: preconditions, then `settle`.  https://hl7.org/fhir/R4/http.html"""

import copy
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

import jsonpatch

from fhir_service.principal import Principal
from fhir_service.resources import resource_type
from fhir_service.rules import Draft
from fhir_service.search.query import SearchQuery
from fhir_service.storage.port import NOTHING, Changes, Reads, Stored, Work, Write
from fhir_service.workflow.settle import Ground, Wanted, settle
from fhir_service.workflow.trace import provenance_of_rest
from fhir_service.workflow.versions import parse_body
from profiles.issues import Issue, error
from profiles.resource import Resource
from profiles.validate import check

MAX_DEPTH = 100
"""Levels that a resource may be nested (SR-8); what a client sends is counted before it is parsed."""


@dataclass(frozen=True, slots=True)
class WriteRequest:
    """What a client asks for. `method`: `create`, `update`, `patch` or `delete`.

    `resource` has already passed `profiles.validate.check`; `patch` is a JSON Patch (RFC 6902), decoded;
    `if_none_exist` makes a create conditional.
    """

    method: str
    rtype: str
    rid: str | None = None
    resource: Resource | None = None
    patch: list[Resource] | None = None
    if_match: int | None = None
    if_none_exist: SearchQuery | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """What was done: `status` 200, 201 or 204; `body` is empty for 204."""

    status: int
    rtype: str
    rid: str
    version: int
    updated: datetime
    body: bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """Why nothing was done."""

    issues: tuple[Issue, ...]


def write(request: WriteRequest, by: Principal, ground: Ground) -> Work[Written | Refused]:
    """The unit of work for `request`, to be run by `Repository.run` (decision 31)."""

    async def work(tx: Reads) -> tuple[Written | Refused, Changes]:
        if request.method == "create" and request.if_none_exist is not None:
            found = await tx.matches(request.if_none_exist)
            if found:
                return _existing(request, found), NOTHING
        stored = await tx.get(request.rtype, request.rid) if request.rid else None
        current = stored if stored and not stored.deleted else None
        issues = _precondition(request, current, stored)
        if issues:
            return Refused(issues), NOTHING
        if request.method == "delete" and current is None:
            return Written(204, request.rtype, request.rid or "", 0, tx.now, b""), NOTHING
        after = _after(request, current)
        if isinstance(after, Refused):
            return after, NOTHING
        return await _do(tx, Wanted(_draft(request, current, after, by), stored), ground)

    return work


def _existing(request: WriteRequest, found: tuple[Stored, ...]) -> Written | Refused:
    if len(found) > 1:
        text = "If-None-Exist matches more than one resource"
        return Refused((error("multiple-matches", request.rtype, text),))
    one = found[0]
    return Written(200, one.rtype, one.rid, one.version, one.updated, one.body)


def _precondition(request: WriteRequest, current: Stored | None, last: Stored | None) -> tuple[Issue, ...]:
    """`current`: what stands now; `last`: the same, or its deletion."""
    if request.if_match is not None and (current is None or current.version != request.if_match):
        now = f"the current version is {current.version}" if current else "there is no current version"
        return (error("stale-version", request.rtype, f"If-Match names version {request.if_match}, but {now}"),)
    if request.method == "patch" and current is None:
        return (error("deleted" if last else "not-found", request.rtype, "There is nothing under this id to patch"),)
    unconditional = request.method in ("update", "patch") and request.if_match is None
    if unconditional and current and resource_type(request.rtype).guarded(parse_body(current.body)):
        text = f'This resource is only changed with If-Match; the current version is W/"{current.version}"'
        return (error("version-required", request.rtype, text),)
    return ()


def _after(request: WriteRequest, current: Stored | None) -> Resource | Refused | None:
    if request.method == "delete":
        return None
    if request.method != "patch":
        return request.resource
    assert current is not None  # noqa: S101 - _precondition has refused the other case
    return _patched(request, parse_body(current.body))


def _patched(request: WriteRequest, before: Resource) -> Resource | Refused:
    """`before` with the JSON Patch applied and checked.  https://hl7.org/fhir/R4/http.html#patch"""
    try:
        after = jsonpatch.apply_patch(copy.deepcopy(before), request.patch or [])
    except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException, TypeError, ValueError, KeyError, IndexError):
        text = "The JSON Patch does not apply to the current version of the resource"
        return Refused((error("bad-patch", request.rtype, text),))
    if not isinstance(after, dict) or (after.get("resourceType"), after.get("id")) != (request.rtype, request.rid):
        return Refused((error("bad-patch", request.rtype, "A patch may not change resourceType or id"),))
    if _depth(after) > MAX_DEPTH:
        return Refused((error("too-deep", request.rtype, f"The patched resource is nested deeper than {MAX_DEPTH}"),))
    issues = tuple(i for i in check(after, request.rtype) if i.refuses)
    return Refused(issues) if issues else after


def _depth(value: object) -> int:
    """Levels of nesting, counted without recursion (SR-16)."""
    depth, level = 0, [value]
    while level:
        inner = [v.values() if isinstance(v, dict) else v for v in level if isinstance(v, dict | list)]
        level = [item for values in inner for item in values]
        depth += bool(inner)
    return depth


def _draft(request: WriteRequest, current: Stored | None, after: Resource | None, by: Principal) -> Draft:
    rid = request.rid or str(uuid4())
    before = parse_body(current.body) if current else None
    return Draft(request.rtype, rid, None if after is None else {**after, "id": rid}, before, by)


async def _do(tx: Reads, wanted: Wanted, ground: Ground) -> tuple[Written | Refused, Changes]:
    settlement = await settle(tx, (wanted,), ground)
    if settlement.refused:
        return Refused(settlement.issues), NOTHING
    draft = wanted.draft
    own = next(w for w in settlement.changes.writes if (w.rtype, w.rid) == (draft.rtype, draft.rid))
    return _answer(own, created=draft.before is None), provenance_of_rest(settlement, draft, tx.now)


def _answer(own: Write, *, created: bool) -> Written:
    status = 204 if own.resource is None else (201 if created else 200)
    return Written(status, own.rtype, own.rid, own.version, own.updated, own.body)
