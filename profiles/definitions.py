"""What FHIR R4 4.0.1 defines, as frozen values: types, elements, codes, search parameters, invariants, compartments.

Read lazily from `r4/definitions.json.gz`, which `scripts/make_r4_definitions.py` writes (decision 4). The file is
opened at the first question and each type is decoded when it is first asked for.  https://hl7.org/fhir/R4/
"""

import gzip
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

import msgspec

DATA = Path(__file__).parent / "r4" / "definitions.json.gz"
NOT_INDEXED = frozenset({"_content", "_filter", "_query", "_text"})
"""Parameters of every resource that have no expression: they are answered, if at all, by other means."""


class ElementType(msgspec.Struct, frozen=True, array_like=True):
    """One type that an element may have. `targets`: what a Reference or canonical may point to, `Resource` for any."""

    code: str
    targets: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()


class Element(msgspec.Struct, frozen=True, array_like=True):
    """One row of a snapshot. `path` is below the type (`activity.detail.status`, `value[x]`); `max` None: any number.

    `binding` is the address of a required value set; `content` the path (`Questionnaire.item`) of the element whose
    content this one repeats.
    """

    path: str
    min: int
    max: int | None
    types: tuple[ElementType, ...]
    binding: str = ""
    content: str = ""


class Invariant(msgspec.Struct, frozen=True, array_like=True):
    """A rule of the specification. `path` is the full path of the element that it is judged on."""

    key: str
    severity: str
    human: str
    expression: str
    path: str


class SearchParameter(msgspec.Struct, frozen=True, array_like=True):
    """https://hl7.org/fhir/R4/searchparameter-registry.html

    `expression` holds the alternatives for the type that was asked for only; `targets` the types that a reference may
    point to; `url` its canonical address; `components` (address tail, expression) of a composite.
    """

    code: str
    type: str
    expression: str
    targets: tuple[str, ...]
    url: str
    components: tuple[tuple[str, str], ...] = ()


class Marks(msgspec.Struct, frozen=True, array_like=True):
    """Paths below a resource type: of what is in a summary of it, and of what changes the meaning of the rest.

    https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.isSummary
    """

    summary: frozenset[str] = frozenset()
    modifiers: frozenset[str] = frozenset()


class _Content(msgspec.Struct, frozen=True):
    version: str
    kinds: dict[str, str]
    elements: dict[str, msgspec.Raw]
    invariants: dict[str, msgspec.Raw]
    patterns: dict[str, str]
    codes: dict[str, dict[str, tuple[str, ...]]]
    parameters: dict[str, msgspec.Raw]
    compartments: dict[str, dict[str, tuple[str, ...]]]
    tables: dict[str, msgspec.Raw]
    marks: dict[str, msgspec.Raw]


@cache
def _content() -> _Content:
    return msgspec.json.decode(gzip.decompress(DATA.read_bytes()), type=_Content)


def version() -> str:
    """The FHIR version: 4.0.1."""
    return _content().version


@cache
def kinds() -> Mapping[str, str]:
    """Type -> `resource`, `complex-type`, `primitive-type`, or `abstract` for what is never met as such."""
    return MappingProxyType(_content().kinds)


@cache
def resource_types() -> frozenset[str]:
    """The resource types that can be stored, without the abstract ones."""
    return frozenset(name for name, kind in kinds().items() if kind == "resource")


@cache
def elements(type_name: str) -> tuple[Element, ...]:
    """The elements below a type, in the order of the specification; empty for a primitive or unknown type."""
    raw = _content().elements.get(type_name)
    return msgspec.json.decode(raw, type=tuple[Element, ...]) if raw else ()


@cache
def marks(rtype: str) -> Marks:
    """Which elements of a resource type stand in its summary, and which are modifiers; none for an unknown type."""
    raw = _content().marks.get(rtype)
    return msgspec.json.decode(raw, type=Marks) if raw else Marks()


@cache
def invariants(type_name: str) -> tuple[Invariant, ...]:
    """The rules of a type; ele-1 and ext-1 are told once, by Element and Extension."""
    raw = _content().invariants.get(type_name)
    return msgspec.json.decode(raw, type=tuple[Invariant, ...]) if raw else ()


@cache
def search_parameters(rtype: str) -> Mapping[str, SearchParameter]:
    """Code -> parameter, those of every resource (`_id`, `_lastUpdated`, `_tag` ...) among them; empty if unknown."""
    if rtype not in resource_types():
        return MappingProxyType({})
    found = {p.code: p for base in ("Resource", "DomainResource", rtype) for p in _parameters(base)}
    return MappingProxyType({code: p for code, p in found.items() if code not in NOT_INDEXED})


def _parameters(base: str) -> tuple[SearchParameter, ...]:
    raw = _content().parameters.get(base)
    return msgspec.json.decode(raw, type=tuple[SearchParameter, ...]) if raw else ()


def compartments() -> tuple[str, ...]:
    """The types that have a compartment, in alphabetical order.  https://hl7.org/fhir/R4/compartmentdefinition.html"""
    return tuple(sorted(_content().compartments))


def compartment(about: str, rtype: str) -> tuple[str, ...]:
    """The parameters that put a resource of `rtype` into the compartment of an `about`; empty: never in it.

    `{def}` among them is R4's word for the resource that the compartment is about.
    """
    return _content().compartments.get(about, {}).get(rtype, ())


def patient_compartment(rtype: str) -> tuple[str, ...]:
    """The parameters that put a resource into a patient's compartment; empty: never in it.

    https://hl7.org/fhir/R4/compartmentdefinition-patient.html
    """
    return compartment("Patient", rtype)


@cache
def codes(valueset_url: str) -> frozenset[str] | None:
    """The codes of a required value set, whatever their system; None where they cannot be listed or it is unknown."""
    systems = _content().codes.get(valueset_url)
    return None if systems is None else frozenset(code for found in systems.values() for code in found)


@cache
def concepts(valueset_url: str) -> frozenset[tuple[str, str]] | None:
    """The (system, code) pairs of a required value set; None as for `codes`."""
    systems = _content().codes.get(valueset_url)
    return None if systems is None else frozenset((s, code) for s, found in systems.items() for code in found)


@cache
def hl7_table(number: str) -> frozenset[str] | None:
    """The codes of an HL7 v2 table (`0069`), case folded; None where the specification does not list it.

    https://hl7.org/fhir/R4/terminologies-v2.html
    """
    raw = _content().tables.get(number)
    return frozenset(c.casefold() for c in msgspec.json.decode(raw, type=tuple[str, ...])) if raw else None


def pattern(primitive: str) -> str | None:
    """The regular expression of a primitive type as the specification writes it."""
    return _content().patterns.get(primitive)
