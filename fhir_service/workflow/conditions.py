"""The criteria of a conditional interaction or reference: a search that must narrow down (SR-19).

https://hl7.org/fhir/R4/http.html#cond-update  What would match everything, or nearly, is refused: who leaves the value
of a criterion out by mistake must not change, or delete, somebody else's resource.
"""

from collections.abc import Sequence

from fhir_service.search import parse
from fhir_service.search.query import AnyOf, Condition, Criterion, SearchQuery
from profiles.issues import Issue, error

_NEGATIVE = frozenset({"not", "not-in"})
_EXPECTED = "Expected search criteria that narrow down, and nothing else, e.g. identifier=SYSTEM|VALUE"


def criteria_of(
    rtype: str, parameters: Sequence[tuple[str, str]], base_url: str, at: str
) -> SearchQuery | tuple[Issue, ...]:
    """The search of decoded parameters, or what is wrong with them. `at`: where they stand."""
    parsed = parse(rtype, parameters, base_url=base_url)
    query = parsed.query
    if query is None:
        return parsed.issues
    if len(query.used) != len(query.criteria) or not any(map(_narrows, query.criteria)):
        return (error("bad-parameter-value", at, _EXPECTED),)
    return query


def _narrows(condition: Condition) -> bool:
    if isinstance(condition, Criterion):
        return condition.missing is not False and condition.modifier not in _NEGATIVE
    if isinstance(condition, AnyOf):
        return all(map(_narrows, condition.conditions))
    return True
