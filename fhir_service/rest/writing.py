"""What create, update, patch and delete share: a checked body in, the use case, the reply out."""

import asyncio
import base64
from collections.abc import Sequence
from typing import Any

from fhir_service.rest.body import body_of, bytes_of
from fhir_service.rest.exchange import Face, Header, Reply, Request
from fhir_service.rest.json_body import json_of
from fhir_service.rest.media import RESOURCE_TYPES, own_form
from fhir_service.rest.preconditions import preferred_return
from fhir_service.rest.render import ALWAYS, outcome, refusal, version_headers
from fhir_service.storage.port import InForceConflict
from fhir_service.workflow import Refused, WriteRequest, Written
from profiles.issues import Issue, error, information
from profiles.resource import Resource
from profiles.validate import check

INLINE = 65_536
"""Bodies above this are decoded and checked in a thread: the loop serves others meanwhile (stack.md 3)."""
_DONE = {200: "Done", 201: "Created"}
_IN_FORCE = {
    "CareTeam": error("second-coordinator", "", "This person has a coordinator already"),
    "CarePlan": error("duplicate-plan", "", "This person has an individual plan in force already"),
}
"""What the database constraint means by the type that was written (INV-01, INV-02)."""
_TOO_DEEP = error("too-deep", "", "The resource is nested too deeply")


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


async def written(face: Face, request: Request, wanted: WriteRequest) -> Reply:
    """Do it and tell what was done, or why not."""
    try:
        answer = await face.office.write(wanted, request.by)
    except InForceConflict:
        return refusal(_IN_FORCE.get(request.rtype, _IN_FORCE["CarePlan"]))
    except RecursionError:  # patches can build what no body may be; nothing was written
        return refusal(_TOO_DEEP)
    return refusal(answer.issues) if isinstance(answer, Refused) else _told(face, request, answer)


def _told(face: Face, request: Request, answer: Written) -> Reply:
    if answer.status == 204:
        tags = version_headers(answer.version, answer.updated) if answer.version else ()
        return Reply(204, tags)
    location = f"{face.base}/{answer.rtype}/{answer.rid}/_history/{answer.version}".encode()
    headers: tuple[Header, ...] = (*ALWAYS, *version_headers(answer.version, answer.updated), (b"location", location))
    return Reply(answer.status, headers, _body(preferred_return(request.headers), answer))


def _body(preferred: str, answer: Written) -> bytes:
    if preferred == "minimal":
        return b""
    if preferred == "operationoutcome":
        return outcome(_done(answer))
    return answer.body


def _done(answer: Written) -> Sequence[Issue]:
    text = f"{_DONE[answer.status]}: {answer.rtype}/{answer.rid}, version {answer.version}"
    return (information("done", "", text),)
