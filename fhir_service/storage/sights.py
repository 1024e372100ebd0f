"""What a caller sees of persons, from the grants that are open to them now; for both back-ends (`steps`)."""

from collections.abc import Iterable, Mapping
from functools import cache

from msgspec.structs import replace
from sqlalchemy import bindparam, select

from fhir_service.sight import Sight
from fhir_service.storage.access import Access, is_open, told_by
from fhir_service.storage.constructs import any_of
from fhir_service.storage.prepared import Prepared, prepare
from fhir_service.storage.rows import opened_labels
from fhir_service.storage.steps import Steps
from fhir_service.storage.tables import GRANT, RESOURCE


def sights(person_ids: Iterable[str], access: Access) -> Steps[Mapping[str, Sight]]:
    """By person. Of the person who asks everything is seen; of others what is granted."""
    asked = sorted(set(person_ids))
    if access.condition is None or access.sight.everything:
        return dict.fromkeys(asked, access.sight)
    whole = access.bound.get("access_emergency")
    if "access_patient" in access.bound:
        rows = yield _self(), access.bound
        own = {row[0] for row in rows}
        return {person: replace(access.sight, everything=person in own or person == whole) for person in asked}
    rows = yield _open(), {**access.bound, "persons": asked}
    labels = {person: opened_labels(text) for person, text in rows}
    return {p: replace(access.sight, labels=labels.get(p, frozenset()), everything=p == whole) for p in asked}


@cache
def _open() -> Prepared:
    chosen = select(GRANT.c.person_id, told_by(GRANT)).group_by(GRANT.c.person_id)
    return prepare(chosen.where(any_of(GRANT.c.person_id, "persons"), *is_open(GRANT)))


@cache
def _self() -> Prepared:
    named = (RESOURCE.c.rtype == "Patient", RESOURCE.c.rid == bindparam("access_patient"))
    return prepare(select(RESOURCE.c.person_id).where(*named))
