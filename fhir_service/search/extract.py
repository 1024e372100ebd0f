"""What a resource is found by: its index rows, from plans that are made once a type."""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import islice, product
from typing import Any, NamedTuple, TypeAlias, TypeVar

from fhir_service.resources import resource_type
from fhir_service.search import dates, phonetics, positions, quantities, references, strings, tokens
from fhir_service.search.composites import MAX_PAIRS
from fhir_service.search.modifiers import IDENTIFIER, OF_TYPE, TEXT
from fhir_service.search.parameters import INDEXERS, Component, parameters
from fhir_service.search.paths import Branch, Values
from fhir_service.search.phonetics import PHONETIC
from fhir_service.search.query import IndexRows, ParameterType
from fhir_service.search.walks import Place, Walk
from profiles.resource import Resource

T = TypeVar("T")
SETS = 64
"""Sets of elements per type whose plans are kept: a resource with another one is extracted a little more slowly."""
_OF_NAMES = frozenset({"family", "given"})
"""Parameters of what are parts of a name themselves: https://hl7.org/fhir/R4/datatypes.html#HumanName asks to find each
word of a family name."""
Getter: TypeAlias = Callable[[Any], Values]
Plan: TypeAlias = tuple[tuple[Place, str, T], ...]
"""(where the values are, parameter, how to index one)"""
Nodes: TypeAlias = Sequence[Values]
"""What a walk found, by place."""
Rows: TypeAlias = Callable[[Any, str], Sequence[tuple[str | int, ...]]]
"""(value, base address) -> rows without the name of the parameter"""


class _Part(NamedTuple):
    """How the rows of one component of a composite are found. `whole`: from the resource, not from the element."""

    whole: bool
    ways: tuple[tuple[Getter, Rows], ...]


class _Texts(NamedTuple):
    """How the rows of texts are found. `parted`: names of people are found by each of their words."""

    texts: strings.Index
    comparable: Callable[[str], str]
    parted: bool


class _Plans(NamedTuple):
    walk: Walk
    token: Plan[tuple[tokens.Index, tokens.Describe | None]]
    """With how to find the texts beside the codes."""
    derived: Plan[tokens.Index]
    """Tokens under a derived name: identifiers by their type, and those of logical references."""
    reference: Plan[references.Index]
    date: Plan[dates.Index]
    string: Plan[_Texts]
    quantity: Plan[quantities.Index]
    composite: Plan[tuple[_Part, ...]]
    position: Plan[positions.Index]


def extract(resource: Resource, base_url: str = "", body: bytes = b"") -> IndexRows:
    """The index rows of a resource. `base_url`: this server's, so that absolute references to it are its own.

    `body`: its bytes; then there are also rows for the references in them that no parameter finds (`references.OTHER`).

    `_id` and `_lastUpdated` have no rows. This runs with every write: plain loops, and no row twice.
    """
    plans = _plans_of(resource)
    nodes = plans.walk.found(resource)
    texts = _string_rows(nodes, plans.string)
    targets = _reference_rows(nodes, plans.reference, base_url)
    if body and resource["resourceType"] not in references.FOREIGN:
        targets += references.beside(body, targets, base_url)
    rows = IndexRows(
        tokens=(*_token_rows(nodes, plans.token, texts), *_collected(nodes, plans.derived)),
        references=targets,
        dates=_date_rows(nodes, plans.date),
        strings=tuple(texts),
        quantities=_collected(nodes, plans.quantity),
        composites=_composite_rows(nodes, plans.composite, base_url),
        positions=_collected(nodes, plans.position),
    )
    put_away = resource_type(resource.get("resourceType", "")).put_away
    return rows if put_away is None or not put_away(resource) else _by_status(rows)


def _by_status(rows: IndexRows) -> IndexRows:
    """Of what is put away: its status, and what it refers to, so that it stays whole."""
    return IndexRows(
        tokens=tuple(row for row in rows.tokens if row[0] == "status"),
        references=tuple(dict.fromkeys((references.OTHER, *row[1:]) for row in rows.references)),
    )


def _string_rows(nodes: Nodes, plan: Plan[_Texts]) -> dict[tuple[str, str, str], None]:
    rows: dict[tuple[str, str, str], None] = {}
    for place, code, (texts, comparable, parted) in plan:
        for value in nodes[place]:
            for text in texts(value):
                if compared := comparable(text):
                    rows[code, compared, text] = None
                    if parted and " " in compared:
                        rows.update(((code, later, ""), None) for later in strings.later_words(compared))
    return rows


def _token_rows(
    nodes: Nodes, plan: Plan[tuple[tokens.Index, tokens.Describe | None]], texts: dict[tuple[str, str, str], None]
) -> dict[tuple[str, str, str], None]:
    """The rows of tokens; the texts beside them are added to `texts`."""
    rows: dict[tuple[str, str, str], None] = {}
    for place, code, (index, describe) in plan:
        for value in nodes[place]:
            for system, token in index(value):
                rows[code, system, token] = None
            if describe is not None:
                for text in describe(value):
                    if compared := strings.comparable(text):
                        texts[code + TEXT, compared, text] = None
    return rows


def _collected(nodes: Nodes, plan: Plan[Callable[[Any], Sequence[tuple[Any, ...]]]]) -> tuple[Any, ...]:
    """The rows that an index gives, with the name of the parameter in front."""
    rows: dict[tuple[Any, ...], None] = {}
    for place, code, index in plan:
        for value in nodes[place]:
            for row in index(value):
                rows[(code, *row)] = None
    return tuple(rows)


def _reference_rows(nodes: Nodes, plan: Plan[references.Index], base_url: str) -> tuple[tuple[str, str, str, str], ...]:
    rows: dict[tuple[str, str, str, str], None] = {}
    for place, code, index in plan:
        for value in nodes[place]:
            for rtype, rid, url in index(value, base_url):
                rows[code, rtype, rid, url] = None
    return tuple(rows)


def _date_rows(nodes: Nodes, plan: Plan[dates.Index]) -> tuple[tuple[str, int, int], ...]:
    rows: dict[tuple[str, int, int], None] = {}
    for place, code, index in plan:
        for value in nodes[place]:
            if found := index(value):
                rows[code, found[0], found[1]] = None
    return tuple(rows)


def _composite_rows(
    nodes: Nodes, plan: Plan[tuple[_Part, ...]], base_url: str
) -> tuple[tuple[str, tuple[tuple[str | int, ...], ...]], ...]:
    """Every combination of the components' rows in each element, as far as they go."""
    rows: dict[tuple[str, tuple[tuple[str | int, ...], ...]], None] = {}
    for place, code, parts in plan:
        for element in nodes[place]:
            found = [_part_rows(nodes[0][0] if part.whole else element, part, base_url) for part in parts]
            for combined in islice(product(*found), MAX_PAIRS):
                rows[code, combined] = None
    return tuple(rows)


def _part_rows(start: Any, part: _Part, base_url: str) -> list[tuple[str | int, ...]]:
    return [row for get, index in part.ways for value in get(start) for row in index(value, base_url)]


def _plans_of(resource: Resource) -> _Plans:
    """The plans of its type, as far as they begin at elements that it has."""
    rtype = str(resource.get("resourceType"))
    known, names = _known(rtype), tuple(resource)
    plans = known.get(names)
    if plans is None:
        plans = _plans(rtype)
        if len(known) < SETS:
            plans = known[names] = _within(plans, names)
    return plans


@cache
def _known(_: str) -> dict[tuple[str, ...], _Plans]:
    """The plans of a type by the elements that a resource has."""
    return {}


def _within(plans: _Plans, names: tuple[str, ...]) -> _Plans:
    walk, places = plans.walk.within(frozenset(names))
    parts = (tuple((places[entry[0]], *entry[1:]) for entry in plan if entry[0] in places) for plan in plans[1:])
    return _Plans(walk, *parts)


@cache
def _plans(rtype: str) -> _Plans:
    walk = Walk()
    return _Plans(
        walk=walk,
        token=_plan(walk, rtype, ParameterType.TOKEN, _described),
        derived=tuple(_derived(walk, rtype)),
        reference=_plan(walk, rtype, ParameterType.REFERENCE, references.indexer),
        date=_plan(walk, rtype, ParameterType.DATE, dates.indexer),
        string=tuple(_strings(walk, rtype)),
        quantity=_plan(walk, rtype, ParameterType.QUANTITY, quantities.indexer),
        composite=tuple(_composites(walk, rtype)),
        position=_plan(walk, rtype, ParameterType.POSITION, positions.indexer),
    )


def _plan(walk: Walk, rtype: str, of: ParameterType, indexer: Callable[[Branch], T | None]) -> Plan[T]:
    return tuple(
        (walk.add(branch.steps), p.code, index)
        for p in parameters(rtype).values()
        if p.type is of
        for branch in p.branches
        if (index := indexer(branch)) is not None
    )


def _described(branch: Branch) -> tuple[tokens.Index, tokens.Describe | None] | None:
    index = tokens.indexer(branch)
    return None if index is None else (index, tokens.describer(branch))


def _strings(walk: Walk, rtype: str) -> Iterator[tuple[Place, str, _Texts]]:
    for place, code, (index, of_name) in _plan(walk, rtype, ParameterType.STRING, _indexed):
        sounds = code == PHONETIC
        comparable = phonetics.key if sounds else strings.comparable
        yield place, code, _Texts(index, comparable, not sounds and (of_name or code in _OF_NAMES))


def _indexed(branch: Branch) -> tuple[strings.Index, bool] | None:
    """With whether it is the name of a person."""
    index = strings.indexer(branch)
    return None if index is None else (index, branch.type == "HumanName")


def _derived(walk: Walk, rtype: str) -> Iterator[tuple[Place, str, tokens.Index]]:
    for p in parameters(rtype).values():
        for branch in p.branches:
            if p.is_reference and branch.type == "Reference":
                yield walk.add(branch.steps), p.code + IDENTIFIER, tokens.logical
            elif p.declared == "token" and branch.type == "Identifier":
                yield walk.add(branch.steps), p.code + OF_TYPE, tokens.of_type


def _composites(walk: Walk, rtype: str) -> Iterator[tuple[Place, str, tuple[_Part, ...]]]:
    for p in parameters(rtype).values():
        if p.type is ParameterType.COMPOSITE:
            for n, branch in enumerate(p.branches):
                parts = tuple(_part(component, component.inner[n]) for component in p.components)
                yield walk.add(branch.steps), p.code, parts


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
    return lambda value, _: [(norm, text) for text in index(value) if (norm := strings.comparable(text))]


_COMPONENT_ROWS: dict[ParameterType, Callable[[Branch], Rows]] = {
    ParameterType.TOKEN: _based(ParameterType.TOKEN),
    ParameterType.QUANTITY: _based(ParameterType.QUANTITY),
    ParameterType.REFERENCE: _reference_parts,
    ParameterType.DATE: _date_parts,
    ParameterType.STRING: _string_parts,
}
