"""What is told of a change over REST: its Provenance, made when somebody reads it (ADR 0026).

Who, when and why lie in the trace of the version, what has changed is worked out from it and the version before, as the
reader sees both.  https://hl7.org/fhir/R4/provenance.html
"""

from collections.abc import Sequence

import msgspec

from fhir_service.access.marks import mark_of, unmarked
from fhir_service.principal import EMERGENCY
from fhir_service.rules import differences
from fhir_service.storage.access import Access
from fhir_service.storage.audit_changes import Change
from fhir_service.storage.instants import moment
from fhir_service.storage.port import Repository
from fhir_service.workflow.audited import Trace
from fhir_service.workflow.on_behalf import entered, participant, told_by
from fhir_service.workflow.trace import CLIENT, SERVICE_AGENT
from fhir_service.workflow.versions import instant, parse_body
from profiles import names
from profiles.r4_types import CodeableConcept, Extension, Meta, Provenance, ProvenanceAgent, Reference
from profiles.resource import Resource, stated

MOST_PATHS = 200
"""Paths that are told of one change (SR-8)."""


class Seen(msgspec.Struct, frozen=True):
    """What somebody sees of a change. `paths`: what differs; `whole`: whether nothing of it is hidden from them;
    `made`: what is new, as it was made."""

    paths: tuple[str, ...] = ()
    whole: bool = True
    made: Resource | None = None


async def seen_of(repository: Repository, access: Access, key: tuple[str, str, int]) -> Seen | None:
    """Of the change that made the version `key`, (type, id, number), by what the repository shows of it; None: nothing.

    A change of which everything is hidden is not told, nor who made it (SR-29).
    """
    rtype, rid, version = key
    now = await repository.vread(rtype, rid, version, access)
    if now is None:
        return None
    was = await repository.vread(rtype, rid, version - 1, access) if version > 1 and now.body else None
    parsed = [parse_body(one.body) for one in (was, now) if one is not None and one.body]
    whole = all(mark_of(one) is None for one in parsed)
    if len(parsed) < 2:
        return Seen((), whole, parsed[0] if version == 1 and parsed else None)
    before, after = map(unmarked, parsed)
    paths = tuple(one.path for one in differences(before, after))
    return Seen(paths[:MOST_PATHS], whole) if paths or whole else None


def changed(paths: Sequence[str]) -> list[Extension]:
    """Extensions of the target that tell what has changed."""
    return [{"url": names.IP_CHANGED_PATH, "valueString": path} for path in paths]


def provenance_of(change: Change, trace: Trace, eid: str, seen: Seen) -> Provenance:
    """The resource with the id `eid`. The reason is told where nothing is hidden: it may speak of what is."""
    at = instant(moment(change.at))
    meta: Meta = {"versionId": "1", "lastUpdated": at}
    target: Reference = {"extension": changed(seen.paths) or None, "reference": change.reference}
    code = "DELETE" if change.deleted else "CREATE" if change.version == 1 else "UPDATE"
    provenance: Provenance = {
        "resourceType": "Provenance",
        "id": eid,
        "meta": meta,
        "target": [stated(target)],
        "recorded": at,
        "reason": reasons(trace) if seen.whole else None,
        "activity": {"coding": [{"system": names.V3_DATA_OPERATION, "code": code}]},
        "agent": [*_agents(trace, seen.made), SERVICE_AGENT],
        "entity": [{"role": "source", "what": {"identifier": {"value": trace.request_id}}}]
        if trace.request_id
        else None,
    }
    return stated(provenance)


def reasons(trace: Trace) -> list[CodeableConcept] | None:
    """Why, as far as the caller has said so."""
    concept: CodeableConcept = {
        "coding": [{"system": names.V3_ACT_REASON, "code": trace.purpose}] if trace.purpose == EMERGENCY else None,
        "text": trace.reason or None,
    }
    told = stated(concept)
    return [told] if told else None


def _agents(trace: Trace, made: Resource | None) -> list[ProvenanceAgent]:
    """The person or the organization is the author; an organization by which a person writes enters it, and so does
    who writes on behalf of somebody else."""
    role: list[CodeableConcept] | None = [{"text": trace.role}] if trace.role else None
    caller = trace.person or trace.organization
    who: Reference = {"reference": caller} if caller else CLIENT
    party = told_by(made, trace.role, caller)
    if party is not None:
        return entered(party, who, role)
    author: ProvenanceAgent = {"type": participant("author"), "role": role, "who": who}
    enterer: list[ProvenanceAgent] = (
        [{"type": participant("enterer"), "who": {"reference": trace.organization}}]
        if trace.person and trace.organization
        else []
    )
    return [stated(author), *enterer]
