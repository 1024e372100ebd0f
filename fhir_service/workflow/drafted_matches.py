"""Whether criteria match a resource that is not in the database yet: one that the same transaction writes.

By the rows that it would be indexed by, so that the answer is that of a search after the transaction. Only plain
criteria are judged; for others the database's view of what was there before stands.
"""

from collections.abc import Callable, Mapping

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


def finds(query: SearchQuery, resource: Resource, base_url: str) -> bool | None:
    """Whether all criteria match; None where one is of a kind that is not judged here."""
    rows = extract(resource, base_url)
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
