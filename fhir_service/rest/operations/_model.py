"""What a module under `rest/operations/` declares: one constant `OPERATION`.  https://hl7.org/fhir/R4/operations.html"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from fhir_service.resources import resource_type
from fhir_service.rest.exchange import Face, Reply, Request
from fhir_service.search.query import Cursor
from profiles import names

HL7 = "http://hl7.org/fhir/OperationDefinition"


class Level(StrEnum):
    """Where an operation is called; a version is an instance at `[type]/[id]/_history/[version]`."""

    SYSTEM = "system"
    TYPE = "type"
    INSTANCE = "instance"
    VERSION = "version"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter, in or out. `type`: a data type or resource type (`Resource`: any), empty where it has `parts`.

    `max`: `1` or `*`, as a FHIR cardinality; `among`: the types that it may be of, where it is of the type `Type`.
    """

    name: str
    type: str
    says: str
    min: int = 0
    max: str = "1"
    parts: tuple["Parameter", ...] = ()
    among: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Arguments:
    """The in-parameters of one call by name: JSON values of the declared types, in the order they came.

    Of an operation that pages also: `after`, where the page begins; `token`, the page link that the call came by;
    `total` of all pages as it was counted for the first one.
    """

    values: Mapping[str, tuple[Any, ...]]
    after: Cursor | None = None
    token: str | None = None
    total: int | None = None

    def one(self, name: str) -> Any:
        """The value of a parameter that comes at most once, or None."""
        found = self.values.get(name)
        return found[0] if found else None

    def all(self, name: str) -> tuple[Any, ...]:
        """Every value of a parameter."""
        return self.values.get(name, ())

    @property
    def used(self) -> tuple[tuple[str, str], ...]:
        """The parameters as they stand in an address; none is anything but a primitive."""
        return tuple((name, _text(value)) for name, values in self.values.items() for value in values)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


Serve: TypeAlias = Callable[[Face, Request, Arguments], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation. `name` is without the `$`; several may share it at different types.

    `types`: those that have it, empty for every type; `inputs` and `outputs` are its parameters; `affects_state`: it
    is called with POST only; `deletes`: it is called with DELETE as well; `judges`: the resource that comes in is what
    it looks at, so it need not be valid; `pages`: it is also called by page links; `defined`: the canonical address of
    the definition it follows, empty for one of our own; `starts`: GET begins something, so that HEAD is not served;
    `own_form`: it answers in a media type of its own; `bundles`: it answers with a Bundle, and makes itself what
    `_summary` and `_elements` ask for.
    """

    id: str
    name: str
    title: str
    says: str
    serve: Serve
    levels: frozenset[Level]
    types: tuple[str, ...] = ()
    affects_state: bool = False
    deletes: bool = False
    judges: bool = False
    pages: bool = False
    starts: bool = False
    own_form: bool = False
    bundles: bool = False
    inputs: tuple[Parameter, ...] = ()
    outputs: tuple[Parameter, ...] = ()
    defined: str = ""

    @property
    def url(self) -> str:
        """Canonical address of our OperationDefinition of it."""
        return f"{names.BASE}/OperationDefinition/{self.id}"

    @property
    def methods(self) -> tuple[str, ...]:
        """The HTTP methods it is called with."""
        heads = () if self.starts else ("HEAD",)
        reads = () if self.affects_state else ("GET", *heads)
        return (*reads, "POST", *(("DELETE",) if self.deletes else ()))

    def is_at(self, level: Level, rtype: str) -> bool:
        """Whether it can be called at this level of this type (empty at the level of the system).

        What changes a resource is not for types whose resources are never changed.
        """
        if level not in self.levels or (level is not Level.SYSTEM and self.types and rtype not in self.types):
            return False
        changes = self.affects_state and level is Level.INSTANCE
        return not changes or "update" in resource_type(rtype).interactions


def at(*levels: Level) -> frozenset[Level]:
    """The levels of an operation."""
    return frozenset(levels)
