"""CarePlan/[id]/$everything: our own, after the example of Patient/$everything. What is in it: `everything_plan`."""

from datetime import datetime

from fhir_service.rest.exchange import Face, Reply, Request
from fhir_service.rest.links import Paged, links, place_of
from fhir_service.rest.operations import _everything
from fhir_service.rest.operations._model import Arguments, Level, Operation, at
from fhir_service.rest.read import DELETED, NOT_FOUND
from fhir_service.rest.render import ALWAYS, refusal
from fhir_service.rest.searchset import searchset
from fhir_service.search.query import ROOM
from fhir_service.storage.port import Page
from fhir_service.workflow.everything_plan import MOST, everything_of_plan
from profiles.issues import Issue, warning

_CUT = warning(
    "too-costly", "", f"There is more about this plan than is told: {MOST} resources at most, of {ROOM // 1_000_000} MB"
)


async def serve(face: Face, request: Request, arguments: Arguments) -> Reply:
    """The plan and everything about it in one Bundle."""
    access = request.access
    plan = await face.repository.read(request.rtype, request.rid, access)
    if plan is None or plan.deleted:
        return refusal(NOT_FOUND if plan is None else DELETED)
    rtypes = _everything.types_of(face, arguments)
    if isinstance(rtypes, Issue):
        return refusal(rtypes)
    whole = await everything_of_plan(face.repository, access, plan, face.rtypes)
    since = arguments.one("_since")
    after = None if since is None else datetime.fromisoformat(since)
    told = tuple(s for s in whole.resources if s.rtype in rtypes and (after is None or s.updated >= after))
    page = Page(() if request.view.summary == "count" else told, total=len(told))
    shown = links(
        face, Paged(place_of(request, "$everything"), _everything.used(request, arguments)), None, request.view
    )
    return Reply(200, ALWAYS, searchset(face.base, page, shown, (_CUT,) if whole.cut else (), request.view))


OPERATION = Operation(
    id="careplan-everything",
    name="everything",
    title="Everything about a plan",
    says="The plan, its subject, goals, conditions, care teams with their members, what its activities refer to, "
    "service requests, tasks, communications, consents and provenance, in one Bundle.",
    serve=serve,
    levels=at(Level.INSTANCE),
    types=("CarePlan",),
    bundles=True,
    inputs=(_everything.SINCE, _everything.TYPE),
    outputs=(_everything.RETURN,),
)
