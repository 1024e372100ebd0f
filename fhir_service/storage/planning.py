"""Which searches PostgreSQL may plan once, without their values, and go on with that plan (stack.md 5, trap 1).

To plan takes longer than to run for most searches. A plan for any values is as good as one for the values at hand where
there is one way to go: from an index that finds few, or that lies in the order asked for, on to single resources.
`WITHOUT_VALUES` are the settings under which no other way is taken. All else is planned for its values each time.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache

from fhir_service.search.query import Include, ParameterType, SearchQuery
from fhir_service.storage.access import Access
from fhir_service.storage.homes import place_of
from fhir_service.storage.shape import NEWEST_FIRST, ChainShape, ConditionShape, CriterionShape, Shape
from fhir_service.storage.starts import is_as_one, starts
from fhir_service.storage.tables import TYPED

WITHOUT_VALUES: Mapping[str, str] = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}
"""From row to row along an index, in its order, whatever is guessed of how many there are."""


def is_planned_once(query: SearchQuery, shape: Shape, access: Access) -> bool:
    """Whether all statements of a search may be planned without its values."""
    if query.among or query.total or not (access.condition is None or access.by_row):
        return False
    return _goes_one_way(shape) and all(map(_names_few, query.includes))


def _names_few(include: Include) -> bool:
    """Whether it goes from the page to single resources by their ids."""
    return not include.reverse and not include.iterate


@lru_cache(maxsize=1024)
def _goes_one_way(shape: Shape) -> bool:
    """Whether no other index can serve better: it starts at few, or in order, and looks no further."""
    candidates = starts(shape)
    if not candidates or not candidates[0][1] or shape.sort != (NEWEST_FIRST,):
        return False
    start = candidates[0][0]
    others = [one for one in shape.criteria if one != start]
    if isinstance(start, CriterionShape):
        place = place_of(shape.rtype, start.parameter)
        if not others and place == "side":
            return _is_one_value(start)
        one_way = _is_one_value(start) and is_as_one(shape.rtype, start)
        return one_way and (not others or (place == "typed" and _are_codes_of_row(shape.rtype, others)))
    return _leads_straight(start) and (not others or (shape.rtype in TYPED and _are_codes_of_row(shape.rtype, others)))


def _are_codes_of_row(rtype: str, conditions: Iterable[ConditionShape]) -> bool:
    """Whether they are codes in columns of the narrow table: no index on them is better than one that finds few."""
    return all(
        isinstance(one, CriterionShape)
        and one.type is ParameterType.TOKEN
        and place_of(rtype, one.parameter) == "typed"
        for one in conditions
    )


def _leads_straight(condition: ConditionShape) -> bool:
    """Whether it is a chain of single links to one value."""
    if isinstance(condition, ChainShape):
        return len(condition.links) == 1 and _leads_straight(condition.links[0][1])
    return isinstance(condition, CriterionShape) and _is_one_value(condition)


def _is_one_value(criterion: CriterionShape) -> bool:
    return criterion.forms in (("one",), ("of-one",))
