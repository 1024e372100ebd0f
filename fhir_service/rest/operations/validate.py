"""$validate.  https://hl7.org/fhir/R4/resource-operation-validate.html

Without a mode the resource is judged by itself. `create`, `update` and `delete` go the whole way of a write, with its
preconditions and rules, up to the point where it would be written.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from fhir_service.rest.body import is_large
from fhir_service.rest.exchange import Face, Reply, Request
from fhir_service.rest.operations._model import HL7, Arguments, Level, Operation, Parameter, at
from fhir_service.rest.operations._profiles import Measures, profiles_named
from fhir_service.rest.preconditions import preconditions
from fhir_service.rest.read import DELETED, NOT_FOUND
from fhir_service.rest.render import ALWAYS, outcome, refusal
from fhir_service.storage.port import Stored
from fhir_service.workflow import WriteRequest
from fhir_service.workflow.profiles import by_service
from fhir_service.workflow.versions import parse_body
from profiles.issues import Issue, error, information
from profiles.resource import Resource
from profiles.validate import check

MODES = ("create", "update", "delete", "profile")
_ALL_WELL = information("done", "", "No issues were found")
_NO_MODE = error("bad-parameter-value", "mode", f"Expected one of {', '.join(MODES)}")
_NO_RESOURCE = error("required", "resource", "Send the resource to be judged")
_NO_PROFILE = error("required", "profile", "Name the profile to judge by")
_NO_ID = error("bad-parameter-value", "mode", "This mode is about a resource that is here: call [type]/[id]/$validate")
_NO_CREATE = error("bad-parameter-value", "mode", "A create is judged at [type]/$validate")


async def serve(face: Face, request: Request, arguments: Arguments) -> Reply:
    """What is wrong with a resource, or would be with a write: always 200, with everything that was found."""
    resource, mode = arguments.one("resource"), arguments.one("mode")
    profile = arguments.one("profile")
    stored = None
    if request.rid:
        stored = await face.repository.read(request.rtype, request.rid, request.access)
        if stored is None or stored.deleted:
            return refusal(NOT_FOUND if stored is None else DELETED)
    issue = _misused(request, resource if resource is not None else stored, mode, profile)
    if issue is not None:
        return refusal(issue)
    looked_at = resource if resource is not None or stored is None else parse_body(stored.body)
    by = await profiles_named(face, request, profile, looked_at, held=mode not in MODES[:3])
    if not isinstance(by, Measures):
        return refusal(by)
    issues = () if mode == "delete" else (*await _judged(request, looked_at, by), *by.notes)
    if mode in ("create", "update", "delete") and not any(i.refuses for i in issues):
        issues = (*issues, *await _of_write(face, request, mode, looked_at, stored))
    return Reply(200, ALWAYS, outcome(issues or (_ALL_WELL,)))


async def _judged(request: Request, resource: Any, by: Measures) -> Sequence[Issue]:
    """What is wrong with the resource, as it may be sent; in a thread what takes long."""
    if is_large(request):
        issues = await asyncio.to_thread(check, resource, request.rtype, by.profiles)
    else:
        issues = check(resource, request.rtype, by.profiles)
    return [issue for issue in issues if not by_service(issue)]


def _misused(request: Request, resource: object, mode: str | None, profile: str | None) -> Issue | None:
    """What makes the question itself one that has no answer."""
    if mode is not None and mode not in MODES:
        return _NO_MODE
    if mode in ("update", "delete") and not request.rid:
        return _NO_ID
    if mode == "create" and request.rid:
        return _NO_CREATE
    if mode == "profile" and profile is None:
        return _NO_PROFILE
    return _NO_RESOURCE if resource is None else None


async def _of_write(face: Face, request: Request, mode: str, resource: Any, stored: Stored | None) -> tuple[Issue, ...]:
    """What the write would be refused for, and what it would be told."""
    conditions = preconditions(request.headers)
    if isinstance(conditions, Issue):
        return (conditions,)
    version = conditions.if_match
    if stored is not None and not version:
        version = stored.version  # whether If-Match is there is about the request, not about the resource
    if mode == "update" and resource.get("id") != request.rid:
        text = "The resource must have the id that the address names"
        return (error("id-mismatch", f"{request.rtype}.id", text),)
    after: Resource | None = None if mode == "delete" else resource
    wanted = WriteRequest(mode, request.rtype, request.rid or None, resource=after, if_match=version)
    answer = await face.office.judge(wanted, request.by)
    return answer.issues


OPERATION = Operation(
    id="resource-validate",
    name="validate",
    title="Is it valid?",
    says="Judges a resource by FHIR R4 and by profiles, and with a mode also by what a write here has to keep to. "
    "Nothing is written. The answer is 200 with all issues, whatever they are.",
    serve=serve,
    levels=at(Level.TYPE, Level.INSTANCE),
    judges=True,
    inputs=(
        Parameter("resource", "Resource", "The resource; the stored one where there is none"),
        Parameter("mode", "code", "create, update or delete: judge that write; profile: judge by the profile"),
        Parameter("profile", "uri", "Canonical address of a profile to judge by, beside those of meta.profile"),
    ),
    outputs=(Parameter("return", "OperationOutcome", "Everything that was found", min=1),),
    defined=f"{HL7}/Resource-validate",
)
