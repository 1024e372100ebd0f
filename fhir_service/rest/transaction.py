"""A transaction: all entries or none.  https://hl7.org/fhir/R4/http.html#trules

What writes is done first, together; what reads then sees it, still in the transaction. An entry that cannot be done
undoes everything, and is named.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import unquote

import msgspec

from fhir_service.resources import resource_type
from fhir_service.rest.answer_room import AnswerRoom
from fhir_service.rest.asking import to_create, to_delete, to_patch, to_update
from fhir_service.rest.auditing import keep_all
from fhir_service.rest.batch import told
from fhir_service.rest.body import INLINE
from fhir_service.rest.bundle_entry import (
    EntryRequest,
    body_of_entry,
    bundle_of,
    entry_request,
    response_entry,
    status_line,
)
from fhir_service.rest.exchange import Face, Reply, Request
from fhir_service.rest.json_body import json_of
from fhir_service.rest.media import decoded
from fhir_service.rest.preconditions import preferred_return
from fhir_service.rest.render import ALWAYS, etag, outcome, refusal
from fhir_service.rest.writing import done, in_force, location_of
from fhir_service.storage.audit import Kept
from fhir_service.storage.port import InForceConflict, Unavailable, Uncertain, Views
from fhir_service.workflow import Answers, Entry, Refused, WriteRequest, Written, placed
from fhir_service.workflow.audit_log import LOG
from fhir_service.workflow.patches import FORMS, patch_of
from fhir_service.workflow.versions import instant
from profiles.issues import Issue, error

_READS = frozenset({"GET", "HEAD"})
_NOT_HERE = "In a transaction, entries read, search, create, update, patch and delete resources"
_NO_LOG = "The audit log is read by itself or in a batch, not in a transaction: most of it lies outside"
_UNKNOWN_TYPE = error(
    "not-found", "request.url", "This resource type is not served; [base]/metadata lists those that are"
)
_WITHOUT = error("required", "resource", "This entry needs a resource")
_NO_PATCH = error("structure", "resource", "A patch is a Parameters, or a Binary with a contentType for patches")
Asked: TypeAlias = "WriteRequest | tuple[Issue, ...]"


@dataclass(slots=True)
class _Parted:
    """A Bundle understood: what writes, what reads, and what is wrong, each at its place."""

    writes: list[Entry] = field(default_factory=list)
    reads: dict[int, EntryRequest] = field(default_factory=dict)
    issues: list[Issue] = field(default_factory=list)


class _ReadFailed(Exception):
    """What an entry reads is not there, or not understood: the transaction is undone."""

    def __init__(self, issues: tuple[Issue, ...], status: int) -> None:
        super().__init__(f"status {status}")
        self.issues = issues


async def transaction(face: Face, request: Request, entries: Sequence[Any]) -> Reply:
    """The answers in the order of the entries, or why nothing was done."""
    parted = _Parted()
    for index, entry in enumerate(entries):
        await _part(face, request, parted, index, entry)
    if parted.issues:
        return refusal(parted.issues)
    replies: dict[int, Reply] = {}
    events: list[Kept] = []
    request.later = events
    reading = _reading(request, parted.reads, replies) if parted.reads else None
    try:
        answers = await face.office.transact(parted.writes, request.by, reading, request.once)
    except InForceConflict:
        return refusal(_in_force(parted.writes))
    except _ReadFailed as failure:
        return refusal(failure.issues)
    if isinstance(answers, Refused):
        return refusal(answers.issues)
    await _kept(face, events)
    preferred = preferred_return(request.headers)
    listed = [
        _entry(face, answers[i], preferred) if i in answers else told(replies[i], reads=True)
        for i in range(len(entries))
    ]
    return Reply(200, ALWAYS, bundle_of("transaction-response", listed))


async def _kept(face: Face, events: list[Kept]) -> None:
    """Keep what was read. Raises Uncertain when that fails: the transaction is done, and may not be tried again."""
    try:
        await keep_all(face.audit, events)
    except Unavailable as failure:
        raise Uncertain("The transaction is done; what it read could not be kept in the audit log") from failure


async def _part(face: Face, request: Request, parted: _Parted, index: int, entry: Any) -> None:
    """Understand one entry."""
    asked = entry_request(entry, face.base)
    if isinstance(asked, Issue):
        parted.issues.append(_at(index, asked))
    elif asked.method in _READS:
        if "$" in asked.path:
            parted.issues.append(_at(index, error("not-in-transaction", "request.url", _NOT_HERE)))
        elif asked.path.partition("/")[0] == LOG:
            parted.issues.append(_at(index, error("not-in-transaction", "request.url", _NO_LOG)))
        parted.reads[index] = asked
    else:
        found = await _write_request(face, request, asked)
        if isinstance(found, WriteRequest):
            parted.writes.append(Entry(index, found, asked.full_url))
        else:
            parted.issues.extend(_at(index, issue) for issue in found)


def _at(index: int, issue: Issue) -> Issue:
    """An issue about the request of an entry, or about its resource."""
    if issue.at.startswith(("request", "resource")) or not issue.at:
        at = f"Bundle.entry[{index}].{issue.at}".rstrip(".")
        return Issue(issue.severity, issue.code, at, issue.text)
    return placed(index, issue)


async def _write_request(face: Face, request: Request, asked: EntryRequest) -> Asked:
    """What an entry that writes is to do."""
    parts = [unquote(part) for part in asked.path.split("/")]
    how = _HOW.get((asked.method, len(parts)))
    if how is None or not all(parts) or parts[-1].startswith(("$", "_")):
        return (error("not-in-transaction", "request.url", _NOT_HERE),)
    interaction, make = how
    if parts[0] not in face.rtypes:
        return (_UNKNOWN_TYPE,)
    if interaction not in resource_type(parts[0]).interactions:
        return (error("method-not-allowed", "request.method", f"{parts[0]} does not take {asked.method}"),)
    parameters = decoded(asked.query.encode())
    if isinstance(parameters, Issue):
        return (parameters,)
    inner = Request(asked.method, parts[0], parts[1] if len(parts) > 1 else "", "", asked.headers, _nothing)
    inner.by, inner.parameters = request.by, parameters
    return await make(face, inner, asked)


async def _create(face: Face, inner: Request, asked: EntryRequest) -> Asked:
    wrong = _resource_issue(inner, asked)
    return wrong or await to_create(face, inner, asked.resource)


async def _update(face: Face, inner: Request, asked: EntryRequest) -> Asked:
    wrong = _resource_issue(inner, asked)
    return wrong or await to_update(face, inner, asked.resource)


def _resource_issue(inner: Request, asked: EntryRequest) -> tuple[Issue, ...]:
    """The Bundle is valid as a whole, and so is the resource; it has to be of the type that the url names."""
    if asked.resource is None:
        return (_WITHOUT,)
    if asked.resource["resourceType"] != inner.rtype:
        return (error("structure", "resource", f"The resource must be a {inner.rtype}, as the url says"),)
    return ()


async def _patch(face: Face, inner: Request, asked: EntryRequest) -> Asked:
    body = body_of_entry(asked)
    if isinstance(body, Issue):
        return (body,)
    kind, content = body
    if kind not in FORMS or asked.resource is None:
        return (_NO_PATCH,)
    value = json_of(content) if len(content) <= INLINE else await asyncio.to_thread(json_of, content)
    made = value if isinstance(value, Issue) else patch_of(kind, value)
    return (made,) if isinstance(made, Issue) else await to_patch(face, inner, made)


async def _delete(face: Face, inner: Request, _: EntryRequest) -> Asked:
    return await to_delete(face, inner)


_HOW: Mapping[tuple[str, int], tuple[str, Callable[[Face, Request, EntryRequest], Awaitable[Asked]]]] = {
    ("POST", 1): ("create", _create),
    ("PUT", 1): ("update", _update),
    ("PUT", 2): ("update", _update),
    ("PATCH", 1): ("patch", _patch),
    ("PATCH", 2): ("patch", _patch),
    ("DELETE", 1): ("delete", _delete),
    ("DELETE", 2): ("delete", _delete),
}
"""By method and number of parts in the path."""


async def _nothing() -> MutableMapping[str, Any]:
    """The body of an entry is in the Bundle."""
    return {"type": "http.request", "body": b"", "more_body": False}


def _reading(
    request: Request, reads: Mapping[int, EntryRequest], replies: dict[int, Reply]
) -> Callable[[Views, Answers | Refused], Awaitable[Answers | Refused]]:
    """What reads, to be done when all is written; fills `replies`."""

    async def read(tx: Views, answers: Answers | Refused) -> Answers | Refused:
        if isinstance(answers, Refused):
            return answers
        room = AnswerRoom()
        if request.later is not None:
            request.later.clear()  # it may be run again
        for index, asked in reads.items():
            reply = await request.dispatch(asked.method, asked.address, asked.headers, over=tx)
            reply = room.fitted(reply, reads=True)
            if reply.status >= 400:
                raise _ReadFailed(tuple(_at(index, issue) for issue in _issues_of(reply)), reply.status)
            replies[index] = reply
        return answers

    return read


def _issues_of(reply: Reply) -> tuple[Issue, ...]:
    """The issues of an OperationOutcome of ours."""
    listed = msgspec.json.decode(reply.body)["issue"]
    return tuple(error(i["details"]["coding"][0]["code"], "", i["diagnostics"]) for i in listed)


def _in_force(writes: Sequence[Entry]) -> Issue:
    """The constraint of the database has refused it: somebody else was faster."""
    first = next((e for e in writes if e.request.rtype in ("CarePlan", "CareTeam")), None)
    issue = in_force(first.request.rtype if first else "CarePlan")
    return placed(first.index, issue) if first else issue


def _entry(face: Face, answer: Written, preferred: str) -> bytes:
    """What was done, as an entry. Resources are only sent back to who asks for them."""
    response: dict[str, Any] = {"status": status_line(answer.status)}
    if answer.status != 204:
        response["location"] = location_of(face.base, answer)
    if answer.version:
        response["etag"] = etag(answer.version).decode()
        response["lastModified"] = instant(answer.updated)
    if preferred == "operationoutcome":
        response["outcome"] = msgspec.Raw(outcome(done(answer)))
    return response_entry(response, answer.body if preferred == "representation" else b"")
