"""Where a search starts: at the condition that narrows most, or at everything of the type, newest first.

Some conditions are known to find few (an identifier, a patient); some find much but lie in the index newest first, so
that a page of them is short to read (a status). Of the others nobody knows: a name may begin with `a` or be a rare one.
These are counted first, up to `FEW`; where there are more, a walk along the newest meets enough of them soon. So a page
costs about the same however many resources there are (stack.md 5 has the figures of the wrong choice).
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from fhir_service.search.query import ParameterType
from fhir_service.storage.homes import place_of
from fhir_service.storage.shape import (
    NEWEST_FIRST,
    AnyShape,
    ChainShape,
    ConditionShape,
    CriterionShape,
    HasShape,
    Shape,
    WordsShape,
)

FEW = 1_000
"""So many rows are counted in a twentieth of a millisecond, and found, filtered and sorted in a few."""
FEW_BEYOND = 3_000
"""The same at the end of a chain: to ask it of each of the newest takes longer than to compare a column."""
RANKS: Mapping[tuple[ParameterType, str], int] = {
    (ParameterType.REFERENCE, "one"): 2,
    (ParameterType.REFERENCE, "of-one"): 2,
    (ParameterType.REFERENCE, "many"): 3,
    (ParameterType.REFERENCE, "of-many"): 3,
    (ParameterType.STRING, "starts"): 4,
    (ParameterType.TOKEN, "one"): 5,
    (ParameterType.TOKEN, "of-one"): 5,
    (ParameterType.COMPOSITE, ""): 5,
    (ParameterType.TOKEN, "many"): 6,
    (ParameterType.TOKEN, "of-many"): 6,
    (ParameterType.POSITION, "near"): 6,
    (ParameterType.REFERENCE, "below"): 6,
    (ParameterType.STRING, "exact"): 7,
    (ParameterType.STRING, "contains"): 7,
    (ParameterType.DATE, "eq"): 8,
    (ParameterType.QUANTITY, "eq"): 8,
}
"""How well a criterion narrows a search, best first. What is not here never comes first."""
KNOWN_RANKS = {"_id": 0, "identifier": 0, "patient": 1, "subject": 1, "status": 7}
WORDS_RANK = 4
FURTHER = 1
"""What is said of another resource is taken to narrow a little less."""
SURE = 1
"""Ranks that are as good as one resource's."""


@lru_cache(maxsize=1024)
def starts(shape: Shape) -> tuple[tuple[ConditionShape, bool], ...]:
    """The conditions that a search may start at, best first, each with whether that is good without counting."""
    ranked = _ranked(shape.rtype, shape.criteria)
    return tuple([(one, rank <= SURE or _lies_newest_first(shape, one)) for rank, one in ranked])


def is_as_one(rtype: str, condition: ConditionShape) -> bool:
    """Whether it narrows as well as the id of one resource or patient does."""
    rank = _rank(rtype, condition)
    return rank is not None and rank[0] <= SURE


@lru_cache(maxsize=1024)
def best_start(rtype: str, criteria: tuple[ConditionShape, ...]) -> ConditionShape | None:
    """The condition to start at when all that match are wanted, or nothing can be counted first."""
    ranked = _ranked(rtype, criteria)
    return ranked[0][1] if ranked else None


def _ranked(rtype: str, criteria: Sequence[ConditionShape]) -> list[tuple[int, ConditionShape]]:
    found = [(*rank, i) for i, one in enumerate(criteria) if (rank := _rank(rtype, one)) is not None]
    return [(rank, criteria[i]) for rank, _, i in sorted(found)]


def _rank(rtype: str, condition: ConditionShape) -> tuple[int, bool] | None:
    """(how well it narrows, whether its table is of no further use); None: it cannot come first."""
    if isinstance(condition, CriterionShape):
        return _criterion_rank(rtype, condition)
    if isinstance(condition, WordsShape):
        return WORDS_RANK, True
    further = 0 if isinstance(condition, AnyShape) else FURTHER
    return _worst([_rank(to, one) for to, one in beyond(rtype, condition)], further)


def beyond(rtype: str, condition: ConditionShape) -> tuple[tuple[str, ConditionShape], ...]:
    """What a condition is made of, each with the type that it is about."""
    if isinstance(condition, ChainShape):
        return condition.links
    if isinstance(condition, HasShape):
        return ((condition.rtype, condition.condition),)
    return tuple((rtype, one) for one in condition.conditions) if isinstance(condition, AnyShape) else ()


def _worst(ranks: Sequence[tuple[int, bool] | None], further: int) -> tuple[int, bool] | None:
    known = [rank for rank in ranks if rank is not None]
    if not ranks or len(known) < len(ranks):
        return None
    worst = max(rank for rank, _ in known)
    return (worst if worst <= SURE - further else worst + further), True


def _criterion_rank(rtype: str, criterion: CriterionShape) -> tuple[int, bool] | None:
    if not criterion.narrows or not criterion.forms or criterion.parameter == "_lastUpdated":
        return None
    ranks = [RANKS.get((criterion.type, _kind(form))) for form in criterion.forms]
    known = [rank for rank in ranks if rank is not None]
    if len(known) < len(ranks):
        return None
    return KNOWN_RANKS.get(criterion.parameter, max(known)), place_of(rtype, criterion.parameter) == "side"


def _kind(form: str) -> str:
    """`eq` of `eq|system|code`; of a composite what its first component needs, which an index serves."""
    first, dollar, _ = form.partition("$")
    if dollar:
        return "" if first in ("one", "of-one") else first
    return form.partition("|")[0]


_IN_ORDER = (("one",), ("of-one",))


def _lies_newest_first(shape: Shape, condition: ConditionShape) -> bool:
    """Whether an index has what it finds in the order that is asked for."""
    if shape.sort != (NEWEST_FIRST,) or not isinstance(condition, CriterionShape):
        return False
    return condition.type in (ParameterType.TOKEN, ParameterType.REFERENCE) and condition.forms in _IN_ORDER
