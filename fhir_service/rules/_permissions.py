"""Who may write what: the column "By" of workflow.md 4 and the table of section 1, as data."""

from collections.abc import Mapping

from fhir_service.rules._kinds import Kind

NOTIFIERS = "notifier service person"
CREATE = "create"
CONTENT = "content"
ELSEWHERE = "completed elsewhere"

BY: Mapping[Kind, Mapping[str, frozenset[str]]] = {
    kind: {step: frozenset(roles.split()) for step, roles in steps.items()}
    for kind, steps in {
        Kind.NEED: {
            CREATE: NOTIFIERS + " ke",
            CONTENT: NOTIFIERS,
            "active": NOTIFIERS,
            "on-hold": NOTIFIERS,
            "revoked": NOTIFIERS,
            "completed": "",
            "entered-in-error": NOTIFIERS + " administrator",
        },
        Kind.CASE: {
            CREATE: "ke",
            CONTENT: "ke",
            "received": "ke",
            "accepted": "ke",
            "in-progress": "ke",
            "on-hold": "ke",
            "rejected": "ke",
            "cancelled": "ke",
            "completed": "ke",
            "failed": "ke",
            "entered-in-error": "administrator",
        },
        Kind.TEAM: {
            CREATE: "ke",
            CONTENT: "ke coordinator",
            "active": "ke",
            "suspended": "ke",
            "inactive": "ke",
            "entered-in-error": "ke administrator",
        },
        Kind.PLAN: {
            CREATE: "coordinator",
            CONTENT: "coordinator ke service",
            "active": "coordinator",
            "on-hold": "coordinator",
            "completed": "coordinator",
            ELSEWHERE: "coordinator ke",
            "revoked": "coordinator ke",
            "entered-in-error": "coordinator administrator",
        },
        Kind.CONSENT: dict.fromkeys(
            (CREATE, CONTENT, "active", "rejected", "inactive", "entered-in-error"), "person ke coordinator"
        ),
    }.items()
}
"""Kind -> the step (`create`, a status that is reached, or `content`) -> roles. Child Tasks: `_tasks.CHILDREN`.

A plan that goes on in another municipality is completed here by whoever handed it over (P9, 4.10).
"""


def may_make(kind: Kind, role: str | None) -> bool:
    """Whether there is a person for whom somebody in this role makes a resource of the kind."""
    makers = BY[kind][CREATE]
    return role is None or role in makers or (role == "ke" and "coordinator" in makers)  # it stands in for one
