"""A search, parsed: plain values that the storage compiles to SQL.  https://hl7.org/fhir/R4/search.html

Everything here is a value that can be compared and hashed. Names of parameters are those of R4 and our own; some have a
second index under a derived name (`:identifier`, `:text`, `:of-type`), so that a modifier is a plain criterion on it.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

import msgspec

ROOM = 16_000_000
"""Bytes that the bodies of a page may have together, unless something else is asked for (SR-8)."""


class ParameterType(StrEnum):
    """How a parameter is indexed.  https://hl7.org/fhir/R4/valueset-search-param-type.html

    A uri is indexed as a reference without an id, a number as a quantity without a unit.
    """

    TOKEN = "token"  # noqa: S105 - the FHIR word
    REFERENCE = "reference"
    DATE = "date"
    STRING = "string"
    QUANTITY = "quantity"
    COMPOSITE = "composite"
    POSITION = "position"
    """`Location.near`, the one special parameter of a type that has a place of its own."""


class Prefix(StrEnum):
    """https://hl7.org/fhir/R4/search.html#prefix"""

    EQ = "eq"
    NE = "ne"
    GT = "gt"
    LT = "lt"
    GE = "ge"
    LE = "le"
    SA = "sa"
    EB = "eb"
    AP = "ap"


class TokenValue(msgspec.Struct, frozen=True):
    """`system|code`. `system` None: any system; `""`: none at all. `code` None: any code of the system."""

    system: str | None
    code: str | None


class ReferenceValue(msgspec.Struct, frozen=True):
    """`rtype` None: any type. `url`: an absolute address elsewhere or a canonical, then `rid` is empty."""

    rtype: str | None
    rid: str
    url: str | None = None


class DateValue(msgspec.Struct, frozen=True):
    """The interval [lo, hi) that a date or time of some precision stands for, in microseconds since 1970 UTC."""

    prefix: Prefix
    lo: int
    hi: int


class StringValue(msgspec.Struct, frozen=True):
    """Normalised (NFKD without marks, case-folded) unless the modifier is `exact`."""

    text: str


@dataclass(frozen=True, slots=True)
class QuantityValue:
    """The interval [lo, hi) that a number of some precision stands for, as texts that sort like the numbers.

    `system` None: any; `code` None: any unit, else the code or the unit as written. A bare number has neither. The
    texts are keys of `search.numbers`; what is stored is an interval of the same kind, `hi` behind the number itself.
    """

    prefix: Prefix
    lo: str
    hi: str
    system: str | None = None
    code: str | None = None


class CompositeValue(msgspec.Struct, frozen=True):
    """`a$b`: values of the components, in their order, that meet in one element of the resource."""

    parts: tuple["TokenValue | ReferenceValue | DateValue | StringValue | QuantityValue", ...]


class PositionValue(msgspec.Struct, frozen=True):
    """`Location.near`: what lies within `metres` of a point given in millionths of a degree."""

    latitude: int
    longitude: int
    metres: int


@dataclass(frozen=True, slots=True)
class ConceptSet:
    """Tokens that only a look into the terminology can list.

    `:in` and `:not-in` name a value set, `:above` and `:below` a code. Whoever runs the search replaces it by
    TokenValues first (`workflow.terminology`); the storage never sees it.
    """

    value_set: str | None = None
    system: str | None = None
    code: str | None = None


Value: TypeAlias = (
    TokenValue | ReferenceValue | DateValue | StringValue | QuantityValue | CompositeValue | PositionValue | ConceptSet
)


@dataclass(frozen=True, slots=True)
class Criterion:
    """One parameter of the query; `values` are alternatives (OR), conditions are joined by AND.

    `modifier`, as far as it decides how values are compared: `exact`, `contains` (string), `not`, `not-in` (token),
    `below` (uri: begins with; `:above` is a list of plain values). Beside ConceptSets it is the one asked for: `in`,
    `not-in`, `above`, `below`; whoever resolves them leaves `not-in` or none.
    """

    parameter: str
    type: ParameterType
    values: tuple[Value, ...]
    modifier: str | None = None
    missing: bool | None = None
    """Set for `:missing`; then `values` is empty."""


@dataclass(frozen=True, slots=True)
class Chain:
    """`subject:Patient.name=x`: the reference leads to a resource for which the condition of its type holds.

    `links`: (type it leads to, condition there), alternatives.  https://hl7.org/fhir/R4/search.html#chaining
    """

    parameter: str
    links: tuple[tuple[str, "Condition"], ...]


@dataclass(frozen=True, slots=True)
class Has:
    """`_has:Observation:patient:code=x`: a resource of `rtype` for which `condition` holds refers here by `parameter`.

    Also `_list=7` (List, item, `_id` = 7).  https://hl7.org/fhir/R4/search.html#has
    """

    rtype: str
    parameter: str
    condition: "Condition"


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of the conditions holds; none of none (a compartment in which the type never is)."""

    conditions: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class FullText:
    """`_text` (the narrative) or `_content` (everything): one of the sets of `words` must all be there."""

    parameter: str
    words: tuple[tuple[str, ...], ...]


Condition: TypeAlias = Criterion | Chain | Has | AnyOf | FullText


class Include(msgspec.Struct, frozen=True):
    """`_include[:iterate]=source:parameter[:target]`; `parameter` `*`: every reference of `source`.

    `reverse`: `_revinclude`, resources of `source` that refer to what was found. `iterate`: from what was included too.
    https://hl7.org/fhir/R4/search.html#revinclude
    """

    source: str
    parameter: str
    target: str | None = None
    reverse: bool = False
    iterate: bool = False


class Sort(msgspec.Struct, frozen=True):
    """One key of `_sort`. `_lastUpdated` and `_id` are parameters like others."""

    parameter: str
    type: ParameterType | None
    descending: bool


class Cursor(msgspec.Struct, frozen=True):
    """Where the page before ended: the sort values and the primary key of its last row."""

    values: tuple[int | str | None, ...]
    pk: int


@dataclass(frozen=True, slots=True)
class TypeSearch:
    """The part of a search over several types that is about one of them."""

    rtype: str
    criteria: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """A search that can be run. `used` is what `self` shows: the parameters as understood, in order.

    Over several types (`[base]?_type=A,B`, a whole compartment) `rtype` is empty and `among` has them all; `criteria`
    is then empty, and what is sorted by is `_id` or `_lastUpdated`.
    """

    rtype: str
    criteria: tuple[Condition, ...] = ()
    among: tuple[TypeSearch, ...] = ()
    includes: tuple[Include, ...] = ()
    sort: tuple[Sort, ...] = ()
    count: int = 50
    total: bool = False
    after: Cursor | None = None
    used: tuple[tuple[str, str], ...] = ()
    room: int = ROOM
    """Bytes that the bodies of a page may have together; a page has one resource in any case."""


class IndexRows(msgspec.Struct, frozen=True):
    """What a resource is found by. Parameter names are those of its type's search parameters."""

    tokens: tuple[tuple[str, str, str], ...] = ()
    """(parameter, system, code)"""
    references: tuple[tuple[str, str, str, str], ...] = ()
    """(parameter, type, id, url); url empty for a resource of this server, id empty for one elsewhere"""
    dates: tuple[tuple[str, int, int], ...] = ()
    """(parameter, lo, hi): [lo, hi) in microseconds since 1970 UTC"""
    strings: tuple[tuple[str, str, str], ...] = ()
    """(parameter, as it is compared, as sent); what begins in the middle of a name was not sent so: empty"""
    quantities: tuple[tuple[str, str, str, str, str, str], ...] = ()
    """(parameter, lo, hi, system, code, unit): [lo, hi) as texts that sort like the numbers"""
    composites: tuple[tuple[str, tuple[tuple[str | int, ...], ...]], ...] = ()
    """(parameter, one row of each component without its name), for every pair of values that meet in one element"""
    positions: tuple[tuple[str, int, int], ...] = ()
    """(parameter, latitude, longitude) in millionths of a degree"""
