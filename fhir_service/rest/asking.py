"""From a request that writes to what the use case is asked for; the same for HTTP and for an entry of a Bundle."""

from msgspec import structs

from fhir_service.rest.exchange import Face, Request
from fhir_service.rest.preconditions import criteria, existing, preconditions
from fhir_service.workflow import WriteRequest
from fhir_service.workflow.patches import Patch
from profiles.issues import Issue, error
from profiles.resource import Resource

_ID_MISMATCH = "The resource must have the id that the address names"


async def to_create(face: Face, request: Request, resource: Resource) -> WriteRequest | tuple[Issue, ...]:
    """POST: a new resource, with If-None-Exist only where nothing matches."""
    condition = await existing(face, request)
    if isinstance(condition, tuple):
        return condition
    return WriteRequest("create", request.rtype, resource=resource, criteria=condition)


async def to_update(face: Face, request: Request, resource: Resource) -> WriteRequest | tuple[Issue, ...]:
    """PUT: the next version of what the address names, by id or by criteria; the first one if nothing is there."""
    if request.rid and resource.get("id") != request.rid:
        return (error("id-mismatch", f"{request.rtype}.id", _ID_MISMATCH),)
    return await _conditional(face, request, WriteRequest("update", request.rtype, resource=resource))


async def to_patch(face: Face, request: Request, patch: Patch) -> WriteRequest | tuple[Issue, ...]:
    """PATCH: the next version of what is there."""
    return await _conditional(face, request, WriteRequest("patch", request.rtype, patch=patch))


async def to_delete(face: Face, request: Request) -> WriteRequest | tuple[Issue, ...]:
    """DELETE: one resource by id, or those that match criteria."""
    return await _conditional(face, request, WriteRequest("delete", request.rtype))


async def _conditional(face: Face, request: Request, wanted: WriteRequest) -> WriteRequest | tuple[Issue, ...]:
    """With what it is done to, and on which conditions."""
    found = preconditions(request.headers)
    if isinstance(found, Issue):
        return (found,)
    if request.rid:
        return structs.replace(wanted, rid=request.rid, if_match=found.if_match, if_none_match=found.if_none_match)
    query = await criteria(face, request)
    if isinstance(query, tuple):
        return query
    return structs.replace(wanted, criteria=query, if_match=found.if_match, if_none_match=found.if_none_match)
