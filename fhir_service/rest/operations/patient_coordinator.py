"""Patient/[id]/$coordinator: whom to call (workflow.md 4.7 rule 4, 6.1, 13)."""

from collections.abc import Mapping

from fhir_service.rest.exchange import Face, Reply, Request
from fhir_service.rest.operations._model import Arguments, Level, Operation, Parameter, at
from fhir_service.rest.operations._replies import out, parameters_reply, parts
from fhir_service.rest.read import NOT_FOUND
from fhir_service.rest.render import refusal
from fhir_service.workflow.current import coordination, person_behind
from profiles.resource import Resource

_PARTS = ("name", "role", "phone", "unit")


async def serve(face: Face, request: Request, _: Arguments) -> Reply:
    """The coordinators, and whether there is a plan where that may be told."""
    person = await person_behind(face.repository, request.access, request.rid, near=True)
    if person is None:
        return refusal(NOT_FOUND)
    found = await coordination(face.repository, request.access, person)
    told = [parts("coordinator", _parts(one)) for one in found.coordinators]
    known = [] if found.plan_exists is None else [out("plan-exists", "boolean", found.plan_exists)]
    return parameters_reply([*told, *known])


def _parts(one: Mapping[str, object]) -> list[Resource]:
    return [out(name, "string", one[name]) for name in _PARTS if one.get(name)]


OPERATION = Operation(
    id="patient-coordinator",
    name="coordinator",
    title="Who coordinates for a person",
    says="Name, role, phone and unit of the coordinator, for members of the team and for the hospital where the person "
    "is a patient now; whether there is an individual plan, where consent or law lets the caller know.",
    serve=serve,
    levels=at(Level.INSTANCE),
    types=("Patient",),
    outputs=(
        Parameter(
            "coordinator",
            "",
            "Who coordinates",
            max="*",
            parts=(
                Parameter("name", "string", "Their name", min=1),
                Parameter("role", "string", "Their role", min=1),
                Parameter("phone", "string", "Their phone"),
                Parameter("unit", "string", "Where they work"),
            ),
        ),
        Parameter("plan-exists", "boolean", "Whether there is a plan in force; absent: not to be told"),
    ),
)
