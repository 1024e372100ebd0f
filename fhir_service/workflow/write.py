"""One write over REST as a unit of work.  https://hl7.org/fhir/R4/http.html"""

from fhir_service.principal import Principal
from fhir_service.storage.port import NOTHING, Changes, Reads, Work
from fhir_service.workflow.integrity import broken
from fhir_service.workflow.interaction import Intended, Refused, WriteRequest, Written, answer_of, intended, new_id
from fhir_service.workflow.known import Known
from fhir_service.workflow.links import NOWHERE, linked
from fhir_service.workflow.settle import Ground, settle
from fhir_service.workflow.trace import provenance_of_rest

__all__ = ["Refused", "WriteRequest", "Written", "write"]


def write(request: WriteRequest, by: Principal, ground: Ground) -> Work[Written | Refused]:
    """The unit of work for `request`, to be run by `Repository.run` (decision 31)."""
    rid = new_id()

    async def work(tx: Reads) -> tuple[Written | Refused, Changes]:
        known = Known(tx)
        intent = await intended(known, request, by, rid)
        if isinstance(intent, Refused):
            return intent, NOTHING
        if intent.answer is not None:
            return intent.answer, NOTHING
        return await _do(known, intent, ground)

    return work


async def _do(known: Known, intent: Intended, ground: Ground) -> tuple[Written | Refused, Changes]:
    wanted = intent.wanted
    found = await linked(known, wanted, NOWHERE, ground.base_url)
    if found.issues:
        return Refused(tuple(issue for _, issue in found.issues)), NOTHING
    wanted = found.wanted
    if ground.referential_integrity:
        wrong = await broken(known, [(w.draft, w.tail or b"") for w in wanted], ground.base_url)
        if wrong:
            return Refused(tuple(issue for _, issue in wrong)), NOTHING
    settlement = await settle(known, wanted, ground)
    if settlement.refused:
        return Refused(settlement.issues), NOTHING
    written = answer_of(intent, {(w.rtype, w.rid): w for w in settlement.changes.writes})
    return written, provenance_of_rest(settlement, [w.draft for w in wanted], known.now)
