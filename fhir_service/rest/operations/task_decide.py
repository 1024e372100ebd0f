"""Task/[id]/$decide: the decision about a case (workflow.md 4.2 C5b, 4.4, 6.1, 13)."""

from collections.abc import Sequence

from fhir_service.rest.exchange import Face, Reply, Request
from fhir_service.rest.operations._changing import RETURN, changed
from fhir_service.rest.operations._model import Arguments, Level, Operation, Parameter, at
from fhir_service.rules import Kind, kind_of
from fhir_service.rules._deciding import Decision, decided_case
from fhir_service.workflow import WriteRequest
from fhir_service.workflow.composing import Scene
from fhir_service.workflow.versions import instant
from profiles import names
from profiles.code_systems import codes
from profiles.issues import Issue, error
from profiles.resource import Resource

RIGHTS = ("coordinator", "child-coordinator")
_CODED = ("decision-coordinator", "decision-plan", "decision-child-coordinator")
_NO_CASE = error("rule", "Task.code", "$decide is about a case at a koordinerende enhet: a Task with code assess-need")


async def serve(face: Face, request: Request, arguments: Arguments) -> Reply:
    """The case with its decision, the letter and the Tasks that follow."""
    wrong = _wrong_codes(arguments)

    def compose(scene: Scene) -> Sequence[WriteRequest] | Issue:
        return wrong or _writes(request, arguments, scene)

    return await changed(face, request, "$decide", compose)


def _wrong_codes(arguments: Arguments) -> Issue | None:
    allowed = codes(names.DECISION)
    for name in _CODED:
        code = arguments.one(name)
        if code is not None and code not in allowed:
            return error("bad-parameter-value", name, f"Expected one of {', '.join(sorted(allowed))}")
    if arguments.one("chosen-right") not in (None, *RIGHTS):
        return error("bad-parameter-value", "chosen-right", f"Expected one of {', '.join(RIGHTS)}")
    return None


def _writes(request: Request, arguments: Arguments, scene: Scene) -> Sequence[WriteRequest] | Issue:
    if kind_of(scene.resource) is not Kind.CASE:
        return _NO_CASE
    letter, made = _letter(arguments.one("letter"), scene)
    decision = Decision(
        {name: arguments.one(name) for name in _CODED if arguments.one(name) is not None},
        arguments.all("reason"),
        arguments.one("decision-date") or instant(scene.context.now),
        arguments.one("decision-maker"),
        arguments.one("chosen-right"),
        letter,
    )
    decides = WriteRequest(
        "patch", "Task", request.rid, patch=lambda case: decided_case(case, decision), if_match=scene.version
    )
    return (*made, decides)


def _letter(given: Resource | None, scene: Scene) -> tuple[Resource | None, tuple[WriteRequest, ...]]:
    """The Reference to the letter, and what makes it where its content came instead."""
    if given is None or "reference" in given or "identifier" in given:
        return given, ()
    rid = scene.ids[0]
    letter: Resource = {
        "resourceType": "DocumentReference",
        "id": rid,
        "status": "current",
        "docStatus": "final",
        "type": {"text": "Vedtaksbrev"},
        "subject": scene.resource.get("for"),
        "date": instant(scene.context.now),
        "content": [{"attachment": given}],
        "context": {"related": [{"reference": f"Task/{scene.resource['id']}"}]},
    }
    return {"reference": f"DocumentReference/{rid}"}, (WriteRequest("update", "DocumentReference", rid, letter),)


OPERATION = Operation(
    id="task-decide",
    name="decide",
    title="Decide a case",
    says="Puts the decision into the case at the koordinerende enhet, with its letter and the sub-steps that follow: "
    "what PUT of the Task with the outputs does, in one transaction. Needs If-Match.",
    serve=serve,
    levels=at(Level.INSTANCE),
    types=("Task",),
    affects_state=True,
    bundles=True,
    inputs=(
        Parameter("decision-coordinator", "code", "Whether there is to be a coordinator (CodeSystem decision)", min=1),
        Parameter("decision-plan", "code", "Whether there is to be an individual plan (CodeSystem decision)", min=1),
        Parameter("decision-child-coordinator", "code", "Whether there is to be a child coordinator"),
        Parameter("chosen-right", "code", "coordinator or child-coordinator, where both are granted"),
        Parameter("reason", "CodeableConcept", "Why; needed where anything is refused", max="*"),
        Parameter("decision-date", "dateTime", "When it was decided; now where absent"),
        Parameter("decision-maker", "Reference", "The PractitionerRole who decided", min=1),
        Parameter(
            "letter",
            "Type",
            "The letter, as a Reference to a DocumentReference or as an Attachment; made from a template where absent",
            among=("Reference", "Attachment"),
        ),
    ),
    outputs=(RETURN,),
)
