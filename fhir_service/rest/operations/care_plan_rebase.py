"""CarePlan/[id]/$rebase: a change made to an earlier version, carried over to the current one (workflow.md 7.2, 13)."""

import re

from fhir_service.access.marks import mark_of, unmarked
from fhir_service.rest.exchange import Face, Reply, Request
from fhir_service.rest.operations._model import Arguments, Level, Operation, Parameter, at
from fhir_service.rest.operations._replies import out, parameters_reply, parts
from fhir_service.rest.operations._values import told
from fhir_service.rest.read import DELETED, NOT_FOUND
from fhir_service.rest.render import refusal
from fhir_service.rules import Conflict, carried_over
from fhir_service.workflow.versions import parse_body
from profiles.issues import error
from profiles.resource import Resource

_VERSION = re.compile(r"(?:W/)?\"?([1-9][0-9]{0,17})\"?", re.ASCII)
_BAD_BASE = error("bad-parameter-value", "base", "Expected the versionId of the version that the change was made to")
_NO_BASE = error("bad-parameter-value", "base", "There is no such version of this plan")
_OTHER = error("id-mismatch", "CarePlan.id", "The resource must have the id that the address names")
_ANOTHER_VIEW = error(
    "stale-version", "CarePlan.meta.security", "What you see of this plan is not what it was: read it again"
)


async def serve(face: Face, request: Request, arguments: Arguments) -> Reply:
    """The current version with the change in it, and what both have changed. Nothing is stored."""
    mine: Resource = arguments.one("resource")
    named = _VERSION.fullmatch(arguments.one("base"))
    if named is None:
        return refusal(_BAD_BASE)
    if mine.get("id", request.rid) != request.rid:
        return refusal(_OTHER)
    current = await face.repository.read(request.rtype, request.rid, request.access)
    if current is None or current.deleted:
        return refusal(NOT_FOUND if current is None else DELETED)
    earlier = await face.repository.vread(request.rtype, request.rid, int(named[1]), request.access)
    if earlier is None or earlier.deleted:
        return refusal(_NO_BASE)
    base, theirs = parse_body(earlier.body), parse_body(current.body)
    if mark_of(mine) not in (None, mark_of(base)):
        return refusal(_ANOTHER_VIEW)
    carried = carried_over(unmarked(base), {**unmarked(mine), "id": request.rid}, theirs)
    merged: Resource = {"name": "merged", "resource": carried.resource}
    return parameters_reply([merged, *map(_told, carried.conflicts)])


def _told(conflict: Conflict) -> Resource:
    sides = [
        *told("base", conflict.base),
        *told("mine", conflict.mine),
        *told("theirs", conflict.theirs),
    ]
    return parts("conflict", [out("path", "string", conflict.path), *sides])


OPERATION = Operation(
    id="careplan-rebase",
    name="rebase",
    title="Carry a change over to the current version",
    says="After a 412: the current version with the caller's change in it, and the paths that both have changed, for "
    "which it has what is there. Activities match by id, goals by reference, participants by member and role, "
    "extensions by url. Nothing is stored: PUT the merged resource with If-Match.",
    serve=serve,
    levels=at(Level.INSTANCE),
    types=("CarePlan",),
    inputs=(
        Parameter("base", "string", "The versionId that the change was made to", min=1),
        Parameter("resource", "CarePlan", "The plan as the caller wants it", min=1),
    ),
    outputs=(
        Parameter("merged", "CarePlan", "The current version with the change in it", min=1),
        Parameter(
            "conflict",
            "",
            "What both have changed",
            max="*",
            parts=(
                Parameter("path", "string", "FHIRPath; entries of lists by what identifies them", min=1),
                Parameter("base", "string", "The value that both began with: a text as it is, anything else as JSON"),
                Parameter("mine", "string", "The caller's value"),
                Parameter("theirs", "string", "The current value, which is in the merged resource"),
            ),
        ),
    ),
)
