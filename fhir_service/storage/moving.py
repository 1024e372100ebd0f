"""A Patient turns out to be another person: it and what hangs on it go there (SR-14); for both back-ends."""

from fhir_service.search import types_of_patients
from fhir_service.storage import statements as sql
from fhir_service.storage.port import PersonMove
from fhir_service.storage.rows import stored
from fhir_service.storage.steps import Steps


def moved(move: PersonMove) -> Steps[None]:
    """Give the Patient and all that names it as its patient to another person, old versions included.

    What names it beside others, and so belonged to nobody (Provenance, AuditEvent), goes on belonging to nobody.
    """
    rows = yield sql.GET, {"rtype": "Patient", "rid": move.patient_id}
    if not rows:
        return
    types = ("Patient", *types_of_patients())
    person = stored(rows[0]).person_id
    wanted = {"patients": [move.patient_id], "params": sql.patient_params(types), "person": person}
    found = yield sql.pks_of_patients(types), wanted
    to = {"person_id": move.to_person}
    for statement in sql.MOVE_ROWS.values():
        yield statement, {**to, "pks": [pk for pk, _, _ in found]}
    for _, rtype, rid in found:
        resource = {**to, "of_rtype": rtype, "of_rid": rid}
        yield sql.MOVE_HISTORY, resource
        yield sql.MOVE_IN_FORCE, resource
