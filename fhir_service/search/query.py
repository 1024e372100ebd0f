"""A search, parsed: plain values that the storage compiles to SQL.  https://hl7.org/fhir/R4/search.html"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class ParameterType(StrEnum):
    """https://hl7.org/fhir/R4/valueset-search-param-type.html, as far as they are served."""

    TOKEN = "token"  # noqa: S105 - the FHIR word
    REFERENCE = "reference"
    DATE = "date"
    STRING = "string"


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


@dataclass(frozen=True, slots=True)
class TokenValue:
    """`system|code`. `system` None: any system; `""`: none at all. `code` None: any code of the system."""

    system: str | None
    code: str | None


@dataclass(frozen=True, slots=True)
class ReferenceValue:
    """`rtype` None: any type. `url`: an absolute address elsewhere or a canonical, then `rid` is empty."""

    rtype: str | None
    rid: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class DateValue:
    """The interval [lo, hi) that a date or time of some precision stands for, in microseconds since 1970 UTC."""

    prefix: Prefix
    lo: int
    hi: int


@dataclass(frozen=True, slots=True)
class StringValue:
    """Normalised (NFKD without marks, case-folded) unless the modifier is `exact`."""

    text: str


Value: TypeAlias = TokenValue | ReferenceValue | DateValue | StringValue


@dataclass(frozen=True, slots=True)
class Criterion:
    """One parameter of the query; `values` are alternatives (OR), criteria are joined by AND."""

    parameter: str
    type: ParameterType
    values: tuple[Value, ...]
    modifier: str | None = None
    missing: bool | None = None
    """Set for `:missing`; then `values` is empty."""


@dataclass(frozen=True, slots=True)
class Include:
    """`_include=source:parameter[:target]`."""

    source: str
    parameter: str
    target: str | None = None


@dataclass(frozen=True, slots=True)
class Sort:
    """One key of `_sort`. `_lastUpdated` and `_id` are parameters like others."""

    parameter: str
    type: ParameterType | None
    descending: bool


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the page before ended: the sort values and the primary key of its last row."""

    values: tuple[int | str | None, ...]
    pk: int


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """A search that can be run. `used` is what `self` shows: the parameters as understood, in order."""

    rtype: str
    criteria: tuple[Criterion, ...] = ()
    includes: tuple[Include, ...] = ()
    sort: tuple[Sort, ...] = ()
    count: int = 50
    total: bool = False
    after: Cursor | None = None
    used: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class IndexRows:
    """What a resource is found by. Parameter names are those of its type's search parameters."""

    tokens: tuple[tuple[str, str, str], ...] = ()
    """(parameter, system, code)"""
    references: tuple[tuple[str, str, str, str], ...] = ()
    """(parameter, type, id, url); url empty for a resource of this server, id empty for one elsewhere"""
    dates: tuple[tuple[str, int, int], ...] = ()
    """(parameter, lo, hi): [lo, hi) in microseconds since 1970 UTC"""
    strings: tuple[tuple[str, str, str], ...] = ()
    """(parameter, normalised, as sent)"""
