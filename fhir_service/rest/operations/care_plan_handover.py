"""CarePlan/[id]/$handover: the plan is offered to the municipality that the person moves to (workflow.md 4.10, 13)."""

from collections.abc import Sequence

from fhir_service.rest.exchange import Face, Reply, Request
from fhir_service.rest.operations._changing import RETURN, changed
from fhir_service.rest.operations._model import Arguments, Level, Operation, Parameter, at
from fhir_service.rules import Kind, kind_of
from fhir_service.rules._handover import asking
from fhir_service.workflow import WriteRequest
from fhir_service.workflow.composing import Scene
from profiles.issues import Issue, error

_NO_PLAN = error("rule", "CarePlan.category", "$handover is about an individual plan (category individuell-plan)")


async def serve(face: Face, request: Request, arguments: Arguments) -> Reply:
    """The Task handover-plan."""

    def compose(scene: Scene) -> Sequence[WriteRequest] | Issue:
        if kind_of(scene.resource) is not Kind.PLAN:
            return _NO_PLAN
        made = asking(scene.ids[0], scene.resource, arguments.one("to"), arguments.one("consent"), scene.context)
        note = arguments.one("note")
        told = {**made, "note": [{"text": note}]} if note else made
        return (WriteRequest("update", "Task", made["id"], told),)

    return await changed(face, request, "$handover", compose)


OPERATION = Operation(
    id="careplan-handover",
    name="handover",
    title="Hand a plan over to another municipality",
    says="Makes the Task handover-plan for the koordinerende enhet of the municipality that the person moves to: what "
    "POST of such a Task does. When that one accepts it (PUT of the Task with status accepted), the plan is theirs, "
    "with its id and history. Needs If-Match and the person's consent to the transfer.",
    serve=serve,
    levels=at(Level.INSTANCE),
    types=("CarePlan",),
    affects_state=True,
    bundles=True,
    inputs=(
        Parameter("to", "Reference", "The koordinerende enhet (Organization) that is to have the plan", min=1),
        Parameter("consent", "Reference", "The person's Consent of category transfer", min=1),
        Parameter("note", "string", "What the other one should know"),
    ),
    outputs=(RETURN,),
)
