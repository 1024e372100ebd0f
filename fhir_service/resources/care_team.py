"""CareTeam: the coordination team claims the person's one place for a coordinator (INV-02, workflow.md 4.5)."""

from dataclasses import replace

from fhir_service.resources._codings import has_coding, open_participants
from fhir_service.resources._model import OwnParameter, ResourceType
from profiles.names import TASK_INPUT, TEAM_CATEGORY, TEAM_ROLE
from profiles.resource import Resource

COORDINATOR_ROLES = frozenset({"coordinator", "child-coordinator"})
"""A family has one municipal coordinator; a specialist-coordinator is another role."""
NOT_IN_FORCE = frozenset({"proposed", "inactive", "entered-in-error"})
"""K1 names a candidate only; K2 claims the place; K6 frees it. A team without a status (R4 allows it) claims."""


def is_coordination_team(team: Resource) -> bool:
    """Whether the team is of category `coordination`."""
    return has_coding(team.get("category"), TEAM_CATEGORY, {"coordination"})


def is_for_expected_child(team: Resource) -> bool:
    """Whether it is about the child that the subject expects: a place of its own beside hers, until birth."""
    return has_coding(team.get("reasonCode"), TASK_INPUT, {"expected-child"})


def _in_force(team: Resource) -> tuple[str, ...]:
    """A suspended team holds the place only while somebody in it is coordinator (K5)."""
    if team.get("status") in NOT_IN_FORCE or not is_coordination_team(team):
        return ()
    coordinated = any(has_coding(p.get("role"), TEAM_ROLE, COORDINATOR_ROLES) for p in open_participants(team))
    if not coordinated:
        return ()
    return ("coordinator-expected-child",) if is_for_expected_child(team) else ("coordinator",)


_COORDINATOR = (
    "participant.where(period.end.empty() and role.coding"
    f".where(system='{TEAM_ROLE}' and (code='coordinator' or code='child-coordinator')).exists()).member"
)
BY_COORDINATOR = OwnParameter(
    "coordinator",
    "reference",
    f"CareTeam.{_COORDINATOR}",
    "Teams by the coordinator or child coordinator with an open period",
    ("PractitionerRole", "Practitioner"),
)
PLANS_BY_COORDINATOR = replace(
    BY_COORDINATOR,
    expression=f"CarePlan.careTeam.resolve().{_COORDINATOR}",
    says="Plans by the coordinator or child coordinator of their team, with an open period",
    over="care-team:CareTeam.coordinator",
)
"""The coordinator of a plan stands on its team alone."""

RESOURCE = ResourceType(
    name="CareTeam",
    typed=("patient", "subject", "status", "date"),
    parameters=(BY_COORDINATOR,),
    in_force=_in_force,
    guarded=is_coordination_team,
)
