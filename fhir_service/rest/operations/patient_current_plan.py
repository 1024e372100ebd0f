"""Patient/[id]/$current-plan: the one plan in force, with what belongs to it (workflow.md 6.1)."""

from fhir_service.rest.exchange import Face, Reply, Request
from fhir_service.rest.links import Paged, links, place_of
from fhir_service.rest.operations._model import Arguments, Level, Operation, Parameter, at
from fhir_service.rest.read import NOT_FOUND
from fhir_service.rest.render import ALWAYS, refusal
from fhir_service.rest.searchset import searchset
from fhir_service.storage.port import Page
from fhir_service.workflow.current import current_plan, person_behind


async def serve(face: Face, request: Request, _: Arguments) -> Reply:
    """The plan as the match, the rest as included; empty where the caller sees no plan."""
    person = await person_behind(face.repository, request.access, request.rid)
    if person is None:
        return refusal(NOT_FOUND)
    plan, *beside = await current_plan(face.repository, request.access, person) or (None,)
    page = Page((plan,) if plan else (), included=tuple(one for one in beside if one), total=int(plan is not None))
    shown = links(face, Paged(place_of(request, "$current-plan"), ()), None, request.view)
    return Reply(200, ALWAYS, searchset(face.base, page, shown, (), request.view))


OPERATION = Operation(
    id="patient-current-plan",
    name="current-plan",
    title="The current plan of a person",
    says="The individual plan in force, its team, goals, consents and meetings, as far as the caller sees them, "
    "whichever record of the person is asked for.",
    serve=serve,
    levels=at(Level.INSTANCE),
    types=("Patient",),
    bundles=True,
    outputs=(Parameter("return", "Bundle", "The plan and what belongs to it, as a searchset", min=1),),
)
