"""Emergency access: everything of one person for one request, by whoever says why (workflow.md 4.7 rule 5, SR-27).

Before the answer is given, an AuditEvent marked with the purpose and the reason is written, and the person and the
koordinerende enhet are told by a Communication each: once a day for one caller and one reason.
"""

from dataclasses import dataclass
from datetime import datetime

from fhir_service.principal import EMERGENCY, Principal
from fhir_service.rules import Draft, derived_id
from fhir_service.storage.port import Changes, Reads, Work
from fhir_service.workflow.custodian import LOOKED_AT, ke_of, patient_of
from fhir_service.workflow.ids import new_id
from fhir_service.workflow.settle import OSLO, Ground, Wanted, joined, settle
from fhir_service.workflow.trace import AUDIT_ENTITY_TYPE, OBJECT_ROLE, new_write
from fhir_service.workflow.versions import instant, parse_body
from profiles import names
from profiles.r4_types import AuditEvent, AuditEventEntity, CodeableConcept, Coding, Communication, Reference
from profiles.resource import stated

REST_EVENT = names.TERMINOLOGY + "/audit-event-type"
INTERACTION = "http://hl7.org/fhir/restful-interaction"
_SAYS = "Nødtilgang: {who} har sett opplysninger om personen uten samtykke. Begrunnelse: {reason}"


@dataclass(frozen=True, slots=True)
class Opening:
    """What is opened: everything of a person. `what`: `Type/id`, or the type that is searched; `request_id`: of the
    request."""

    person_id: str
    interaction: str
    what: str
    request_id: str


def opened(opening: Opening, by: Principal, ground: Ground) -> Work[None]:
    """The unit of work that keeps and tells it."""
    audit_id = new_id()

    async def work(tx: Reads) -> tuple[None, Changes]:
        rows = await tx.of_persons([opening.person_id], LOOKED_AT)
        resources = [parse_body(row.body) for row in rows]
        patient = patient_of(resources)
        about: Reference | None = {"reference": f"Patient/{patient['id']}"} if patient else None
        audit = _audit(opening, by, about, tx.now)
        told: list[Draft] = []
        if patient is not None and about is not None:
            ke = ke_of(resources, patient, ground, tx.now)
            told = [draft for to in (about, ke) if (draft := await _told(tx, opening, by, (about, to)))]
        settlement = await settle(tx, [Wanted(draft) for draft in told], ground)
        return None, joined(settlement.changes, writes=(new_write(audit, tx.now, opening.person_id, audit_id),))

    return work


async def _told(tx: Reads, opening: Opening, by: Principal, parties: tuple[Reference, Reference]) -> Draft | None:
    """The Communication to a recipient; None where they have been told today."""
    about, recipient = parties
    day = tx.now.astimezone(OSLO).date().isoformat()
    cause = (opening.person_id, _who(by), by.reason or "", str(recipient.get("reference")), day)
    rid = derived_id("Communication", "emergency", *cause)
    if await tx.get("Communication", rid) is not None:
        return None
    told: Communication = {
        "resourceType": "Communication",
        "id": rid,
        "status": "completed",
        "category": [{"coding": [{"system": names.COMMUNICATION_CATEGORY, "code": "notification"}]}],
        "reasonCode": [_purpose()],
        "subject": about,
        "sent": instant(tx.now),
        "sender": {"reference": _who(by)},
        "recipient": [recipient],
        "payload": [{"contentString": _SAYS.format(who=_who(by), reason=by.reason)}],
    }
    return Draft("Communication", rid, dict(told), cause="emergency")


def _audit(opening: Opening, by: Principal, about: Reference | None, now: datetime) -> AuditEvent:
    """https://hl7.org/fhir/R4/auditevent.html, after IHE BALP PatientRead and PatientQuery."""
    asked: Reference = {"reference": opening.what} if "/" in opening.what else {"display": opening.what}
    entities: list[AuditEventEntity] = [
        {"what": asked, "type": {"system": AUDIT_ENTITY_TYPE, "code": "2"}},
        {"what": {"identifier": {"value": opening.request_id}}, "type": _TRANSACTION},
    ]
    if about is not None:
        kind: Coding = {"system": AUDIT_ENTITY_TYPE, "code": "1"}
        entities.insert(0, {"what": about, "type": kind, "role": {"system": OBJECT_ROLE, "code": "1"}})
    audit: AuditEvent = {
        "resourceType": "AuditEvent",
        "type": {"system": REST_EVENT, "code": "rest"},
        "subtype": [{"system": INTERACTION, "code": opening.interaction}],
        "action": "R" if opening.interaction in ("read", "vread") else "E",
        "recorded": instant(now),
        "outcome": "0",
        "purposeOfEvent": [{"coding": _purpose()["coding"], "text": by.reason}],
        "agent": [{"who": {"reference": _who(by)}, "requestor": True, "purposeOfUse": [_purpose()]}],
        "source": {"observer": {"type": "Device", "display": "Knutepunkt"}},
        "entity": entities,
    }
    return stated(audit)


_TRANSACTION: Coding = {
    "system": "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType",
    "code": "XrequestId",
}
"""https://profiles.ihe.net/ITI/BALP/  The request, by its id."""


def _purpose() -> CodeableConcept:
    return {"coding": [{"system": names.V3_ACT_REASON, "code": EMERGENCY}]}


def _who(by: Principal) -> str:
    return by.person or by.organization or ""
