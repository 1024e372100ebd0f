"""What of a query decides its SQL: the shape. What does not is bound (decision 21: a statement per shape, cached)."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import msgspec

from fhir_service.search.query import (
    AnyOf,
    Chain,
    Condition,
    Criterion,
    FullText,
    Has,
    ParameterType,
    SearchQuery,
    Sort,
)
from fhir_service.storage.matching import forms_of
from fhir_service.storage.words import words_for_postgres, words_for_sqlite

NEWEST_FIRST = Sort("_lastUpdated", ParameterType.DATE, descending=True)
_NEGATIONS = frozenset({"not", "not-in"})
Bound: TypeAlias = dict[str, Any]


class CriterionShape(msgspec.Struct, frozen=True):
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
        return self.missing is not True and self.modifier not in _NEGATIONS


class ChainShape(msgspec.Struct, frozen=True):
    """A chain: `links` as (type it leads to, what holds there)."""

    name: str
    parameter: str
    links: tuple[tuple[str, "ConditionShape"], ...]


class HasShape(msgspec.Struct, frozen=True):
    """A reverse chain."""

    name: str
    rtype: str
    parameter: str
    condition: "ConditionShape"


class AnyShape(msgspec.Struct, frozen=True):
    """Alternatives."""

    name: str
    conditions: tuple["ConditionShape", ...]


class WordsShape(msgspec.Struct, frozen=True):
    """Full text. `column`: the one of `fulltext` that has the words."""

    name: str
    column: str


ConditionShape: TypeAlias = CriterionShape | ChainShape | HasShape | AnyShape | WordsShape


class Shape(msgspec.Struct, frozen=True):
    """Key of a compiled search. `after`: for each sort value of the cursor whether there is one; None: first page."""

    rtype: str
    criteria: tuple[ConditionShape, ...]
    sort: tuple[Sort, ...]
    after: tuple[bool, ...] | None
    among: tuple[tuple[str, tuple[ConditionShape, ...]], ...] = ()


def shape_of(query: SearchQuery) -> tuple[Shape, Bound]:
    """The shape of a query and the values to bind, by name."""
    bound: Bound = {"limit": query.count + 1}
    criteria = tuple([_shape(f"c{i}", c, bound) for i, c in enumerate(query.criteria)])
    among = tuple(
        [
            (one.rtype, tuple([_shape(f"t{n}c{i}", c, bound) for i, c in enumerate(one.criteria)]))
            for n, one in enumerate(query.among)
        ]
    )
    after = query.after
    if after is None:
        return Shape(query.rtype, criteria, _sort(query), None, among), bound
    bound |= {f"after_{i}": value for i, value in enumerate(after.values)}
    bound["after_pk"] = after.pk
    return Shape(query.rtype, criteria, _sort(query), tuple([v is not None for v in after.values]), among), bound


def _sort(query: SearchQuery) -> tuple[Sort, ...]:
    newest = len(query.sort) == 1 and query.sort[0].parameter == "_lastUpdated" and query.sort[0].descending
    return (NEWEST_FIRST,) if newest or not query.sort else query.sort


def _shape(name: str, condition: Condition, bound: Bound) -> ConditionShape:
    return _SHAPE[type(condition)](name, condition, bound)


def _criterion(name: str, criterion: Criterion, bound: Bound) -> CriterionShape:
    forms = []
    for i, (form, values) in enumerate(forms_of(criterion)):
        forms.append(form)
        for part, value in values.items():
            bound[f"{name}_{i}_{part}"] = value
    return CriterionShape(
        name, criterion.parameter, criterion.type, criterion.modifier, criterion.missing, tuple(forms)
    )


def _chain(name: str, chain: Chain, bound: Bound) -> ChainShape:
    links = enumerate(chain.links)
    return ChainShape(
        name, chain.parameter, tuple([(rtype, _shape(f"{name}l{n}", one, bound)) for n, (rtype, one) in links])
    )


def _has(name: str, has: Has, bound: Bound) -> HasShape:
    return HasShape(name, has.rtype, has.parameter, _shape(f"{name}h", has.condition, bound))


def _any(name: str, any_of: AnyOf, bound: Bound) -> AnyShape:
    return AnyShape(name, tuple([_shape(f"{name}o{n}", one, bound) for n, one in enumerate(any_of.conditions)]))


_TEXTS = {"_text": "narrative", "_content": "content"}


def _words(name: str, fulltext: FullText, bound: Bound) -> WordsShape:
    column = _TEXTS[fulltext.parameter]
    bound[f"{name}_match"] = words_for_sqlite(column, fulltext.words)
    bound[f"{name}_query"] = words_for_postgres(fulltext.words)
    return WordsShape(name, column)


_SHAPE: Mapping[type[Condition], Callable[[str, Any, Bound], ConditionShape]] = {
    Criterion: _criterion,
    Chain: _chain,
    Has: _has,
    AnyOf: _any,
    FullText: _words,
}
