"""A merge by message that has to wait: the koordinerende enhet decides which plan goes on (workflow.md 4.10).

The Task names the records: it is done when they are joined (rule patient-replaced), by $merge, by plain REST, or when
the message is sent again.
"""

from collections.abc import Sequence
from typing import Any

from fhir_service.resources.care_plan import IN_FORCE
from fhir_service.rules import Kind, kind_of, reference_to
from fhir_service.storage.port import Reads
from fhir_service.workflow.custodian import LOOKED_AT, ke_of
from fhir_service.workflow.replaced import newly_replaced
from fhir_service.workflow.settle import Ground, Wanted
from fhir_service.workflow.versions import parse_body
from profiles import names
from profiles.code_systems import coding, concept
from profiles.issues import Issue
from profiles.r4_types import Task

ONE_PER_PERSON = frozenset({"duplicate-plan", "second-coordinator"})
_SAYS = (
    "En melding slår sammen to registreringer, men begge har {what}. Avgjør hvilken som skal gjelde, og slå dem sammen "
    "($merge)."
)


async def waiting_merge(tx: Reads, wanted: Sequence[Wanted], issues: Sequence[Issue], ground: Ground) -> Task | None:
    """What the Task says, where it is a merge that brings a second plan or coordinator; else None."""
    links = newly_replaced([w.draft for w in wanted], ground.base_url)
    codes = {issue.code for issue in issues} & ONE_PER_PERSON
    if not links or not codes:
        return None
    source, target = next(iter(links.items()))
    patients = await tx.get_many([("Patient", source), ("Patient", target)])
    persons = {rid: row.person_id for (_, rid), row in patients.items()}
    rows = await tx.of_persons(sorted(p for p in persons.values() if p), LOOKED_AT)
    resources = [parse_body(row.body) for row in rows if row.person_id == persons.get(target)]
    plans = [
        (row.person_id, reference_to(plan))
        for row in rows
        if kind_of(plan := parse_body(row.body)) is Kind.PLAN and plan.get("status") in IN_FORCE
    ]
    own = [plan for person, plan in plans if person == persons.get(target)]
    patient: dict[str, Any] = {"resourceType": "Patient", "id": target}
    what = "individuell plan" if "duplicate-plan" in codes else "koordinator"
    task: Task = {
        "resourceType": "Task",
        "code": {"coding": [coding(names.KE_TASK_CODE, "resolve-duplicate" if own else "manual-review")]},
        "description": _SAYS.format(what=what),
        "for": {"reference": f"Patient/{target}"},
        "reasonReference": {"reference": f"Patient/{source}"},
        "owner": ke_of(resources, patient, ground, tx.now),
    }
    if own:
        task["basedOn"] = own
        task["input"] = [
            {"type": concept(names.TASK_INPUT, "current-plan"), "valueReference": plan} for _, plan in plans
        ]
    return task
