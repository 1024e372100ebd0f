"""One write over REST as a unit of work.  https://hl7.org/fhir/R4/http.html"""

from fhir_service.principal import Principal
from fhir_service.storage.access import access_of
from fhir_service.storage.port import NOTHING, Changes, Reads, Work
from fhir_service.workflow.ids import new_id
from fhir_service.workflow.interaction import answers, intended
from fhir_service.workflow.known import Known
from fhir_service.workflow.request import ANY_VERSION, Refused, WriteRequest, Written
from fhir_service.workflow.settle import Ground
from fhir_service.workflow.shown import shown_at_once
from fhir_service.workflow.together import Agreed, together

__all__ = ["ANY_VERSION", "Refused", "WriteRequest", "Written", "write"]


def write(request: WriteRequest, by: Principal, ground: Ground) -> Work[Written | Refused]:
    """The unit of work for `request`, to be run by `Repository.run` (decision 31)."""
    rid = new_id()

    async def work(tx: Reads) -> tuple[Written | Refused, Changes]:
        known = Known(tx, access_of(by, tx.now))
        intent = await intended(known, request, by, rid)
        if isinstance(intent, Refused):
            return intent, NOTHING
        if intent.answer is not None:
            return intent.answer, NOTHING
        agreed = await together(known, intent.wanted, ground)
        if not isinstance(agreed, Agreed):
            return Refused(tuple(dict.fromkeys(b.issue for b in agreed.blamed)), agreed.notices), NOTHING
        answer = answers({0: intent}, agreed)[0]
        return await shown_at_once(known, answer, agreed.changes), agreed.changes

    return work
