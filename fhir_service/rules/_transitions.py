"""The state machines of workflow.md 4 as data. `None` is "not there yet"."""

from collections.abc import Mapping

from fhir_service.rules._kinds import Kind

ERROR = "entered-in-error"
Machine = Mapping[str | None, frozenset[str]]


def _machine(table: Mapping[str | None, str]) -> Machine:
    """Every state that occurs, each with the next ones; `entered-in-error` is reached from all but itself."""
    states = {s for nexts in table.values() for s in nexts.split()} | {s for s in table if s}
    machine: dict[str | None, frozenset[str]] = {None: frozenset(table[None].split())}
    for state in sorted(states):
        machine[state] = frozenset(table.get(state, "").split()) | {ERROR}
    machine[ERROR] = frozenset()
    return machine


TRANSITIONS: Mapping[Kind, Machine] = {
    Kind.NEED: _machine(
        {
            None: "draft active",
            "draft": "active revoked",
            "active": "completed revoked on-hold",
            "on-hold": "active",
            "completed": "",
            "revoked": "",
        }
    ),
    Kind.CASE: _machine(
        {
            None: "requested",
            "requested": "received rejected cancelled",
            "received": "accepted rejected cancelled",
            "accepted": "in-progress cancelled",
            "in-progress": "completed on-hold failed",
            "on-hold": "in-progress failed",
        }
    ),
    Kind.CHILD: _machine(
        {
            None: "requested",
            "requested": "accepted rejected cancelled",
            "accepted": "in-progress rejected cancelled",
            "in-progress": "completed cancelled",
            "on-hold": "cancelled",  # a review waits with its plan (P4), and goes on with it (P5)
        }
    ),
    Kind.TEAM: _machine(
        {None: "proposed", "proposed": "active", "active": "suspended inactive", "suspended": "active"}
    ),
    Kind.PLAN: _machine(
        {
            None: "draft",
            "draft": "active revoked",
            "active": "on-hold completed revoked",
            "on-hold": "active completed revoked",
        }
    ),
    Kind.CONSENT: _machine({None: "proposed active rejected", "proposed": "active rejected", "active": "inactive"}),
}
"""Kind -> status -> the statuses that may come next (4.1-4.3, 4.5-4.7)."""

BUSINESS_STATUS: Mapping[str, frozenset[str]] = {
    status: frozenset(codes.split())
    for status, codes in {
        "requested": "new",
        "received": "registered",
        "accepted": "awaiting-consent awaiting-information under-assessment",
        "in-progress": "under-assessment clarification-meeting decided declined-by-person coordinator-search "
        "coordinator-appointed",
        "on-hold": "awaiting-consent awaiting-information person-unreachable",
        "rejected": "duplicate forwarded not-applicable",
        "completed": "closed withdrawn",
        "cancelled": "withdrawn person-deceased moved-abroad",
        "failed": "person-deceased moved-abroad",
    }.items()
}
"""Task.status of a case -> the codes of businessStatus that go with it (4.2)."""

TERMINAL_TASK = frozenset({"rejected", "cancelled", "completed", "failed", ERROR})
OPEN_CHILD = frozenset({"requested", "accepted", "in-progress", "on-hold"})
IN_FORCE = frozenset({"draft", "active", "on-hold"})
"""Statuses in which a plan counts for INV-01."""
STANDING_TEAM = frozenset({"active", "suspended"})
"""Statuses in which a team's coordinator is appointed (INV-02)."""
