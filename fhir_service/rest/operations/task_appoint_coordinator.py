"""Task/[id]/$appoint-coordinator: a coordinator is proposed and appointed (workflow.md 4.5 K1 and K2, 6.1, 13)."""

from collections.abc import Sequence
from datetime import date

from fhir_service.rest.exchange import Face, Reply, Request
from fhir_service.rest.operations._changing import RETURN, changed
from fhir_service.rest.operations._model import Arguments, Level, Operation, Parameter, at
from fhir_service.rules._appointing import unconfirmed
from fhir_service.rules._appointment import Appointment, proposed_team, searching_for, team_of, with_candidate
from fhir_service.rules._team import COORDINATOR_ROLES
from fhir_service.workflow import WriteRequest
from fhir_service.workflow.composing import Scene
from profiles.issues import Issue, error
from profiles.resource import Resource

_NO_SEARCH = error(
    "rule", "Task.code", "$appoint-coordinator is about a case, or its Task appoint-coordinator or change-coordinator"
)
_LATER = error(
    "rule", "start", "A coordinator starts today or earlier: what is to happen later is a Task change-coordinator"
)
_NEEDED = {
    "person-accepts": "true is needed: whom the person declines is not appointed. That the person wants no coordinator "
    "is the output decision-coordinator = declined-by-person of the case",
    "unit-confirms": "true is needed: the leader of the unit confirms first. Until then the team is proposed (POST "
    "CareTeam)",
}


async def serve(face: Face, request: Request, arguments: Arguments) -> Reply:
    """The team with its coordinator, and the Tasks that follow."""

    def compose(scene: Scene) -> Sequence[WriteRequest] | Issue:
        return _wrong(arguments, scene) or _writes(arguments, scene)

    return await changed(face, request, "$appoint-coordinator", compose)


def _wrong(arguments: Arguments, scene: Scene) -> Issue | None:
    for name, text in _NEEDED.items():
        if not arguments.one(name):
            return error("rule", name, text)
    if arguments.one("role") not in (None, *COORDINATOR_ROLES):
        return error("bad-parameter-value", "role", f"Expected one of {', '.join(COORDINATOR_ROLES)}")
    start = arguments.one("start")
    if start is not None and len(start) == len("2026-11-22") and date.fromisoformat(start) > scene.context.today:
        return _LATER
    return None


def _writes(arguments: Arguments, scene: Scene) -> Sequence[WriteRequest] | Issue:
    search = searching_for(scene.standing, scene.resource)
    if search is None:
        return _NO_SEARCH
    appointment = Appointment(
        arguments.one("coordinator"),
        arguments.one("role") or COORDINATOR_ROLES[0],
        arguments.one("start") or scene.context.today.isoformat(),
        arguments.one("deputy"),
    )
    confirmed = [_accepted(task) for task in unconfirmed(scene.standing)]
    team = team_of(scene.standing)
    if team is None:
        made = proposed_team(scene.ids[0], search, appointment)
        return (*confirmed, _put(made), _put({**made, "status": "active"}))

    def appointed(before: Resource) -> Resource:
        return {**with_candidate(before, appointment), "status": "active"}

    version = int(team["meta"]["versionId"])
    return (*confirmed, WriteRequest("patch", "CareTeam", team["id"], patch=appointed, if_match=version))


def _accepted(task: Resource) -> WriteRequest:
    """The unit confirms by the operation itself (K2)."""
    version = int(task["meta"]["versionId"])
    return WriteRequest("patch", "Task", task["id"], patch=lambda t: {**t, "status": "accepted"}, if_match=version)


def _put(team: Resource) -> WriteRequest:
    return WriteRequest("update", "CareTeam", team["id"], team)


OPERATION = Operation(
    id="task-appoint-coordinator",
    name="appoint-coordinator",
    title="Appoint a coordinator",
    says="Proposes and appoints the coordinator that a case, or its sub-step, looks for: what POST of a CareTeam "
    "(proposed) and PUT (active) do, in one transaction. A team that waits for a coordinator gets this one. Needs "
    "If-Match.",
    serve=serve,
    levels=at(Level.INSTANCE),
    types=("Task",),
    affects_state=True,
    bundles=True,
    inputs=(
        Parameter("coordinator", "Reference", "The PractitionerRole who coordinates", min=1),
        Parameter("role", "code", "coordinator (where absent) or child-coordinator"),
        Parameter("start", "date", "From when on; today where absent"),
        Parameter("person-accepts", "boolean", "Whether the person accepts the candidate", min=1),
        Parameter("unit-confirms", "boolean", "Whether the leader of the unit confirms the candidate", min=1),
        Parameter("deputy", "Reference", "Who stands in for the coordinator"),
    ),
    outputs=(RETURN,),
)
