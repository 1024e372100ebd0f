"""Emergency access: everything of one person for one request, by whoever says why (workflow.md 4.7 rule 5, SR-27).

The audit event of the request has the purpose and the reason (`audited`). Before the answer is given, the person and
the koordinerende enhet are told by a Communication each: once a day for one caller and one reason.
"""

from fhir_service.principal import EMERGENCY, Principal
from fhir_service.rules import Draft, derived_id
from fhir_service.storage.port import NOTHING, Changes, Reads, Work
from fhir_service.workflow.custodian import LOOKED_AT, ke_of, patient_of
from fhir_service.workflow.settle import OSLO, Ground, Wanted, settle
from fhir_service.workflow.versions import instant, parse_body
from profiles import names
from profiles.r4_types import Communication, Reference

_SAYS = "Nødtilgang: {who} har sett opplysninger om personen uten samtykke. Begrunnelse: {reason}"


def opened(person_id: str, by: Principal, ground: Ground) -> Work[None]:
    """The unit of work that tells that everything of a person is opened to `by`."""

    async def work(tx: Reads) -> tuple[None, Changes]:
        resources = [parse_body(row.body) for row in await tx.of_persons([person_id], LOOKED_AT)]
        patient = patient_of(resources)
        if patient is None:
            return None, NOTHING
        about: Reference = {"reference": f"Patient/{patient['id']}"}
        recipients = (about, ke_of(resources, patient, ground, tx.now))
        told = [draft for to in recipients if (draft := await _told(tx, by, about, to))]
        settlement = await settle(tx, [Wanted(draft) for draft in told], ground)
        return None, settlement.changes

    return work


async def _told(tx: Reads, by: Principal, about: Reference, recipient: Reference) -> Draft | None:
    """The Communication to a recipient; None where they have been told today."""
    day = tx.now.astimezone(OSLO).date().isoformat()
    who = by.person or by.organization or ""
    parties = (str(about.get("reference")), who, str(recipient.get("reference")))
    rid = derived_id("Communication", "emergency", *parties, by.reason or "", day)
    if await tx.get("Communication", rid) is not None:
        return None
    told: Communication = {
        "resourceType": "Communication",
        "id": rid,
        "status": "completed",
        "category": [{"coding": [{"system": names.COMMUNICATION_CATEGORY, "code": "notification"}]}],
        "reasonCode": [{"coding": [{"system": names.V3_ACT_REASON, "code": EMERGENCY}]}],
        "subject": about,
        "sent": instant(tx.now),
        "sender": {"reference": who},
        "recipient": [recipient],
        "payload": [{"contentString": _SAYS.format(who=who, reason=by.reason)}],
    }
    return Draft("Communication", rid, dict(told), cause="emergency")
