"""A need that names the person by number only (FHIR logical reference) still opens a case that is found by the record.

https://hl7.org/fhir/R4/references.html#logical
"""

from profiles import names
from tests.unit.rules.world import NOW, World, need, patient


def test_case_names_the_record_beside_the_number() -> None:
    record = patient()
    number = {"type": "Patient", "identifier": {"system": names.FNR, "value": "15918512397"}}
    world = World({f"Patient/{record['id']}": record}, NOW)
    judgement = world.judged(world.draft(need(subject=number)))
    (case,) = (d.after for d in judgement.drafts if d.rtype == "Task" and d.after)
    assert case["for"]["reference"] == f"Patient/{record['id']}"
    assert case["for"]["identifier"] == number["identifier"]
    (told,) = (d.after for d in judgement.drafts if d.rtype == "ServiceRequest" and d.after)
    assert told["subject"] == number
