"""The search parameters of a type: R4's and our own, as far as they are served."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType

from fhir_service.resources import resource_type
from fhir_service.search import dates, references, strings, tokens
from fhir_service.search.paths import Branch, compile_path
from fhir_service.search.query import ParameterType
from profiles.definitions import codes, patient_compartment, resource_types, search_parameters
from profiles.names import BASE

_SERVED_AS = {
    "token": ParameterType.TOKEN,
    "reference": ParameterType.REFERENCE,
    "date": ParameterType.DATE,
    "string": ParameterType.STRING,
    "uri": ParameterType.REFERENCE,
}
"""How each R4 type is indexed; an address is a reference without an id."""
_INDEXERS = {
    ParameterType.TOKEN: tokens.indexer,
    ParameterType.REFERENCE: references.indexer,
    ParameterType.DATE: dates.indexer,
    ParameterType.STRING: strings.indexer,
}
_MODIFIERS = {
    "token": ("missing", "not"),
    "reference": ("identifier", "missing"),
    "date": ("missing",),
    "string": ("contains", "exact", "missing"),
    "uri": ("missing",),
}
COLUMNS = frozenset({"_id", "_lastUpdated"})
"""Parameters that every row carries itself: nothing is extracted for them."""
_NOT_SERVED = frozenset({"phonetic"})
"""Parameters that promise more than a comparison of texts."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter that can be searched by.

    `type`: how it is indexed; `declared`: its type in the specification (`uri` is indexed as a reference).
    `targets`: what a reference may point to; `url`: the canonical address of its definition.
    """

    code: str
    type: ParameterType
    declared: str
    targets: tuple[str, ...]
    url: str
    branches: tuple[Branch, ...] = field(repr=False)
    codes: frozenset[str] = field(default=frozenset(), repr=False)
    """All codes that it can have, where the definitions list them; else empty."""

    @property
    def modifiers(self) -> tuple[str, ...]:
        """The modifiers that it takes, the types of `:[type]` aside."""
        return () if self.code in COLUMNS else _MODIFIERS[self.declared]

    @property
    def single(self) -> bool:
        """Whether a resource has one value at most."""
        simple = all(branch.type in _ONE_ROW for branch in self.branches)
        return len(self.branches) >= 1 and simple and not any(branch.many for branch in self.branches)

    @property
    def is_reference(self) -> bool:
        return self.declared == "reference"


_ONE_ROW = frozenset({"Reference", "Coding", "Identifier", "boolean", "code", "id"}) | frozenset(dates.TYPES)
"""Element types of which one value makes one index row."""


@dataclass(frozen=True, slots=True)
class _Definition:
    code: str
    type: str
    expression: str
    targets: tuple[str, ...]
    url: str


@cache
def parameters(rtype: str) -> Mapping[str, Parameter]:
    """Code -> parameter, in alphabetical order; empty for an unknown type."""
    if rtype not in resource_types():
        return MappingProxyType({})
    found = {p.code: p for definition in _definitions(rtype) if (p := _parameter(rtype, definition))}
    return MappingProxyType(dict(sorted(found.items())))


@cache
def includes(rtype: str) -> tuple[str, ...]:
    """What `_include` may name for the type: `CarePlan:care-team`."""
    return tuple(f"{rtype}:{p.code}" for p in parameters(rtype).values() if p.is_reference)


@cache
def patient_parameter(rtype: str) -> str | None:
    """The code of the parameter by which a resource of the type belongs to a Patient; None: it never does.

    It is `patient`; where R4 has none, the `subject` of the Patient compartment (AdverseEvent, SupplyRequest). The
    other parameters of the compartment name who takes part.  https://hl7.org/fhir/R4/compartmentdefinition-patient.html
    """
    if "patient" in search_parameters(rtype):
        return "patient"
    return "subject" if "subject" in patient_compartment(rtype) else None


@cache
def types_of_patients() -> tuple[str, ...]:
    """The R4 types that may belong to a Patient, in alphabetical order; the Patient itself is not among them."""
    return tuple(rtype for rtype in sorted(resource_types()) if patient_parameter(rtype))


def _definitions(rtype: str) -> Iterator[_Definition]:
    """R4's first: our own of the same code would replace it."""
    for p in search_parameters(rtype).values():
        if p.code not in _NOT_SERVED:
            yield _Definition(p.code, p.type, p.expression, p.targets, p.url)
    for own in resource_type(rtype).parameters:
        url = f"{BASE}/SearchParameter/{rtype.lower()}-{own.code}"
        yield _Definition(own.code, own.type, own.expression, own.targets, url)


def _parameter(rtype: str, definition: _Definition) -> Parameter | None:
    """None if its type or everything that it finds is not served. Raises UnsupportedExpressionError: a bug of ours."""
    indexed = _SERVED_AS.get(definition.type)
    if indexed is None:
        return None
    compiled = compile_path(rtype, definition.expression)
    branches = tuple(branch for branch in compiled if _INDEXERS[indexed](branch) is not None)
    if not branches:
        return None
    targets = tuple(sorted(_targets(definition.targets, branches)))
    kept = () if definition.code in COLUMNS else branches
    return Parameter(definition.code, indexed, definition.type, targets, definition.url, kept, _codes(branches))


def _codes(branches: tuple[Branch, ...]) -> frozenset[str]:
    lists = [codes(branch.binding) if branch.type == "code" and branch.binding else None for branch in branches]
    known = [found for found in lists if found]
    return frozenset().union(*known) if len(known) == len(lists) else frozenset()


def _targets(declared: tuple[str, ...], branches: tuple[Branch, ...]) -> frozenset[str]:
    """The declared targets that the elements and `resolve() is` leave over: R4 shares definitions between types."""
    possible: set[str] = set()
    for branch in branches:
        possible.update(branch.only or branch.targets or declared)
    everything = "Resource" in possible
    return frozenset(declared) if everything else frozenset(declared) & possible
