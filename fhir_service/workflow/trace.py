"""What a change leaves behind about itself: Provenance, AuditEvent and the raw message as Binary.

hl7v2-mapping.md 10 (items 1, 7, 8), SR-33.  https://hl7.org/fhir/R4/provenance.html
"""

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from fhir_service.rules import Draft, extension
from fhir_service.storage.port import Changes, Write
from fhir_service.workflow.ids import new_id
from fhir_service.workflow.labelling import PLAIN
from fhir_service.workflow.on_behalf import entered, participant, told_by
from fhir_service.workflow.settle import Settlement, joined
from fhir_service.workflow.versions import instant, next_version
from profiles import names
from profiles.r4_types import (
    AuditEvent,
    AuditEventEntity,
    Binary,
    CodeableConcept,
    Provenance,
    ProvenanceAgent,
    Reference,
)
from profiles.resource import stated

SERVICE_AGENT: ProvenanceAgent = {
    "type": {"coding": [{"system": names.PROVENANCE_PARTICIPANT, "code": "assembler"}]},
    "who": {"type": "Device", "display": "Knutepunkt"},
}
CLIENT: Reference = {"display": "Client"}
"""Who writes without a word of organization or person (in `dev` only)."""
DICOM = "http://dicom.nema.org/resources/ontology/DCM"
AUDIT_ENTITY_TYPE = names.TERMINOLOGY + "/audit-entity-type"
OBJECT_ROLE = names.TERMINOLOGY + "/object-role"


def versioned(write: Write) -> Reference:
    """Reference to the version that a write makes."""
    return {"reference": f"{write.rtype}/{write.rid}/_history/{write.version}"}


def provenance_of_rest(settlement: Settlement, drafts: Sequence[Draft], now: datetime) -> Changes:
    """The settlement's changes, with a Provenance where the service did more than the client asked for."""
    if len(settlement.changes.writes) == len(drafts):
        return settlement.changes
    draft = drafts[0]
    alone = len({d.rtype for d in drafts}) == 1
    asked = f"{'delete' if draft.after is None else 'write'} {draft.rtype}" if alone else "transaction"
    provenance: Provenance = {
        "resourceType": "Provenance",
        "target": [versioned(w) for w in settlement.changes.writes],
        "recorded": instant(now),
        "reason": list(_reasons(drafts)) or None,
        "activity": {"text": asked},
        "agent": [*_caller(draft), SERVICE_AGENT],
    }
    persons = {p for d in drafts if (p := settlement.persons.get(d.reference))}
    person = persons.pop() if len(persons) == 1 else None
    return joined(settlement.changes, writes=(new_write(stated(provenance), now, person),))


def _reasons(drafts: Sequence[Draft]) -> Iterator[CodeableConcept]:
    """What a plan or team says about why it is changed (extension ip-status-reason), where that is new."""
    for draft in drafts:
        before, after = (extension(one, names.IP_STATUS_REASON) for one in (draft.before, draft.after))
        if after is not None and after != before and "valueCodeableConcept" in after:
            yield after["valueCodeableConcept"]


def _caller(draft: Draft) -> list[ProvenanceAgent]:
    caller = draft.by.person or draft.by.organization
    party = told_by(draft.after, draft.by.role, caller) if draft.before is None else None
    if party is not None:
        return entered(party, {"reference": caller} if caller else CLIENT)
    return [{"type": participant("author"), "who": {"reference": caller}}] if caller else []


def new_write(resource: Mapping[str, Any], now: datetime, person_id: str | None, rid: str | None = None) -> Write:
    """The first version of a resource of the service's own."""
    rid = rid or new_id()
    draft = Draft(resource["resourceType"], rid, {**resource, "id": rid}, cause="service")
    return next_version(draft, 1, now, person_id, labelled=PLAIN.of(draft, person_id, None))


def binary(body: bytes, content_type: str) -> Binary:
    """Raw bytes exactly as received."""
    return {"resourceType": "Binary", "contentType": content_type, "data": b64encode(body).decode("ascii")}


def provenance_of_message(
    targets: Sequence[Write],
    agents: Sequence[ProvenanceAgent],
    source: str,
    event: str,
    times: tuple[datetime, str | None],
) -> Provenance:
    """Why everything that a message wrote is as it is. `times`: recorded (UTC), occurred (FHIR dateTime)."""
    recorded, occurred = times
    provenance: Provenance = {
        "resourceType": "Provenance",
        "target": [versioned(w) for w in targets],
        "recorded": instant(recorded),
        "agent": [*agents, SERVICE_AGENT],
        "entity": [{"role": "source", "what": {"reference": source}}],
        "activity": {"coding": [{"system": names.V2 + "0003", "code": event}]} if event else None,
        "occurredDateTime": occurred,
    }
    return stated(provenance)


def audit_of_message(
    sender: Reference,
    patient: str | None,
    source: str | None,
    event: str,
    recorded: datetime,
    outcome: Literal["0", "4"] = "0",
) -> AuditEvent:
    """That a message was taken in, or with the outcome `4` refused.  https://hl7.org/fhir/R4/auditevent.html"""
    entities: list[AuditEventEntity] = (
        [{"what": {"reference": source}, "type": {"system": AUDIT_ENTITY_TYPE, "code": "2"}}] if source else []
    )
    if patient:
        entities.insert(
            0,
            {
                "what": {"reference": patient},
                "type": {"system": AUDIT_ENTITY_TYPE, "code": "1"},
                "role": {"system": OBJECT_ROLE, "code": "1"},
            },
        )
    audit: AuditEvent = {
        "resourceType": "AuditEvent",
        "type": {"system": DICOM, "code": "110107", "display": "Import"},
        "subtype": [{"system": names.V2 + "0003", "code": event}] if event else None,
        "action": "C",
        "recorded": instant(recorded),
        "outcome": outcome,
        "purposeOfEvent": [{"coding": [{"system": names.V3_ACT_REASON, "code": "TREAT"}]}],
        "agent": [{"who": sender, "requestor": True}],
        "source": {"observer": {"type": "Device", "display": "Knutepunkt"}},
        "entity": entities or None,
    }
    return stated(audit)
