"""CarePlan/[id]/$completeness: what the plan has of what the law wants in it (workflow.md 6.2, 13)."""

from decimal import Decimal

from fhir_service.rest.exchange import Face, Reply, Request
from fhir_service.rest.operations._model import Arguments, Level, Operation, Parameter, at
from fhir_service.rest.operations._replies import out, parameters_reply, parts
from fhir_service.rest.read import DELETED, NOT_FOUND
from fhir_service.rest.render import refusal
from fhir_service.rules import STANDING_TYPES, Kind, Standing, kind_of
from fhir_service.rules._completeness import Filled, Looked, report
from fhir_service.workflow.current import standing_of
from fhir_service.workflow.versions import parse_body
from profiles.issues import error
from profiles.resource import Resource

_NO_PLAN = error("rule", "CarePlan.category", "$completeness is about an individual plan (category individuell-plan)")


async def serve(face: Face, request: Request, _: Arguments) -> Reply:
    """The share of the mandatory slots that are filled, and each slot."""
    stored = await face.repository.read(request.rtype, request.rid, request.access)
    if stored is None or stored.deleted:
        return refusal(NOT_FOUND if stored is None else DELETED)
    plan = parse_body(stored.body)
    if kind_of(plan) is not Kind.PLAN:
        return refusal(_NO_PLAN)
    has = await standing_of(face.repository, stored.person_id, STANDING_TYPES) if stored.person_id else None
    standing = has or Standing(None, {})
    slots = report(Looked(plan, standing, face.office.context()))
    mandatory = [slot for slot in slots if slot.mandatory]
    score = Decimal(sum(slot.fulfilled for slot in mandatory)) / len(mandatory)
    return parameters_reply([out("score", "decimal", round(score, 2)), *map(_told, slots)])


def _told(slot: Filled) -> Resource:
    told = (
        out("id", "code", slot.slot),
        out("fulfilled", "boolean", slot.fulfilled),
        out("mandatory", "boolean", slot.mandatory),
        out("path", "string", slot.path),
        out("text", "string", slot.text),
    )
    return parts("slot", told)


OPERATION = Operation(
    id="careplan-completeness",
    name="completeness",
    title="What a plan lacks",
    says="Every slot of a plan that the law knows, filled or not; a plan comes into force with the mandatory ones.",
    serve=serve,
    levels=at(Level.INSTANCE),
    types=("CarePlan",),
    outputs=(
        Parameter("score", "decimal", "Filled mandatory slots of all mandatory ones, 0 to 1", min=1),
        Parameter(
            "slot",
            "",
            "One slot",
            max="*",
            parts=(
                Parameter("id", "code", "Its code (CodeSystem completeness-slot)", min=1),
                Parameter("fulfilled", "boolean", "Whether it is filled", min=1),
                Parameter("mandatory", "boolean", "Whether a plan in force needs it", min=1),
                Parameter("path", "string", "Where it is", min=1),
                Parameter("text", "string", "What it is called, or what would fill it", min=1),
            ),
        ),
    ),
)
