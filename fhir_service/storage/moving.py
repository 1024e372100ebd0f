"""Two persons turn out to be one: everything of the first goes to the other (SR-14); for both back-ends."""

from fhir_service.storage import statements as sql
from fhir_service.storage.port import PersonJoin
from fhir_service.storage.steps import Steps

KINDS = ("plan", "coordinator", "coordinator-expected-child")
"""Of `in_force` (decision 35)."""
ENDED = "Person"
"""What holds the places of a person who turned out to be another: whoever found out before whose plan it is, and writes
it after, meets the constraint instead of making a second one."""


def moved(join: PersonJoin) -> Steps[None]:
    """Give all that is a person's to the other one: resources with their old versions, places in force, numbers.

    Who they were is kept, so that the audit log tells each of what was told of all. What they may be seen by is not
    moved: it is worked out anew (`Changes.grants`).
    """
    found = yield sql.OF_PERSON, {"person": join.person_id}
    to = {"person_id": join.to_person}
    for statement in sql.MOVE_ROWS.values():
        yield statement, {**to, "pks": [pk for pk, _, _ in found]}
    for _, rtype, rid in found:
        resource = {**to, "of_rtype": rtype, "of_rid": rid}
        yield sql.MOVE_HISTORY, resource
        yield sql.MOVE_IN_FORCE, resource
    yield sql.JOIN, {"person_id": join.person_id, "to_person": join.to_person}
    yield sql.MOVE_NUMBERS, {**to, "of_person": join.person_id}
    for kind in KINDS:
        yield sql.CLAIM, {"person_id": join.person_id, "kind": kind, "rtype": ENDED, "rid": join.to_person}
