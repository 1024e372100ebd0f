"""What a search is about: one type, several, or what lies in a compartment.

https://hl7.org/fhir/R4/http.html#vsearch, https://hl7.org/fhir/R4/compartmentdefinition.html
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from fhir_service.search.criteria import bad_value
from fhir_service.search.parameters import parameters
from fhir_service.search.query import AnyOf, Condition, Criterion, ParameterType, ReferenceValue, TokenValue
from profiles.definitions import compartment
from profiles.issues import Issue

Compartment: TypeAlias = tuple[str, str]
"""(what it is about, its id): `("Patient", "7")`"""
TYPES = "_type"


@dataclass(frozen=True, slots=True)
class Scope:
    """`rtype` empty: the search is over `rtypes`, all of them. `served`: what chains and includes may lead to."""

    rtype: str
    rtypes: tuple[str, ...]
    served: tuple[str, ...]
    base_url: str
    max_count: int


def types_asked(
    params: Sequence[tuple[str, str]], served: tuple[str, ...], held: Compartment | None
) -> tuple[str, ...] | Issue:
    """The types of a search over several: those of `_type`, else all that there can be."""
    values = [value for name, value in params if name == TYPES]
    if not values:
        return tuple(rtype for rtype in served if held is None or members(held[0], rtype))
    named = tuple(dict.fromkeys(values[0].split(",")))
    if len(values) > 1 or any(rtype not in served for rtype in named):
        return bad_value(TYPES, f"one or more of {', '.join(served)}, once")
    return named


def members(about: str, rtype: str) -> tuple[str, ...]:
    """The parameters that put a resource of the type into a compartment; empty: never in it.

    What it is about lies in it too, found by `_id`.
    """
    named = tuple(code for code in compartment(about, rtype) if code in parameters(rtype))
    return ("_id", *named) if about == rtype else named


def within(held: Compartment, rtype: str) -> Condition:
    """That a resource of the type lies in the compartment."""
    about, rid = held
    found = tuple(_member(about, rid, code) for code in members(about, rtype))
    return found[0] if len(found) == 1 else AnyOf(found)


def _member(about: str, rid: str, code: str) -> Criterion:
    if code == "_id":
        return Criterion(code, ParameterType.TOKEN, (TokenValue(None, rid),))
    return Criterion(code, ParameterType.REFERENCE, (ReferenceValue(about, rid),))
