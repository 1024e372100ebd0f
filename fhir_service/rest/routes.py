"""Which interaction serves which method at which kind of address: a table, compiled per type at start."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import partial

from fhir_service.resources import resource_type
from fhir_service.rest import operations
from fhir_service.rest.bundle import bundle
from fhir_service.rest.create import create
from fhir_service.rest.delete import delete
from fhir_service.rest.exchange import Interaction
from fhir_service.rest.history import history
from fhir_service.rest.metadata import capabilities
from fhir_service.rest.patch import patch
from fhir_service.rest.read import read
from fhir_service.rest.search import search, search_form
from fhir_service.rest.update import update
from fhir_service.rest.vread import vread

READS = ("GET", "HEAD")


class Level(Enum):
    """The kinds of address, as they are written.  https://hl7.org/fhir/R4/http.html#summary"""

    SYSTEM = "[base]"
    SYSTEM_SEARCH = "[base]/_search"
    SYSTEM_HISTORY = "[base]/_history"
    TYPE = "[base]/[type]"
    SEARCH = "[base]/[type]/_search"
    TYPE_HISTORY = "[base]/[type]/_history"
    INSTANCE = "[base]/[type]/[id]"
    INSTANCE_HISTORY = "[base]/[type]/[id]/_history"
    VERSION = "[base]/[type]/[id]/_history/[version]"
    COMPARTMENT = "[base]/Patient/[id]/[type or *]"
    COMPARTMENT_SEARCH = "[base]/Patient/[id]/[type or *]/_search"


OF_SYSTEM = frozenset({Level.SYSTEM, Level.SYSTEM_SEARCH, Level.SYSTEM_HISTORY})
OF_COMPARTMENT = frozenset({Level.COMPARTMENT, Level.COMPARTMENT_SEARCH})


@dataclass(frozen=True, slots=True)
class Route:
    """One row. `interaction`: its code in the CapabilityStatement; `searches`: it judges the parameters itself;
    `native`: a Binary, or what has no type, may be had in its own media type; `whole`: it makes itself what `_summary`
    and `_elements` ask for; `passes_over`: parameters that change nothing here."""

    interaction: str
    level: Level
    methods: tuple[str, ...]
    serve: Interaction
    searches: bool = False
    native: bool = False
    whole: bool = False
    passes_over: frozenset[str] = frozenset()


ROUTES = (
    Route("transaction", Level.SYSTEM, ("POST",), bundle, whole=True),
    Route("search-system", Level.SYSTEM, READS, search, searches=True, whole=True),
    Route("search-system", Level.SYSTEM_SEARCH, ("POST",), search_form, searches=True, whole=True),
    Route("history-system", Level.SYSTEM_HISTORY, READS, history, searches=True, whole=True),
    Route("read", Level.INSTANCE, READS, read, native=True),
    Route("vread", Level.VERSION, READS, vread, native=True),
    Route("update", Level.INSTANCE, ("PUT",), update),
    Route("patch", Level.INSTANCE, ("PATCH",), patch),
    Route("delete", Level.INSTANCE, ("DELETE",), delete),
    Route("history-instance", Level.INSTANCE_HISTORY, READS, history, searches=True, whole=True),
    Route("history-type", Level.TYPE_HISTORY, READS, history, searches=True, whole=True),
    Route("search-type", Level.TYPE, READS, search, searches=True, whole=True),
    Route("search-type", Level.SEARCH, ("POST",), search_form, searches=True, whole=True),
    Route("search-type", Level.COMPARTMENT, READS, search, searches=True, whole=True),
    Route("search-type", Level.COMPARTMENT_SEARCH, ("POST",), search_form, searches=True, whole=True),
    Route("create", Level.TYPE, ("POST",), create),
    Route("update", Level.TYPE, ("PUT",), update, searches=True),
    Route("patch", Level.TYPE, ("PATCH",), patch, searches=True),
    Route("delete", Level.TYPE, ("DELETE",), delete, searches=True),
)
METADATA = Route("capabilities", Level.SYSTEM, READS, capabilities, passes_over=frozenset({"mode"}))
"""https://hl7.org/fhir/R4/http.html#capabilities"""


@dataclass(frozen=True, slots=True)
class Methods:
    """What an address does. `allow`: the value of the Allow header; empty where nothing is served."""

    routes: Mapping[str, Route]
    allow: bytes


def methods(routes: Iterable[Route]) -> Methods:
    """The routes of one address by method."""
    table = {method: route for route in routes for method in route.methods}
    return Methods(table, ", ".join((*table, "OPTIONS")).encode() if table else b"")


def routes_of_system() -> dict[Level, Methods]:
    """What is served above the types."""
    return {level: methods(r for r in ROUTES if r.level is level) for level in (*OF_SYSTEM, *OF_COMPARTMENT)}


def routes_of(rtype: str) -> dict[Level, Methods]:
    """What is served of a type, by the interactions that it declares."""
    served = resource_type(rtype).interactions
    levels = [level for level in Level if level not in OF_SYSTEM]
    return {level: methods(r for r in ROUTES if r.level is level and r.interaction in served) for level in levels}


def operations_at(level: operations.Level, rtype: str = "") -> dict[str, Methods]:
    """`$name` -> how it is called at a level of a type."""
    found = (o for o in operations.operations() if o.is_at(level, rtype))
    return {f"${o.name}": methods((_operation(o),)) for o in found}


def _operation(operation: operations.Operation) -> Route:
    serve = partial(operations.call, operation)
    named = f"${operation.name}"
    own, whole = operation.own_form, operation.bundles
    return Route(named, Level.SYSTEM, operation.methods, serve, searches=True, native=own, whole=whole)
