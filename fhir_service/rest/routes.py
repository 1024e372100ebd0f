"""Which interaction serves which method at which kind of address: a table, compiled per type at start."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto

from fhir_service.resources import resource_type
from fhir_service.rest.create import create
from fhir_service.rest.delete import delete
from fhir_service.rest.exchange import Interaction
from fhir_service.rest.metadata import capabilities
from fhir_service.rest.patch import patch
from fhir_service.rest.read import read
from fhir_service.rest.search import search, search_form
from fhir_service.rest.update import update
from fhir_service.rest.vread import vread


class Level(Enum):
    """The kinds of address."""

    TYPE = auto()
    """[base]/[type]"""
    SEARCH = auto()
    """[base]/[type]/_search"""
    INSTANCE = auto()
    """[base]/[type]/[id]"""
    VERSION = auto()
    """[base]/[type]/[id]/_history/[version]"""


@dataclass(frozen=True, slots=True)
class Route:
    """One row. `interaction`: its code in the CapabilityStatement; `searches`: it takes search parameters;
    `native`: a Binary may be had in its own media type; `passes_over`: parameters that change nothing here."""

    interaction: str
    level: Level
    methods: tuple[str, ...]
    serve: Interaction
    searches: bool = False
    native: bool = False
    passes_over: frozenset[str] = frozenset()


ROUTES = (
    Route("read", Level.INSTANCE, ("GET", "HEAD"), read, native=True),
    Route("vread", Level.VERSION, ("GET", "HEAD"), vread, native=True),
    Route("update", Level.INSTANCE, ("PUT",), update),
    Route("patch", Level.INSTANCE, ("PATCH",), patch),
    Route("delete", Level.INSTANCE, ("DELETE",), delete),
    Route("search-type", Level.TYPE, ("GET", "HEAD"), search, searches=True),
    Route("search-type", Level.SEARCH, ("POST",), search_form, searches=True),
    Route("create", Level.TYPE, ("POST",), create),
)
METADATA = Route(
    "capabilities", Level.TYPE, ("GET", "HEAD"), capabilities, passes_over=frozenset({"mode", "_summary", "_elements"})
)
"""Clients ask for a mode or a summary of it and may be given the whole.  https://hl7.org/fhir/R4/http.html#capabilities"""


@dataclass(frozen=True, slots=True)
class Methods:
    """What an address does. `allow`: the value of the Allow header; empty where nothing is served."""

    routes: Mapping[str, Route]
    allow: bytes


def methods(routes: Iterable[Route]) -> Methods:
    """The routes of one address by method."""
    table = {method: route for route in routes for method in route.methods}
    return Methods(table, ", ".join(table).encode())


def routes_of(rtype: str) -> dict[Level, Methods]:
    """What is served of a type, by the interactions that it declares."""
    served = resource_type(rtype).interactions
    return {level: methods(r for r in ROUTES if r.level is level and r.interaction in served) for level in Level}
