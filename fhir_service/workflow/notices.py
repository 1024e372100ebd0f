"""What the koordinerende enhet is told of a request that was refused (workflow.md 8, SR-29).

A refusal writes nothing, so it carries notices, and whoever answers has them written before: a Task `manual-review` in
a transaction of its own. One caller gives one Task about one person, however often it tries, until it is dealt with.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import count

from fhir_service.rules import Draft, derived_id, reference_to
from fhir_service.storage.port import Changes, Reads, Work
from fhir_service.workflow.custodian import LOOKED_AT, OVER, ke_of, of_type, patient_of
from fhir_service.workflow.request import Notice
from fhir_service.workflow.review import manual_review
from fhir_service.workflow.settle import Ground, Wanted, settle
from fhir_service.workflow.versions import parse_body
from profiles import names
from profiles.code_systems import concept
from profiles.resource import Resource

SAYS: Mapping[str, str] = {
    "no-relation": "{who} har ikke noe forhold til personen her, men ville opprette individuell plan eller "
    "koordineringsteam. Ta kontakt med dem og avklar.",
    "duplicate-plan": "{who} ville opprette en individuell plan, men personen har en de ikke kan vite om. "
    "Ta kontakt med dem og avklar.",
    "identity-ambiguous": "{who} oppga numre som tilhører ulike personer her, for én og samme person. Avklar hvem det "
    "gjelder. Er det samme person, slå registreringene sammen ($merge).",
}
SOMEBODY = "En klient"


def tell_ke(notices: Sequence[Notice], ground: Ground) -> Work[None]:
    """The unit of work that leaves the Tasks."""

    async def work(tx: Reads) -> tuple[None, Changes]:
        wanted: dict[str, Wanted] = {}
        for notice in notices:
            rows = await tx.of_persons([notice.person_id, *notice.beside], LOOKED_AT)
            own = [parse_body(row.body) for row in rows if row.person_id == notice.person_id]
            beside = {row.person_id: parse_body(row.body) for row in rows if row.rtype == "Patient"}
            others = [beside[person] for person in notice.beside if person in beside]
            task = _task(notice, own, (others, tx.now), ground)
            if task is not None:
                wanted[task["id"]] = Wanted(Draft("Task", task["id"], task, cause="refusal"))
        settlement = await settle(tx, tuple(wanted.values()), ground)
        return None, settlement.changes

    return work


def _task(
    notice: Notice, resources: Sequence[Resource], told: tuple[Sequence[Resource], datetime], ground: Ground
) -> Resource | None:
    """The Task for a notice; None where there is one that nobody has dealt with, or nobody whom it could be about.

    `told`: Patients of the others it is about, and when.
    """
    others, now = told
    patient = patient_of(resources)
    if patient is None:
        return None
    tasks = {str(task["id"]): task for task in of_type(resources, "Task")}
    ids = (derived_id("Task", "refused", notice.why, notice.person_id, notice.who, str(n)) for n in count())
    rid = next(rid for rid in ids if rid not in tasks or tasks[rid].get("status") not in OVER)
    if rid in tasks:
        return None
    about = f"Patient/{patient['id']}"
    text = SAYS[notice.why].format(who=notice.who or SOMEBODY)
    task = manual_review(ke_of(resources, patient, ground, now), now, focus=about, description=text)
    candidates = [
        {"type": concept(names.TASK_INPUT, "possible-duplicate"), "valueReference": reference_to(other)}
        for other in others
    ]
    return {**task, "id": rid, "for": {"reference": about}, **({"input": candidates} if candidates else {})}
