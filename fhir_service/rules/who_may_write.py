"""The column "By": a role writes what is its own.

A developer, who names neither a role nor for whom they call, passes (decision 32).
"""

from collections.abc import Iterable

from fhir_service.rules._case import child_code
from fhir_service.rules._elements import reference, status
from fhir_service.rules._kinds import Kind, kind_of
from fhir_service.rules._model import Change, Rule
from fhir_service.rules._permissions import BY, CONTENT, CREATE, ELSEWHERE
from fhir_service.rules._plan import MOVED, status_reason
from fhir_service.rules._tasks import CHILDREN
from fhir_service.rules._team import coordinator_of, coordinators
from profiles.issues import Issue, error
from profiles.resource import Resource

SERVICE_ITSELF = "service-itself"
_RELATED = {
    "service": " of the person: KE by a case, a team or a plan that names its organization, the coordinator by the team"
}
"""Whoever has no such relation writes as a service, whatever role they claim."""


def check(change: Change) -> Iterable[Issue]:
    """Refuses what the caller's role does not do."""
    kind = kind_of(change.after)
    role = change.by.acts_as
    if kind is None or role in (None, SERVICE_ITSELF) or change.draft.cause != "rest":
        return
    roles = _roles(change, kind)
    # A step that no state machine has is nobody's: `transitions` says which there are.
    if roles is not None and role not in roles and not _stands_in(change, roles):
        told = ", ".join(sorted(roles)) or "this service itself"
        text = f"The role {role} does not do this with {kind.one}; it is done by: {told}{_RELATED.get(role, '')}"
        yield error("forbidden", str((change.after or {}).get("resourceType")), text)


def _roles(change: Change, kind: Kind) -> frozenset[str] | None:
    after = change.after or {}
    if kind is Kind.CHILD:
        row = CHILDREN.get(child_code(after))
        return frozenset({"ke", *(row.by.split() if row else ())})
    step = _step(change, kind)
    if kind is Kind.TEAM and step == CONTENT and _appoints(change.before, after):
        return BY[kind]["active"]
    return BY[kind].get(step)


def _step(change: Change, kind: Kind) -> str:
    if kind_of(change.before) is not kind:
        return CREATE
    new = status(change.after)
    if kind is Kind.PLAN and new == "completed" and status_reason(change.after or {}) in MOVED:
        return ELSEWHERE
    return CONTENT if new == status(change.before) else str(new)


def _appoints(before: Resource | None, after: Resource) -> bool:
    """Whether another person becomes coordinator: never by the coordinator's own hand."""
    return {reference(p.get("member")) for _, p in coordinators(after)} != {
        reference(p.get("member")) for _, p in coordinators(before)
    }


def _stands_in(change: Change, roles: frozenset[str]) -> bool:
    """KE writes as coordinator while there is none (workflow.md 1)."""
    return change.by.role == "ke" and "coordinator" in roles and coordinator_of(change.standing) is None


RULE = Rule(
    id="who-may-write",
    title="Everyone writes what is their own",
    basis="workflow.md 1 and the column By of 4",
    says="Hver rolle kan bare endre det som er dens eget ansvar.",
    on=frozenset({"ServiceRequest", "Task", "CareTeam", "CarePlan", "Consent"}),
    check=check,
    order=5,
)
