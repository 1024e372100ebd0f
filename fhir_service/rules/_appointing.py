"""Whether a coordinator is being looked for, and for which case (K1, K2)."""

from fhir_service.rules._case import case_behind, cases, children, decided, grants_coordinator, outputs
from fhir_service.rules._elements import reference
from fhir_service.rules._kinds import Kind, enters
from fhir_service.rules._model import Change, Standing
from profiles.resource import Resource

SEARCHES = ("appoint-coordinator", "change-coordinator")


def searches(standing: Standing) -> list[Resource]:
    """The open Tasks for which a coordinator is looked for, where the person has not declined."""
    tasks = (t for code in SEARCHES for t in children(standing, code))
    return [t for t in tasks if not _is_declined(case_behind(standing, t))]


def unconfirmed(standing: Standing) -> list[Resource]:
    """The searches that were given to a unit which has not taken them on; empty where one is confirmed (K2)."""
    found = searches(standing)
    waiting = [t for t in found if t.get("status") == "requested" and _is_given_on(standing, t)]
    return waiting if len(waiting) == len(found) else []


def _is_given_on(standing: Standing, task: Resource) -> bool:
    """Whether somebody else than the koordinerende enhet that asked has the Task."""
    asked = {reference((case_behind(standing, task) or {}).get("owner")), reference(task.get("requester"))}
    return reference(task.get("owner")) not in asked


def appointing(change: Change) -> Resource | None:
    """The case for which a team becomes active with a coordinator who was looked for (K2)."""
    if not enters(change, Kind.TEAM, "active"):
        return None
    return next((case for task in searches(change.standing) if (case := case_behind(change.standing, task))), None)


def has_declined(standing: Standing) -> bool:
    """Whether the person has said no to a coordinator, by the newest decision (K3)."""
    found = [c for c in cases(standing) if outputs(c, "decision-coordinator")]
    newest = max(found, key=lambda c: str(c.get("authoredOn")), default=None)
    return _is_declined(newest) and not grants_coordinator(newest or {})


def is_wanted(standing: Standing) -> bool:
    """Whether anybody looks for a coordinator."""
    return bool(searches(standing))


def _is_declined(case: Resource | None) -> bool:
    return case is not None and decided(case, "decision-coordinator") == "declined-by-person"
