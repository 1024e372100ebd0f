"""What is searched for by a Patient is found by whichever record of the person it names (decision 27).

A person has a record for each who brought them, and one that was replaced by another in a merge goes on being referred
to (workflow.md 4.10). So a Patient that is asked for stands for all records of that person, if the caller sees it.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeAlias, cast

from msgspec import structs

from fhir_service.search.query import AnyOf, Chain, Condition, Criterion, Has, ReferenceValue, SearchQuery
from fhir_service.storage.access import EVERYTHING, Access
from fhir_service.storage.port import Page, Repository, Views
from fhir_service.storage.same_person import same_person

PATIENT = "Patient"
Records: TypeAlias = Mapping[str, frozenset[str]]
"""Patient id -> the ids of all Patients of that person."""
_Loads: TypeAlias = Callable[[frozenset[str], Access], Awaitable[Records]]


def of_one_person(repository: Repository) -> Repository:
    """The same; its searches find what is a person's by any record of theirs."""

    async def loads(rids: frozenset[str], access: Access) -> Records:
        return await repository.ask(lambda: same_person(rids, access), short=True)

    return cast(Repository, _OfOne(repository, loads))


def of_one_person_within(repository: Repository, views: Views) -> Repository:
    """The same for what reads within a transaction. `repository`: what shows `views`."""

    async def loads(rids: frozenset[str], access: Access) -> Records:
        seen = await views.seen([(PATIENT, rid) for rid in rids], access)
        named = await views.get_many(seen)
        persons = {row.rid: row.person_id for row in named.values() if row.person_id}
        records = await views.of_persons(sorted(set(persons.values())), [PATIENT]) if persons else ()
        return {rid: frozenset({rid, *(r.rid for r in records if r.person_id == p)}) for rid, p in persons.items()}

    return cast(Repository, _OfOne(repository, loads))


class _OfOne:
    def __init__(self, inner: Repository, loads: _Loads) -> None:
        self._inner = inner
        self._loads = loads

    def __getattr__(self, name: str) -> Any:
        """What is no search."""
        return getattr(self._inner, name)

    def search(self, query: SearchQuery, access: Access = EVERYTHING) -> Awaitable[Page]:
        conditions = (*query.criteria, *(one for part in query.among for one in part.criteria))
        named = frozenset(rid for condition in conditions for rid in _patients(condition))
        return self._of_all(query, access, named) if named else self._inner.search(query, access)

    async def _of_all(self, query: SearchQuery, access: Access, named: frozenset[str]) -> Page:
        records = await self._loads(named, access)
        several = {rid: ids for rid, ids in records.items() if len(ids) > 1}
        return await self._inner.search(_widened(query, several) if several else query, access)


def _patients(condition: Condition) -> Iterator[str]:
    """The ids in a condition that may be those of Patients."""
    if isinstance(condition, Criterion):
        for value in condition.values:
            if isinstance(value, ReferenceValue) and value.rtype in (None, PATIENT) and value.rid:
                yield value.rid
    for inner in _inner(condition):
        yield from _patients(inner)


def _inner(condition: Condition) -> tuple[Condition, ...]:
    if isinstance(condition, Chain):
        return tuple(one for _, one in condition.links)
    if isinstance(condition, Has):
        return (condition.condition,)
    return condition.conditions if isinstance(condition, AnyOf) else ()


def _widened(query: SearchQuery, records: Records) -> SearchQuery:
    criteria = tuple(_wide(one, records) for one in query.criteria)
    among = tuple(replace(part, criteria=tuple(_wide(one, records) for one in part.criteria)) for part in query.among)
    return replace(query, criteria=criteria, among=among)


def _wide(condition: Condition, records: Records) -> Condition:
    if isinstance(condition, Criterion):
        values = dict.fromkeys(one for value in condition.values for one in _each(value, records))
        return replace(condition, values=tuple(values))
    if isinstance(condition, Chain):
        return replace(condition, links=tuple((rtype, _wide(one, records)) for rtype, one in condition.links))
    if isinstance(condition, Has):
        return replace(condition, condition=_wide(condition.condition, records))
    if isinstance(condition, AnyOf):
        return replace(condition, conditions=tuple(_wide(one, records) for one in condition.conditions))
    return condition


def _each(value: Any, records: Records) -> tuple[Any, ...]:
    if not isinstance(value, ReferenceValue) or value.rtype not in (None, PATIENT):
        return (value,)
    return (value, *(structs.replace(value, rid=rid) for rid in sorted(records.get(value.rid, ()))))
