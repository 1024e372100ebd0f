"""Which of the resources that a transaction writes match criteria: they are not in the database yet.

By the rows that they would be indexed by, so that the answer is that of a search after the transaction. Only plain
criteria are judged; for others the database's view of what was there before stands. The rows of each resource are made
once, and looked up by their codes: a transaction may ask a thousand times about a thousand resources (SR-8).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from fhir_service.search import extract
from fhir_service.search.query import (
    Condition,
    Criterion,
    IndexRows,
    ParameterType,
    ReferenceValue,
    SearchQuery,
    StringValue,
    TokenValue,
    Value,
)
from profiles.resource import Resource


@dataclass(frozen=True, slots=True)
class Matching:
    """Ids of resources: those that match, and those of which it is not judged here whether they do."""

    certain: frozenset[str] = frozenset()
    unclear: frozenset[str] = frozenset()


@dataclass(slots=True)
class _OfType:
    """The resources of one type by id, with their rows, and by (parameter, code)."""

    resources: dict[str, tuple[Resource, IndexRows]] = field(default_factory=dict)
    coded: defaultdict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))

    def candidates(self, query: SearchQuery) -> Iterable[str]:
        """Ids of all that can match: those with one of the codes, where a criterion asks for codes."""
        for condition in query.criteria:
            if isinstance(condition, Criterion) and _by_code(condition):
                codes = [v.code for v in condition.values if isinstance(v, TokenValue) and v.code is not None]
                return {rid for code in codes for rid in self.coded.get((condition.parameter, code), ())}
        return self.resources


def _by_code(criterion: Criterion) -> bool:
    """Whether all its values name a code of an index row."""
    plain = criterion.type is ParameterType.TOKEN and criterion.parameter != "_id" and criterion.missing is None
    codes = (isinstance(v, TokenValue) and v.code is not None for v in criterion.values)
    return plain and criterion.modifier is None and all(codes)


class Drafted:
    """The resources that a transaction writes, `(id, resource)`, to be searched."""

    def __init__(self, resources: Sequence[tuple[str, Resource]], base_url: str) -> None:
        self._resources = resources
        self._base_url = base_url
        self._types: dict[str, _OfType] = {}

    def matching(self, query: SearchQuery) -> Matching:
        """Those of the query's type that match it."""
        known = self._of(query.rtype)
        told = {rid: _judged(query, *known.resources[rid]) for rid in known.candidates(query)}
        certain, unclear = ([rid for rid, holds in told.items() if holds is one] for one in (True, None))
        return Matching(frozenset(certain), frozenset(unclear))

    def _of(self, rtype: str) -> _OfType:
        known = self._types.get(rtype)
        if known is None:
            known = self._types[rtype] = _OfType()
            for rid, resource in self._resources:
                if resource["resourceType"] == rtype:
                    rows = extract(resource, self._base_url)
                    known.resources[rid] = resource, rows
                    for name, _, code in rows.tokens:
                        known.coded[name, code].append(rid)
        return known


def _judged(query: SearchQuery, resource: Resource, rows: IndexRows) -> bool | None:
    """Whether all criteria match; None where one is of a kind that is not judged here."""
    told = [_holds(condition, rows, resource) for condition in query.criteria]
    if False in told:
        return False
    return None if None in told else True


def _holds(condition: Condition, rows: IndexRows, resource: Resource) -> bool | None:
    if (
        not isinstance(condition, Criterion)
        or condition.missing is not None
        or condition.modifier not in (None, "exact")
    ):
        return None
    if condition.parameter == "_id":
        return any(isinstance(v, TokenValue) and v.code == resource.get("id") for v in condition.values)
    match = _MATCHES.get(condition.type)
    return None if match is None else any(match(condition, value, rows) for value in condition.values)


def _token(criterion: Criterion, value: Value, rows: IndexRows) -> bool:
    return isinstance(value, TokenValue) and any(
        name == criterion.parameter and value.system in (None, system) and value.code in (None, code)
        for name, system, code in rows.tokens
    )


def _reference(criterion: Criterion, value: Value, rows: IndexRows) -> bool:
    return isinstance(value, ReferenceValue) and any(
        name == criterion.parameter and value.rtype in (None, rtype) and (value.rid, value.url or "") == (rid, url)
        for name, rtype, rid, url in rows.references
    )


def _string(criterion: Criterion, value: Value, rows: IndexRows) -> bool:
    if not isinstance(value, StringValue):
        return False
    exact = criterion.modifier == "exact"
    return any(
        name == criterion.parameter and (sent == value.text if exact else normalised.startswith(value.text))
        for name, normalised, sent in rows.strings
    )


_MATCHES: Mapping[ParameterType, Callable[[Criterion, Value, IndexRows], bool]] = {
    ParameterType.TOKEN: _token,
    ParameterType.REFERENCE: _reference,
    ParameterType.STRING: _string,
}
