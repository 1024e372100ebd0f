"""The name of a parameter: what it stands for, once and for all, and how its values are read.

    status   subject:Patient   subject.name   subject:Patient.organization.name   _has:Observation:patient:code
    patient._has:Observation:patient:code   _has:Encounter:patient:location.name   _list   _text   _content

https://hl7.org/fhir/R4/search.html#chaining, #has. Steps and alternatives are bounded (SR-8).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TypeAlias

from fhir_service.search import criteria, lists, words
from fhir_service.search.criteria import Outcome, Reading
from fhir_service.search.modified import modified, unknown_modifier
from fhir_service.search.parameters import Parameter, parameters, referring
from fhir_service.search.query import Chain, Condition, Has
from fhir_service.search.settings import NAMES
from profiles.issues import Issue, error

MAX_STEPS = 5
"""Chains and `_has` within one name."""
MAX_LINKS = 64
"""Types that the steps of one name may lead to, all together."""
MAX_NAME = 500
_SHOWABLE = re.compile(r"(?!.*[0-9]{6})[A-Za-z_][A-Za-z0-9_.:-]{0,149}", re.ASCII)
"""What looks like the name of a parameter. All else may be a value about a person (SR-18)."""
HAS = "_has"


@dataclass(frozen=True, slots=True)
class Named:
    """How the values of a name are read. `links`: how many alternatives its steps open."""

    read: Reading
    links: int = 1


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a name, or what is left of it, is looked up. `at`: the whole name as it may be shown."""

    rtype: str
    served: tuple[str, ...]
    at: str
    steps: int = 0


Found: TypeAlias = Named | Issue


def shown(name: str) -> str:
    """The name as it may be repeated in an answer."""
    return name if not name or _SHOWABLE.fullmatch(name) else "(not shown)"


def named(rtype: str, name: str, served: tuple[str, ...]) -> Found:
    """What the name stands for in a search for a type; an Issue if it is nothing that is known."""
    if len(name) > MAX_NAME:
        return _unknown(_Place(rtype, served, shown(name)), "")
    return _kept(rtype, name, served)


@lru_cache(maxsize=4096)
def _kept(rtype: str, name: str, served: tuple[str, ...]) -> Found:
    return _find(_Place(rtype, served, shown(name)), name)


@lru_cache(maxsize=4096)
def _find(place: _Place, name: str) -> Found:
    """Kept, so that the many ways of an untyped chain to one type are followed once."""
    if place.steps > MAX_STEPS:
        return error("bad-parameter-value", place.at, f"A parameter leads over at most {MAX_STEPS} steps.")
    if name.startswith(HAS + ":"):
        return _reverse(place, name)
    code = name.replace(".", ":").partition(":")[0]
    parameter = parameters(place.rtype).get(code)
    if parameter is not None and parameter.over:
        return _over(place, parameter, name[len(code) :])
    head, dot, rest = name.partition(".")
    return _chain(place, head, rest) if dot else _last(place, name)


def _over(place: _Place, parameter: Parameter, rest: str) -> Found:
    """What the parameter stands for, with what follows its name. A chain tells nothing of what is missing."""
    if rest == ":missing":
        return unknown_modifier(place.at, parameter)
    return _find(place, parameter.over + rest)


def _last(place: _Place, name: str) -> Found:
    """A parameter of the type, or of every type."""
    code, colon, modifier = name.partition(":")
    parameter = parameters(place.rtype).get(code)
    if parameter is None:
        special = specials(place.served).get(code)
        if special is None:
            return _unknown(place, code)
        return error("unknown-modifier", place.at, f"{code} takes no modifier.") if colon else Named(special)
    reading = modified(parameter, modifier) if colon else criteria.plain(parameter)
    return unknown_modifier(place.at, parameter) if reading is None else Named(reading)


@cache
def specials(served: tuple[str, ...]) -> Mapping[str, Reading]:
    """Parameters of every type that have no expression.  https://hl7.org/fhir/R4/search.html#all"""
    found: dict[str, Reading] = {"_content": words.reading("_content"), "_text": words.reading("_text")}
    return found | {"_list": lists.read} if lists.LIST in served else found


def known(rtype: str, served: tuple[str, ...]) -> list[str]:
    """The names that a search for the type may begin with, in alphabetical order."""
    return sorted([*parameters(rtype), *specials(served), HAS])


def _unknown(place: _Place, code: str) -> Issue:
    """Names the valid ones."""
    if code in _NOT_SERVED:
        return error("unknown-parameter", place.at, f"{code} is not served here.")
    valid = known(place.rtype, place.served)
    if place.steps:
        text = f"A {place.rtype} has no such parameter, but: {', '.join(valid)}."
    else:
        text = f"{place.at} is not known here. The parameters are: {', '.join(sorted([*valid, *NAMES]))}."
    return error("unknown-parameter", place.at, text)


_NOT_SERVED = frozenset({"_filter", "_query"})


def _chain(place: _Place, head: str, rest: str) -> Found:
    """`subject:Patient.name`; without the type, every type that it may lead to and that has the parameter."""
    code, colon, only = head.partition(":")
    parameter = parameters(place.rtype).get(code)
    if parameter is None:
        return _unknown(place, code)
    if not parameter.leads:
        told = "holds canonical addresses, which are compared and not followed" if parameter.is_reference else "is none"
        text = f"Only references lead to other resources: {code} {told}."
        return error("unknown-parameter", place.at, text)
    if colon and only not in parameter.targets:
        return unknown_modifier(place.at, parameter)
    targets = [rtype for rtype in parameter.targets if rtype in place.served and only in ("", rtype)]
    found = {rtype: _find(_Place(rtype, place.served, place.at, place.steps + 1), rest) for rtype in targets}
    links = {rtype: one for rtype, one in found.items() if isinstance(one, Named)}
    if not links:
        return _without_links(place, code, list(found.values()))
    count = sum(one.links for one in links.values())
    if count > MAX_LINKS:
        return _too_many(place, code)
    return Named(_ChainReading(code, tuple((rtype, one.read) for rtype, one in links.items())).read, count)


def _without_links(place: _Place, code: str, found: list[Found]) -> Issue:
    """Why no type is left: a wrong modifier or too many steps is told as such."""
    issues = [one for one in found if isinstance(one, Issue)]
    other = [issue for issue in issues if issue.code != "unknown-parameter"]
    if other or len(issues) == 1:
        return (other or issues)[0]
    text = f"Nothing that is served here and that {code} may lead to has such a parameter."
    return error("unknown-parameter", place.at, text)


def _too_many(place: _Place, code: str) -> Issue:
    text = f"{place.at} leads to too many types: name the one that is meant, as in {code}:[type]."
    return error("bad-parameter-value", place.at, text)


@dataclass(frozen=True, slots=True)
class _ChainReading:
    """The value is read for each type that the reference may lead to; it must fit one of them."""

    parameter: str
    links: tuple[tuple[str, Reading], ...]

    def read(self, at: str, value: str, base_url: str) -> Outcome:
        found = [(rtype, read(at, value, base_url)) for rtype, read in self.links]
        fitting = [(rtype, one.condition, one.issues) for rtype, one in found if one.condition is not None]
        if not fitting:
            return Outcome(issues=found[0][1].issues)
        hints = fitting[0][2] if all(issues for _, _, issues in fitting) else ()
        return Outcome(Chain(self.parameter, tuple((rtype, condition) for rtype, condition, _ in fitting)), hints)


def _reverse(place: _Place, name: str) -> Found:
    """`_has:Observation:patient:code`: by which parameter what type refers here, and what holds there."""
    parts = name.split(":", 3)
    if len(parts) < 4:
        return error("unknown-parameter", place.at, "_has is written _has:[type]:[reference]:[parameter].")
    _, source, code, rest = parts
    if source not in place.served:
        return error("unknown-parameter", place.at, "The type that _has names is not served here.")
    if code not in referring(source, place.rtype):
        valid = ", ".join(referring(source, place.rtype)) or "nothing"
        text = f"What leads from a {source} to a {place.rtype} is: {valid}."
        return error("unknown-parameter", place.at, text)
    found = _find(_Place(source, place.served, place.at, place.steps + 1), rest)
    if isinstance(found, Issue):
        return found
    return Named(_wrapped(found.read, lambda condition: Has(source, code, condition)), found.links)


def _wrapped(read: Reading, around: Callable[[Condition], Condition]) -> Reading:
    def reading(at: str, value: str, base_url: str) -> Outcome:
        outcome = read(at, value, base_url)
        return outcome if outcome.condition is None else Outcome(around(outcome.condition), outcome.issues)

    return reading
