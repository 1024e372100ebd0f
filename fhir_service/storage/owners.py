"""Whose resources there are; for both back-ends (`steps`)."""

from sqlalchemy import bindparam, literal, select

from fhir_service.storage.prepared import prepare
from fhir_service.storage.steps import Steps
from fhir_service.storage.tables import RESOURCE

_PERSONS = prepare(
    select(RESOURCE.c.person_id)
    .where(RESOURCE.c.person_id > bindparam("after"))
    .distinct()
    .order_by(RESOURCE.c.person_id)
    .limit(bindparam("limit"))
)
_TYPES = prepare(
    select(RESOURCE.c.rtype)
    .where(RESOURCE.c.person_id == bindparam("person"), RESOURCE.c.deleted == literal(0))
    .distinct()
    .order_by(RESOURCE.c.rtype)
)


def persons(after: str, limit: int) -> Steps[tuple[str, ...]]:
    """The next persons of whom there is anything."""
    found = yield _PERSONS, {"after": after, "limit": limit}
    return tuple(row[0] for row in found)


def types(person: str) -> Steps[tuple[str, ...]]:
    """The types of what there is of a person."""
    found = yield _TYPES, {"person": person}
    return tuple(row[0] for row in found)
