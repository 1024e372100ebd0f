"""Words that somebody else entered: on behalf of the party who told them, by phone or at a meeting (workflow.md 1).

That party is the author of what is made, and the employee who wrote it down the enterer.
"""

from collections.abc import Callable, Mapping

from fhir_service.rules import Kind, kind_of, references, several
from profiles import names
from profiles.r4_types import CodeableConcept, ProvenanceAgent, Reference
from profiles.resource import Resource, stated

ENTERING = frozenset({"ke", "coordinator"})
"""Roles that write on behalf of others."""
_TOLD: Mapping[str, Callable[[Resource], object]] = {
    "ServiceRequest": lambda r: r.get("requester") if kind_of(r) is Kind.NEED else None,
    "Consent": lambda r: r.get("performer") if kind_of(r) is Kind.CONSENT else None,
    "Goal": lambda r: r.get("expressedBy"),
}


def told_by(made: Resource | None, role: str | None, caller: str | None) -> str | None:
    """Literal reference of the party for whom somebody in this role has made it; None: the caller's own words."""
    told = _TOLD.get(str((made or {}).get("resourceType")))
    if made is None or told is None or role not in ENTERING:
        return None
    party = next(iter(references(several(told(made)))), None)
    return party if party != caller else None


def entered(party: str, enterer: Reference, role: list[CodeableConcept] | None = None) -> list[ProvenanceAgent]:
    """The agents of a Provenance of what was written on behalf of a party."""
    author: ProvenanceAgent = {"type": participant("author"), "who": {"reference": party}}
    by: ProvenanceAgent = {"type": participant("enterer"), "role": role, "who": enterer}
    return [author, stated(by)]


def participant(code: str) -> CodeableConcept:
    """`Provenance.agent.type`."""
    return {"coding": [{"system": names.PROVENANCE_PARTICIPANT, "code": code}]}
