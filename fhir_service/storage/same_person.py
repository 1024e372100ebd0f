"""The records of one person, by any of them (decision 27); for both back-ends."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from functools import lru_cache

from sqlalchemy import literal, select

from fhir_service.storage.access import Access
from fhir_service.storage.constructs import any_of
from fhir_service.storage.prepared import Prepared, prepare
from fhir_service.storage.steps import Steps
from fhir_service.storage.tables import RESOURCE


def same_person(rids: Collection[str], access: Access) -> Steps[Mapping[str, frozenset[str]]]:
    """By Patient id the ids of all Patients of that person; those that the caller does not see are left out."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for rid, other in (yield _records(access), {**access.bound, "rids": sorted(rids)}):
        found[rid].add(other)
    return {rid: frozenset(others) for rid, others in found.items()}


@lru_cache(maxsize=64)
def _records(access: Access) -> Prepared:
    named, other = RESOURCE.alias("named"), RESOURCE.alias("other")
    both = (table.c.rtype == literal("Patient") for table in (named, other))
    asked = (any_of(named.c.rid, "rids"), named.c.person_id == other.c.person_id, access.of(named))
    return prepare(select(named.c.rid, other.c.rid).where(*both, *asked))
