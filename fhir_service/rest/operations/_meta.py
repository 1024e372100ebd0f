"""What the operations on `meta` share.  https://hl7.org/fhir/R4/resource-operations.html#5.10.1"""

from collections.abc import Mapping
from typing import Any

from fhir_service.rest.exchange import Face, Reply, Request
from fhir_service.rest.operations._model import HL7, Arguments, Level, Operation, Parameter, at
from fhir_service.rest.operations._replies import out, parameters_reply
from fhir_service.rest.preconditions import preconditions
from fhir_service.rest.read import DELETED, NOT_FOUND
from fhir_service.rest.render import refusal
from fhir_service.storage.port import Stored
from fhir_service.workflow import ANY_VERSION, Refused, WriteRequest
from fhir_service.workflow.versions import parse_body
from profiles.issues import Issue
from profiles.resource import Resource

LISTS = ("profile", "security", "tag")
META = Parameter("meta", "Meta", "Profiles, security labels and tags", min=1)
RETURN = Parameter("return", "Meta", "The meta of the resource as it is now", min=1)


def told(meta: Mapping[str, Any]) -> Reply:
    """A Parameters with the one meta; it stands empty where the meta says nothing, as FHIR has no empty element."""
    return parameters_reply([out("return", "Meta", dict(meta))] if meta else [])


def found(stored: Stored | None) -> Resource | Issue:
    """The resource, or why there is none."""
    if stored is None:
        return NOT_FOUND
    return DELETED if stored.deleted else parse_body(stored.body)


def same(kind: str, one: Any, other: Any) -> bool:
    """Whether two labels are the same one: a coding is its system and code."""
    if kind == "profile":
        return bool(one == other)
    return bool((one.get("system"), one.get("code")) == (other.get("system"), other.get("code")))


async def changed(face: Face, request: Request, change: Mapping[str, Any], *, add: bool) -> Reply:
    """The resource with labels more or less, as its next version; the one it is where that changes nothing.

    It is a patch like any other: If-Match is honoured, and needed where a patch needs it (decision 9).
    """
    conditions = preconditions(request.headers)
    if isinstance(conditions, Issue):
        return refusal(conditions)
    stored = await face.repository.read(request.rtype, request.rid, request.access)
    resource = found(stored)
    if isinstance(resource, Issue) or stored is None:
        return refusal(resource if isinstance(resource, Issue) else NOT_FOUND)

    def labelled(before: Resource) -> Resource:
        meta = before.get("meta", {})
        return {**before, "meta": _with(meta, change) if add else _without(meta, change)}

    after = labelled(resource)
    holds = conditions.if_none_match is None and conditions.if_match in (None, ANY_VERSION, stored.version)
    if holds and after["meta"] == resource.get("meta", {}):
        return told(after["meta"])
    wanted = WriteRequest(
        "patch",
        request.rtype,
        request.rid,
        patch=labelled,
        if_match=conditions.if_match,
        if_none_match=conditions.if_none_match,
    )
    answer = await face.office.write(wanted, request.by, request.once)
    return refusal(answer.issues) if isinstance(answer, Refused) else told(parse_body(answer.body)["meta"])


def _with(meta: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    after = dict(meta)
    for kind in LISTS:
        there = list(meta.get(kind, ()))
        for one in change.get(kind, ()):
            there += [] if any(same(kind, one, other) for other in there) else [one]
        after |= {kind: there} if there else {}
    return after


def _without(meta: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    after = dict(meta)
    for kind in LISTS:
        gone = change.get(kind, ())
        left = [one for one in meta.get(kind, ()) if not any(same(kind, one, other) for other in gone)]
        after.pop(kind, None)
        after |= {kind: left} if left else {}
    return after


def changing(name: str, title: str, says: str, *, add: bool) -> Operation:
    """The operation that adds labels, or takes them away."""

    async def serve(face: Face, request: Request, arguments: Arguments) -> Reply:
        return await changed(face, request, arguments.one("meta"), add=add)

    return Operation(
        id=f"resource-{name}",
        name=name,
        title=title,
        says=f"{says} The change makes a new version.",
        serve=serve,
        levels=at(Level.INSTANCE),
        affects_state=True,
        inputs=(META,),
        outputs=(RETURN,),
        defined=f"{HL7}/Resource-{name}",
    )
