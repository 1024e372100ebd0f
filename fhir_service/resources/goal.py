"""Goal: those of the individual plan are guarded.

R4's Goal has no category that tells a plan's goal from another. It says so itself where `meta.profile` names ip-goal or
it is part of another goal by our extension (workflow.md 5, IpGoal); else a plan that refers to it says so. That is
looked for where it matters (`workflow.preconditions`, the rule `not-deletable`).
"""

from fhir_service.resources._codings import listed
from fhir_service.resources._model import ResourceType
from profiles.names import IP_GOAL, IP_PART_OF
from profiles.resource import Resource


def is_plan_goal(goal: Resource) -> bool:
    """Whether the Goal declares itself as one of an individual plan."""
    meta = goal.get("meta")
    profiles = listed(meta.get("profile")) if isinstance(meta, dict) else ()
    if any(isinstance(p, str) and p.partition("|")[0] == IP_GOAL for p in profiles):
        return True
    return any(isinstance(e, dict) and e.get("url") == IP_PART_OF for e in listed(goal.get("extension")))


RESOURCE = ResourceType(name="Goal", typed=("patient", "subject", "lifecycle-status"), guarded=is_plan_goal)
