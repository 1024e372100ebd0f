"""What create, update, patch and delete share: a checked body in, the use case, the reply out."""

import asyncio
import base64
from typing import Any

from fhir_service.rest.body import INLINE, body_of, bytes_of
from fhir_service.rest.exchange import Face, Header, Reply, Request
from fhir_service.rest.json_body import json_of
from fhir_service.rest.media import RESOURCE_TYPES, own_form
from fhir_service.rest.preconditions import preferred_return
from fhir_service.rest.render import ALWAYS, CACHING, outcome, refusal, version_headers
from fhir_service.storage.instants import micros
from fhir_service.storage.port import InForceConflict
from fhir_service.workflow import Refused, WriteRequest, Written
from profiles.issues import Issue, error, information
from profiles.resource import Resource
from profiles.validate import check

_DONE = {200: "Done", 201: "Created"}
_IN_FORCE = {
    "CareTeam": error("second-coordinator", "", "This person has a coordinator already"),
    "CarePlan": error("duplicate-plan", "", "This person has an individual plan in force already"),
}
"""What the database constraint means by the type that was written (INV-01, INV-02)."""


async def resource_of(face: Face, request: Request) -> Resource | tuple[Issue, ...]:
    """The resource of a body, valid as FHIR R4, or what is wrong with it."""
    kind = own_form(request.headers.get(b"content-type")) if request.rtype == "Binary" else None
    if kind is not None:
        return await _binary(face, request, kind)
    body = await body_of(request, RESOURCE_TYPES, face.max_body)
    if isinstance(body, Issue):
        return (body,)
    if len(body) <= INLINE:
        return _checked(body, request.rtype)
    return await asyncio.to_thread(_checked, body, request.rtype)


async def _binary(face: Face, request: Request, kind: str) -> Resource | tuple[Issue, ...]:
    """The Binary whose content is the body, as it is.  https://hl7.org/fhir/R4/binary.html#rest"""
    if b"content-encoding" in request.headers:
        return (error("unsupported-media-type", "Content-Encoding", "Send the body without a Content-Encoding"),)
    content = await bytes_of(request, face.max_body)
    if isinstance(content, Issue):
        return (content,)
    told = {"id": request.rid, "contentType": kind, "data": base64.b64encode(content).decode()}
    return {"resourceType": "Binary", **{name: value for name, value in told.items() if value}}


def _checked(body: bytes, rtype: str) -> Resource | tuple[Issue, ...]:
    value: Any = json_of(body)
    if isinstance(value, Issue):
        return (value,)
    issues = check(value, rtype)
    return issues if any(issue.refuses for issue in issues) else value


async def written(face: Face, request: Request, wanted: WriteRequest | tuple[Issue, ...]) -> Reply:
    """Do it and tell what was done, or why not."""
    if isinstance(wanted, tuple):
        return refusal(wanted)
    try:
        answer = await face.office.write(wanted, request.by, request.once)
    except InForceConflict:
        return refusal(in_force(request.rtype))
    return refusal(answer.issues) if isinstance(answer, Refused) else _told(face, request, answer)


def in_force(rtype: str) -> Issue:
    """What the database constraint means by the type that was written (INV-01, INV-02)."""
    return _IN_FORCE.get(rtype, _IN_FORCE["CarePlan"])


def _told(face: Face, request: Request, answer: Written) -> Reply:
    preferred = preferred_return(request.headers)
    if answer.status == 204:
        return _told_of_delete(answer, preferred)
    location = location_of(face.base, answer).encode()
    told: tuple[Header, ...] = (*version_headers(answer.version, micros(answer.updated)), (b"location", location))
    if preferred == "minimal":
        return Reply(answer.status, (*CACHING, *told))
    headers = (*ALWAYS, *told)
    if preferred == "operationoutcome":
        return Reply(answer.status, headers, outcome(done(answer)))
    return Reply(answer.status, (*headers, (b"content-location", location)), answer.body)


def _told_of_delete(answer: Written, preferred: str) -> Reply:
    tags = version_headers(answer.version, micros(answer.updated)) if answer.version and answer.many == 1 else ()
    if preferred == "operationoutcome":
        return Reply(200, (*ALWAYS, *tags), outcome(done(answer)))
    return Reply(204, tags)


def location_of(base: str, answer: Written) -> str:
    """The address of the version that was written.  https://hl7.org/fhir/R4/http.html#versioning"""
    return f"{base}/{answer.rtype}/{answer.rid}/_history/{answer.version}"


def done(answer: Written) -> tuple[Issue, ...]:
    """What was done, and what is to be said about it, as an OperationOutcome tells it."""
    if answer.status == 204:
        text = f"Deleted: {answer.many} of type {answer.rtype}"
    else:
        text = f"{_DONE[answer.status]}: {answer.rtype}/{answer.rid}, version {answer.version}"
    return (information("done", "", text), *answer.issues)
