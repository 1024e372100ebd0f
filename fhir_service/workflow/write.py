"""One write over REST as a unit of work.  https://hl7.org/fhir/R4/http.html"""

from fhir_service.principal import Principal
from fhir_service.storage.access import access_of
from fhir_service.storage.port import NOTHING, Changes, Reads, Work
from fhir_service.workflow.ids import new_id
from fhir_service.workflow.interaction import Refused, WriteRequest, Written, answer_of, intended
from fhir_service.workflow.known import Known
from fhir_service.workflow.settle import Ground
from fhir_service.workflow.together import together

__all__ = ["Refused", "WriteRequest", "Written", "write"]


def write(request: WriteRequest, by: Principal, ground: Ground) -> Work[Written | Refused]:
    """The unit of work for `request`, to be run by `Repository.run` (decision 31)."""
    rid = new_id()

    async def work(tx: Reads) -> tuple[Written | Refused, Changes]:
        known = Known(tx, access_of(by))
        intent = await intended(known, request, by, rid)
        if isinstance(intent, Refused):
            return intent, NOTHING
        if intent.answer is not None:
            return intent.answer, NOTHING
        changes = await together(known, intent.wanted, ground)
        if not isinstance(changes, Changes):
            return Refused(tuple(blamed.issue for blamed in changes)), NOTHING
        return answer_of(intent, {(w.rtype, w.rid): w for w in changes.writes}), changes

    return work
