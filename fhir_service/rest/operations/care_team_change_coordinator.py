"""CareTeam/[id]/$change-coordinator: another coordinator, without a gap (workflow.md 4.5 K4, 6.1, 13)."""

from collections.abc import Sequence
from datetime import datetime

from fhir_service.rest.exchange import Face, Reply, Request
from fhir_service.rest.operations._changing import RETURN, changed
from fhir_service.rest.operations._model import Arguments, Level, Operation, Parameter, at
from fhir_service.rules import Kind, kind_of
from fhir_service.rules._appointment import changed_team
from fhir_service.rules._times import parse
from fhir_service.rules._transitions import STANDING_TEAM
from fhir_service.workflow import WriteRequest
from fhir_service.workflow.composing import Scene
from profiles.issues import Issue, error

_NOT_AT_WORK = error(
    "rule", "CareTeam.status", "$change-coordinator is about a coordination team that is active or suspended"
)
_LATER = error(
    "rule", "start", "A coordinator starts now or earlier: what is to happen later is a Task change-coordinator"
)
_NO_TIME = error("bad-parameter-value", "start", "Expected a day or a time, as 2026-11-22T09:00:00+01:00")


async def serve(face: Face, request: Request, arguments: Arguments) -> Reply:
    """The team, the plan, and the Tasks that have another owner now."""

    def compose(scene: Scene) -> Sequence[WriteRequest] | Issue:
        start = _start(arguments.one("start"), scene)
        return start if isinstance(start, Issue) else _writes(arguments, scene, start)

    return await changed(face, request, "$change-coordinator", compose)


def _start(given: str | None, scene: Scene) -> datetime | Issue:
    now = scene.context.now
    start = now if given is None else parse(given)
    if start is None:
        return _NO_TIME
    return _LATER if start > now else start


def _writes(arguments: Arguments, scene: Scene, start: datetime) -> Sequence[WriteRequest] | Issue:
    team = scene.resource
    if kind_of(team) is not Kind.TEAM or team.get("status") not in STANDING_TEAM:
        return _NOT_AT_WORK
    member, reason = arguments.one("coordinator"), arguments.one("reason")
    return (
        WriteRequest(
            "patch",
            "CareTeam",
            team["id"],
            patch=lambda before: {**changed_team(before, member, start, reason), "status": "active"},
            if_match=scene.version,
        ),
    )


OPERATION = Operation(
    id="careteam-change-coordinator",
    name="change-coordinator",
    title="Change the coordinator",
    says="Ends the period of the coordinator and begins that of another one at the same moment: what PUT of the "
    "CareTeam does. The plan and the open work follow. Needs If-Match.",
    serve=serve,
    levels=at(Level.INSTANCE),
    types=("CareTeam",),
    affects_state=True,
    bundles=True,
    inputs=(
        Parameter("coordinator", "Reference", "The PractitionerRole who coordinates from now on", min=1),
        Parameter("start", "dateTime", "From when on; now where absent"),
        Parameter("reason", "CodeableConcept", "Why the coordinator changes", min=1),
    ),
    outputs=(RETURN,),
)
