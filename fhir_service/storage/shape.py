"""What of a query decides its SQL: the shape. What does not is bound (decision 21: a statement per shape, cached)."""

from dataclasses import dataclass
from typing import Any

from fhir_service.search.query import Criterion, Include, ParameterType, SearchQuery, Sort
from fhir_service.storage.matching import forms_of

NEWEST_FIRST = Sort("_lastUpdated", ParameterType.DATE, descending=True)


@dataclass(frozen=True, slots=True)
class CriterionShape:
    """A criterion without its values. `name` is what its values are bound under."""

    name: str
    parameter: str
    type: ParameterType
    modifier: str | None
    missing: bool | None
    forms: tuple[str, ...]

    @property
    def narrows(self) -> bool:
        """Whether it tells what is wanted, rather than what is not."""
        return self.missing is not True and self.modifier != "not"


@dataclass(frozen=True, slots=True)
class Shape:
    """Key of a compiled search. `after`: for each sort value of the cursor whether there is one; None: first page."""

    rtype: str
    criteria: tuple[CriterionShape, ...]
    sort: tuple[Sort, ...]
    after: tuple[bool, ...] | None


def shape_of(query: SearchQuery) -> tuple[Shape, dict[str, Any]]:
    """The shape of a query and the values to bind, by name."""
    bound: dict[str, Any] = {"limit": query.count + 1}
    criteria = tuple(_criterion(f"c{i}", c, bound) for i, c in enumerate(query.criteria))
    after = query.after
    if after is not None:
        bound |= {f"after_{i}": value for i, value in enumerate(after.values)}
        bound["after_pk"] = after.pk
    known = tuple(v is not None for v in after.values) if after is not None else None
    return Shape(query.rtype, criteria, _sort(query), known), bound


def _sort(query: SearchQuery) -> tuple[Sort, ...]:
    newest = len(query.sort) == 1 and query.sort[0].parameter == "_lastUpdated" and query.sort[0].descending
    return (NEWEST_FIRST,) if newest or not query.sort else query.sort


def _criterion(name: str, criterion: Criterion, bound: dict[str, Any]) -> CriterionShape:
    forms = []
    for i, (form, values) in enumerate(forms_of(criterion)):
        forms.append(form)
        bound |= {f"{name}_{i}_{part}": value for part, value in values.items()}
    return CriterionShape(
        name, criterion.parameter, criterion.type, criterion.modifier, criterion.missing, tuple(forms)
    )


def includes_of(query: SearchQuery) -> tuple[Include, ...]:
    """The includes that start at what the query finds."""
    return tuple(dict.fromkeys(i for i in query.includes if i.source == query.rtype))
