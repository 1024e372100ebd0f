"""What the operations that change a case share: If-Match, the use case, the changed resources (workflow.md 6, 7.1)."""

from fhir_service.rest.exchange import Face, Reply, Request
from fhir_service.rest.links import Paged, links, place_of
from fhir_service.rest.operations._model import Parameter
from fhir_service.rest.preconditions import preconditions
from fhir_service.rest.render import ALWAYS, refusal
from fhir_service.rest.searchset import searchset
from fhir_service.rest.writing import in_force
from fhir_service.storage.port import InForceConflict, Page
from fhir_service.workflow import Refused
from fhir_service.workflow.composing import CalledOn, Compose
from profiles.issues import Issue

RETURN = Parameter("return", "Bundle", "What has changed, as a searchset", min=1)


async def changed(face: Face, request: Request, name: str, compose: Compose) -> Reply:
    """Do what `compose` says about the resource of the address; a Bundle of everything that has changed by it."""
    conditions = preconditions(request.headers)
    if isinstance(conditions, Issue):
        return refusal(conditions)
    on = CalledOn(request.rtype, request.rid, conditions.if_match, conditions.if_none_match)
    try:
        answer = await face.office.compose(on, compose, request.by, request.once)
    except InForceConflict:
        return refusal(in_force(request.rtype))
    if isinstance(answer, Refused):
        return refusal(answer.issues)
    page = Page(answer, total=len(answer))
    shown = links(face, Paged(place_of(request, name), ()), None, request.view)
    return Reply(200, ALWAYS, searchset(face.base, page, shown, (), request.view))
