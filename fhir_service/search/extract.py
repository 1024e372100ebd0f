"""What a resource is found by: its index rows, from plans that are made once a type."""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import islice, product
from typing import Any, NamedTuple, TypeAlias, TypeVar

from fhir_service.search import dates, phonetics, positions, quantities, references, strings, tokens
from fhir_service.search.composites import MAX_PAIRS
from fhir_service.search.modifiers import IDENTIFIER, OF_TYPE, TEXT
from fhir_service.search.parameters import INDEXERS, Component, parameters
from fhir_service.search.paths import Branch, Values
from fhir_service.search.phonetics import PHONETIC
from fhir_service.search.query import IndexRows, ParameterType
from profiles.resource import Resource

T = TypeVar("T")
Getter: TypeAlias = Callable[[Any], Values]
Plan: TypeAlias = tuple[tuple[str, str, Getter, T], ...]
"""(element without which there is nothing, parameter, how to get its values, how to index one)"""
Rows: TypeAlias = Callable[[Any, str], Sequence[tuple[str | int, ...]]]
"""(value, base address) -> rows without the name of the parameter"""
ANY = "resourceType"
"""An element that every resource has: where the path does not begin with one."""


class _Part(NamedTuple):
    """How the rows of one component of a composite are found. `whole`: from the resource, not from the element."""

    whole: bool
    ways: tuple[tuple[Getter, Rows], ...]


class _Plans(NamedTuple):
    token: Plan[tuple[tokens.Index, tokens.Describe | None]]
    """With how to find the texts beside the codes."""
    derived: Plan[tokens.Index]
    """Tokens under a derived name: identifiers by their type, and those of logical references."""
    reference: Plan[references.Index]
    date: Plan[dates.Index]
    string: Plan[tuple[strings.Index, Callable[[str], str]]]
    """With what makes the texts comparable."""
    quantity: Plan[quantities.Index]
    composite: Plan[tuple[_Part, ...]]
    position: Plan[positions.Index]


def extract(resource: Resource, base_url: str = "") -> IndexRows:
    """The index rows of a resource. `base_url`: this server's, so that absolute references to it are its own.

    `_id` and `_lastUpdated` have no rows. This runs with every write: plain loops, and no row twice.
    """
    plans = _plans(str(resource.get("resourceType")))
    found_strings = _string_rows(resource, plans)
    return IndexRows(
        tokens=_token_rows(resource, plans, found_strings),
        references=_reference_rows(resource, plans, base_url),
        dates=_date_rows(resource, plans),
        strings=tuple(found_strings),
        quantities=_collected(resource, plans.quantity),
        composites=_composite_rows(resource, plans, base_url) if plans.composite else (),
        positions=_collected(resource, plans.position),
    )


def _string_rows(resource: Resource, plans: _Plans) -> dict[tuple[str, str, str], None]:
    rows: dict[tuple[str, str, str], None] = {}
    for first, code, get, (index, normalise) in plans.string:
        if first in resource:
            for value in get(resource):
                for text in index(value):
                    if normalised := normalise(text):
                        rows[code, normalised, text] = None
    return rows


def _token_rows(
    resource: Resource, plans: _Plans, texts: dict[tuple[str, str, str], None]
) -> tuple[tuple[str, str, str], ...]:
    """The rows of tokens; the texts beside them are added to `texts`."""
    rows: dict[tuple[str, str, str], None] = {}
    for first, code, get, (index, describe) in plans.token:
        if first in resource:
            for value in get(resource):
                for system, token in index(value):
                    rows[code, system, token] = None
                if describe is not None:
                    for text in describe(value):
                        texts[code + TEXT, strings.normalise(text), text] = None
    return (*rows, *_collected(resource, plans.derived))


def _collected(resource: Resource, plan: Plan[Callable[[Any], Sequence[tuple[Any, ...]]]]) -> tuple[Any, ...]:
    """The rows that an index gives, with the name of the parameter in front."""
    rows: dict[tuple[Any, ...], None] = {}
    for first, code, get, index in plan:
        if first in resource:
            for value in get(resource):
                for row in index(value):
                    rows[(code, *row)] = None
    return tuple(rows)


def _reference_rows(resource: Resource, plans: _Plans, base_url: str) -> tuple[tuple[str, str, str, str], ...]:
    rows: dict[tuple[str, str, str, str], None] = {}
    for first, code, get, index in plans.reference:
        if first in resource:
            for value in get(resource):
                for rtype, rid, url in index(value, base_url):
                    rows[code, rtype, rid, url] = None
    return tuple(rows)


def _date_rows(resource: Resource, plans: _Plans) -> tuple[tuple[str, int, int], ...]:
    rows: dict[tuple[str, int, int], None] = {}
    for first, code, get, index in plans.date:
        if first in resource:
            for value in get(resource):
                if found := index(value):
                    rows[code, found[0], found[1]] = None
    return tuple(rows)


def _composite_rows(
    resource: Resource, plans: _Plans, base_url: str
) -> tuple[tuple[str, tuple[tuple[str | int, ...], ...]], ...]:
    """Every combination of the components' rows in each element, as far as they go."""
    rows: dict[tuple[str, tuple[tuple[str | int, ...], ...]], None] = {}
    for first, code, get, parts in plans.composite:
        if first in resource:
            for element in get(resource):
                found = [_part_rows(resource if part.whole else element, part, base_url) for part in parts]
                for combined in islice(product(*found), MAX_PAIRS):
                    rows[code, combined] = None
    return tuple(rows)


def _part_rows(start: Any, part: _Part, base_url: str) -> list[tuple[str | int, ...]]:
    return [row for get, index in part.ways for value in get(start) for row in index(value, base_url)]


@cache
def _plans(rtype: str) -> _Plans:
    return _Plans(
        token=_plan(rtype, ParameterType.TOKEN, _described),
        derived=tuple(_derived(rtype)),
        reference=_plan(rtype, ParameterType.REFERENCE, references.indexer),
        date=_plan(rtype, ParameterType.DATE, dates.indexer),
        string=tuple(_strings(rtype)),
        quantity=_plan(rtype, ParameterType.QUANTITY, quantities.indexer),
        composite=tuple(_composites(rtype)),
        position=_plan(rtype, ParameterType.POSITION, positions.indexer),
    )


def _plan(rtype: str, of: ParameterType, indexer: Callable[[Branch], T | None]) -> Plan[T]:
    return tuple(
        (branch.first or ANY, p.code, branch.getter(), index)
        for p in parameters(rtype).values()
        if p.type is of
        for branch in p.branches
        if (index := indexer(branch)) is not None
    )


def _described(branch: Branch) -> tuple[tokens.Index, tokens.Describe | None] | None:
    index = tokens.indexer(branch)
    return None if index is None else (index, tokens.describer(branch))


def _strings(rtype: str) -> Iterator[tuple[str, str, Getter, tuple[strings.Index, Callable[[str], str]]]]:
    for first, code, get, index in _plan(rtype, ParameterType.STRING, strings.indexer):
        yield first, code, get, (index, phonetics.key if code == PHONETIC else strings.normalise)


def _derived(rtype: str) -> Iterator[tuple[str, str, Getter, tokens.Index]]:
    for p in parameters(rtype).values():
        for branch in p.branches:
            if p.is_reference and branch.type == "Reference":
                yield branch.first or ANY, p.code + IDENTIFIER, branch.getter(), tokens.logical
            elif p.declared == "token" and branch.type == "Identifier":
                yield branch.first or ANY, p.code + OF_TYPE, branch.getter(), tokens.of_type


def _composites(rtype: str) -> Iterator[tuple[str, str, Getter, tuple[_Part, ...]]]:
    for p in parameters(rtype).values():
        if p.type is ParameterType.COMPOSITE:
            for n, branch in enumerate(p.branches):
                parts = tuple(_part(component, component.inner[n]) for component in p.components)
                yield branch.first or ANY, p.code, branch.getter(), parts


def _part(component: Component, branches: tuple[Branch, ...]) -> _Part:
    rows = _COMPONENT_ROWS[component.parameter.type]
    return _Part(component.whole, tuple((branch.getter(), rows(branch)) for branch in branches))


def _based(of: ParameterType) -> Callable[[Branch], Rows]:
    """Rows as the indexer of a type gives them; most do not ask where the server is."""

    def rows(branch: Branch) -> Rows:
        index: Any = INDEXERS[of](branch)
        return lambda value, _: index(value)

    return rows


def _reference_parts(branch: Branch) -> Rows:
    return references.indexer(branch) or (lambda _, __: ())


def _date_parts(branch: Branch) -> Rows:
    index: Any = dates.indexer(branch)
    return lambda value, _: (found,) if (found := index(value)) else ()


def _string_parts(branch: Branch) -> Rows:
    index: Any = strings.indexer(branch)
    return lambda value, _: [(norm, text) for text in index(value) if (norm := strings.normalise(text))]


_COMPONENT_ROWS: dict[ParameterType, Callable[[Branch], Rows]] = {
    ParameterType.TOKEN: _based(ParameterType.TOKEN),
    ParameterType.QUANTITY: _based(ParameterType.QUANTITY),
    ParameterType.REFERENCE: _reference_parts,
    ParameterType.DATE: _date_parts,
    ParameterType.STRING: _string_parts,
}
