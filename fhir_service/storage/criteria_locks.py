"""What the work of a conditional interaction is alone with: criteria that may be about one resource (decision 31).

Two clients write the criteria for one resource differently: `identifier=SYSTEM|V`, `identifier=V`, with another
criterion beside it, with alternatives, in another order. What decides is the identifier, so that is what is locked;
criteria without one are locked as they are, in an order of their own.
"""

from collections.abc import Iterator

from fhir_service.search.modifiers import OF_TYPE
from fhir_service.search.query import Condition, Criterion, SearchQuery, TokenValue

_IDENTIFYING = frozenset({"identifier", "identifier" + OF_TYPE, "_id"})


def locks_of(query: SearchQuery) -> tuple[str, ...]:
    """Names for the locks; two searches that may be about one resource have one in common."""
    named = identifiers_of(query) or {spelled(query)}
    return tuple(f"criteria {query.rtype} {one}" for one in sorted(named))


def identifiers_of(query: SearchQuery) -> frozenset[str]:
    """The values of identifiers by which criteria ask, in lower case; none where they ask by something else."""
    return frozenset(value for condition in query.criteria for value in _identifiers(condition))


def spelled(query: SearchQuery) -> str:
    """The criteria in one order, whichever they came in."""
    return repr(sorted({repr(_in_order(condition)) for condition in query.criteria}))


def _identifiers(condition: Condition) -> Iterator[str]:
    """The values of the identifiers that it asks for: whatever their system, and their type."""
    if isinstance(condition, Criterion) and condition.parameter in _IDENTIFYING and condition.modifier is None:
        codes = [value.code for value in condition.values if isinstance(value, TokenValue)]
        if None not in codes:  # all of a system: no value tells what it is about
            yield from (code.rpartition("|")[2].casefold() for code in codes if code is not None)


def _in_order(condition: Condition) -> object:
    """A criterion whatever the order of its alternatives."""
    if not isinstance(condition, Criterion):
        return condition
    told = (condition.parameter, condition.type, condition.modifier, condition.missing)
    return (*told, sorted(set(map(repr, condition.values))))
