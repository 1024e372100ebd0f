"""The search parameters of a type: R4's and our own, as far as they are served."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from types import MappingProxyType

from fhir_service.resources import SERVED, resource_type
from fhir_service.search import dates, modifiers, positions, quantities, references, strings, tokens
from fhir_service.search.path_syntax import UnsupportedExpressionError
from fhir_service.search.paths import Branch, children, compile_below, compile_path
from fhir_service.search.phonetics import PHONETIC
from fhir_service.search.query import ParameterType, Prefix
from profiles.definitions import SearchParameter, codes, patient_compartment, resource_types, search_parameters
from profiles.names import BASE

_SERVED_AS = {
    "token": ParameterType.TOKEN,
    "reference": ParameterType.REFERENCE,
    "date": ParameterType.DATE,
    "string": ParameterType.STRING,
    "uri": ParameterType.REFERENCE,
    "number": ParameterType.QUANTITY,
    "quantity": ParameterType.QUANTITY,
    "composite": ParameterType.COMPOSITE,
    "special": ParameterType.POSITION,
}
"""How each R4 type is indexed; an address is a reference without an id, a number a quantity without a unit."""
INDEXERS = {
    ParameterType.TOKEN: tokens.indexer,
    ParameterType.REFERENCE: references.indexer,
    ParameterType.DATE: dates.indexer,
    ParameterType.STRING: strings.indexer,
    ParameterType.QUANTITY: quantities.indexer,
    ParameterType.POSITION: positions.indexer,
}
_CROSSED = {
    "DocumentReference-relatesto": "DocumentReference-relation",
    "DocumentReference-relation": "DocumentReference-relatesto",
}
"""Components of DocumentReference's `relationship`: R4 gives each the expression of the other."""
COLUMNS = frozenset({"_id", "_lastUpdated"})
"""Parameters that every row carries itself: nothing is extracted for them."""
_UNSORTABLE = frozenset({ParameterType.COMPOSITE, ParameterType.POSITION})
_COMPARED = frozenset({"date", "number", "quantity"})


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
    components: tuple["Component", ...] = field(default=(), repr=False)
    """What a composite consists of, in order."""
    over: str = ""
    """The chain that it stands for; it has no branches then, and no index."""

    @property
    def modifiers(self) -> tuple[str, ...]:
        """The modifiers that it takes, in alphabetical order, the types of `:[type]` aside."""
        if self.code in COLUMNS:
            return ()
        if self.over:
            return (modifiers.IDENTIFIER[1:],)
        kind = self.code if self.code == PHONETIC else self.declared
        return modifiers.of(kind, {branch.type for branch in self.branches})

    @property
    def comparators(self) -> tuple[Prefix, ...]:
        """The prefixes that its values may have."""
        return tuple(Prefix) if self.declared in _COMPARED else ()

    @property
    def leads(self) -> bool:
        """Whether it leads to resources: what is included, and by whose parameters may be asked (`subject.name`).

        A canonical names whatever has that address, in any version, here or elsewhere: it is compared, not followed.
        """
        return self.is_reference and any(branch.type == "Reference" for branch in self.branches)

    @property
    def canonical(self) -> bool:
        """Whether it is a reference by name only that holds addresses: then its values are read as such."""
        return (
            self.is_reference
            and not self.over
            and not any(branch.type in ("Reference", "Resource") for branch in self.branches)
        )

    @property
    def sortable(self) -> bool:
        """Whether `_sort` may name it."""
        return self.type not in _UNSORTABLE and not self.over

    @property
    def single(self) -> bool:
        """Whether a resource has one value at most."""
        simple = all(branch.type in _ONE_ROW for branch in self.branches)
        return len(self.branches) >= 1 and simple and not any(branch.many for branch in self.branches)

    @property
    def is_reference(self) -> bool:
        return self.declared == "reference"


@dataclass(frozen=True, slots=True)
class Component:
    """One part of a composite: how it is read, and where it lies.

    `inner`: its branches below each branch of the composite, in their order; below the resource itself if `whole`.
    """

    parameter: Parameter
    inner: tuple[tuple[Branch, ...], ...] = field(repr=False)
    whole: bool = False


_ONE_ROW = frozenset({"Reference", "Coding", "Identifier", "boolean", "code", "id"}) | frozenset(dates.TYPES)
"""Element types of which one value makes one index row."""


@dataclass(frozen=True, slots=True)
class _Definition:
    code: str
    type: str
    expression: str
    targets: tuple[str, ...]
    url: str
    components: tuple[tuple[str, str], ...] = ()
    over: str = ""


@cache
def parameters(rtype: str) -> Mapping[str, Parameter]:
    """Code -> parameter, in alphabetical order; empty for an unknown type."""
    if rtype not in resource_types():
        return MappingProxyType({})
    found = {definition.code: _parameter(rtype, definition) for definition in _definitions(rtype)}
    return MappingProxyType(dict(sorted(found.items())))


@cache
def includes(rtype: str) -> tuple[str, ...]:
    """What `_include` may name for the type: `CarePlan:care-team`."""
    return tuple(f"{rtype}:{p.code}" for p in parameters(rtype).values() if p.leads)


@cache
def revincludes(rtype: str, served: tuple[str, ...] = SERVED) -> tuple[str, ...]:
    """What `_revinclude` may name for the type: `Task:focus`, in alphabetical order."""
    return tuple(f"{source}:{code}" for source in sorted(served) for code in referring(source, rtype))


@cache
def referring(source: str, target: str) -> tuple[str, ...]:
    """The parameters by which a resource of `source` may refer to one of `target`."""
    return tuple(p.code for p in parameters(source).values() if p.leads and target in p.targets)


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
        yield _Definition(p.code, p.type, p.expression, p.targets, p.url, p.components)
    for own in resource_type(rtype).parameters:
        url = f"{BASE}/SearchParameter/{rtype.lower()}-{own.code}"
        yield _Definition(own.code, own.type, own.expression, own.targets, url, over=own.over)


def _parameter(rtype: str, definition: _Definition) -> Parameter:
    """Raises UnsupportedExpressionError: a bug of ours, as the expressions are R4's and our own."""
    if definition.over:
        indexed = _SERVED_AS[definition.type]
        return Parameter(
            definition.code, indexed, definition.type, definition.targets, definition.url, (), over=definition.over
        )
    compiled = compile_path(rtype, definition.expression)
    return (_composite if definition.type == "composite" else _plain)(rtype, definition, compiled)


def _plain(_: str, definition: _Definition, compiled: tuple[Branch, ...]) -> Parameter:
    """Of all branches those with values that its type indexes."""
    indexed = _SERVED_AS[definition.type]
    found = [inner for branch in compiled for inner in _values_of(branch, definition)]
    branches = tuple(branch for branch in found if INDEXERS[indexed](branch) is not None)
    if not branches:
        raise UnsupportedExpressionError(f"{definition.url} finds nothing of its type")
    targets = tuple(sorted(_targets(definition.targets, branches)))
    kept = () if definition.code in COLUMNS else branches
    return Parameter(definition.code, indexed, definition.type, targets, definition.url, kept, _codes(branches))


def _values_of(branch: Branch, definition: _Definition) -> tuple[Branch, ...]:
    """R4 names some extensions where it means their values, and a resource where it means which one it is."""
    if branch.type == "Extension":
        return children(branch, "value")
    return (replace(branch, targets=definition.targets),) if branch.type == "Resource" else (branch,)


def _composite(rtype: str, definition: _Definition, shared: tuple[Branch, ...]) -> Parameter:
    """What its components are is told by the definitions that they name."""
    by_tail = {p.url.rpartition("/")[2]: p for p in search_parameters(rtype).values()}
    tails = [_CROSSED.get(tail, tail) for tail, _ in definition.components]
    named = zip(tails, (expression for _, expression in definition.components), strict=True)
    components = tuple(_component(rtype, by_tail[tail], expression, shared) for tail, expression in named)
    made = ParameterType.COMPOSITE
    return Parameter(definition.code, made, "composite", (), definition.url, shared, components=components)


def _component(rtype: str, of: SearchParameter, expression: str, shared: tuple[Branch, ...]) -> Component:
    """`%resource.` starts at the resource; `DateTime` is a slip of R4 for `dateTime`."""
    definition = _Definition(of.code, of.type, expression, of.targets, of.url)
    written = expression.replace("as(DateTime)", "as(dateTime)").removeprefix("%resource.")
    whole = expression.startswith("%resource.")
    starts = (Branch(rtype, rtype),) * len(shared) if whole else shared
    found = [_plain(rtype, definition, compile_below(start, written)) for start in starts]
    return Component(found[0], tuple(p.branches for p in found), whole)


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
