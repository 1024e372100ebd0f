"""Our profile of each kind of resource: what workflow.md 5 demands of it, whether or not it claims the profile."""

from collections.abc import Mapping

from fhir_service.resources import resource_type
from fhir_service.rules._elements import code_in
from fhir_service.rules._kinds import Kind, is_imported, kind_of
from profiles import names
from profiles.resource import Resource

PROFILES: Mapping[Kind, str] = {
    Kind.NEED: names.NEED_NOTIFICATION,
    Kind.CASE: names.KE_CASE_TASK,
    Kind.CHILD: names.KE_CHILD_TASK,
    Kind.TEAM: names.COORDINATION_CARE_TEAM,
    Kind.PLAN: names.IP_CARE_PLAN,
    Kind.CONSENT: names.IP_CONSENT,
}
STAMPED = frozenset(
    {
        "CarePlan.identifier",
        "ServiceRequest.performer",
        "Task.authoredOn",
        "Task.groupIdentifier",
        "Task.lastModified",
        "Task.requester",
    }
)
"""Where the service itself writes what a profile demands: a client need not send it (P1, S1, `task_stamped`)."""


def profile_of(resource: Resource) -> str | None:
    """The profile that a resource has to keep to; None: it is none of ours, or an import brought it (workflow.md 3)."""
    kind = kind_of(resource)
    if kind is not None:
        return None if is_imported(resource) else PROFILES[kind]
    rtype = resource.get("resourceType")
    if rtype == "Goal" and resource_type("Goal").guarded(resource):
        return names.IP_GOAL
    if rtype == "Communication" and code_in(resource.get("category"), names.FEEDBACK_CATEGORY):
        return names.IP_FEEDBACK
    if rtype == "Encounter" and code_in(resource.get("type"), names.MEETING_KIND):
        return names.IP_MEETING
    return None
