"""What a step of the case says about its business status, where its author leaves that as it was (workflow.md 4.2).

The column "businessStatus after" of the workflow. A client that only moves the status, or only puts the outputs of the
decision (6.1), means the step all the same; one that states another business status is judged by what it states.
"""

from collections.abc import Mapping

from fhir_service.rules._case import CHILD_DECISION, DECISIONS, business_status, decided, reason_of
from fhir_service.rules._kinds import Kind, kind_of
from fhir_service.rules._transitions import BUSINESS_STATUS
from profiles import names
from profiles.code_systems import concept
from profiles.resource import Resource

DECLINED = "declined-by-person"
OUTCOME: Mapping[str | None, str] = {
    "wrong-municipality": "forwarded",
    "duplicate": "duplicate",
    "not-a-need-notification": "not-applicable",
    "person-unknown": "not-applicable",
}
"""statusReason of a rejected case -> businessStatus"""
_AFTER: Mapping[str, str] = {
    "received": "registered",
    "accepted": "under-assessment",
    "in-progress": "under-assessment",
    "completed": "closed",
    "cancelled": "withdrawn",
}
"""Task.status -> businessStatus, where nothing else decides."""


def followed(before: Resource | None, after: Resource) -> Resource:
    """The case with the business status that goes with its step; all else, and a case that says its own, as it is."""
    if kind_of(before) is not Kind.CASE or kind_of(after) is not Kind.CASE:
        return after
    left = business_status(after) in (None, business_status(before))
    code = _code(before or {}, after) if left else None
    return after if code is None else {**after, "businessStatus": concept(names.KE_BUSINESS_STATUS, code)}


def decision_status(case: Resource) -> str:
    """The person declines where nothing is left that anybody has to do."""
    told = [decided(case, kind) for kind in (*DECISIONS, CHILD_DECISION)]
    declines = DECLINED in told and all(code in (DECLINED, "not-applicable", None) for code in told)
    return DECLINED if declines else "decided"


def _code(before: Resource, after: Resource) -> str | None:
    status = str(after.get("status"))
    if status == "in-progress" and _is_decided(after) and not _is_decided(before):
        return decision_status(after)
    if business_status(after) in BUSINESS_STATUS.get(status, frozenset()):
        return None
    reason = reason_of(after)
    if reason in BUSINESS_STATUS.get(status, frozenset()):
        return reason
    if status == "in-progress" and _is_decided(after):
        return decision_status(after)
    return OUTCOME.get(reason) if status == "rejected" else _AFTER.get(status)


def _is_decided(case: Resource) -> bool:
    return all(decided(case, kind) is not None for kind in DECISIONS)
