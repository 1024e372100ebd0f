"""Filters of a value set over the concepts of a system.  Pure.  https://hl7.org/fhir/R4/valueset-filter-operator.html"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fhir_service.workflow.terminology_systems import Concept, System
from profiles.issues import Issue, error

MOST_PATTERN = 200
LONGEST_CODE = 256
MOST_REPEATS = 3
"""With so few open repetitions, none of them nested, a match takes polynomial time in a short code (SR-21)."""
_TRICKY = re.compile(r"\(\?|\\[1-9]|\)\s*[*+?{]|[*+?}]\s*[*+{]|\[\^?\[|--|&&|~~|\|\|")
_OPEN = re.compile(r"(?<!\\)(?:[*+]|\{\d*,\d*\})")
_ITSELF = frozenset({"concept", "code"})
Test = Callable[[Concept], bool]


def filtered(system: System, filters: Iterable[Mapping[str, Any]]) -> tuple[Concept, ...] | Issue:
    """The concepts of `system` that pass every filter, in its order; or the filter that cannot be applied."""
    tests: list[Test] = []
    for one in filters:
        test = _test(system, one["property"], one["op"], one["value"])
        if isinstance(test, Issue):
            return test
        tests.append(test)
    return tuple(c for c in system.concepts.values() if all(test(c) for test in tests))


def _test(system: System, name: str, op: str, value: str) -> Test | Issue:
    made = _BY_HIERARCHY.get(op) if name in _ITSELF else None
    if made is not None:
        return made(system, value)
    if op == "regex":
        return _regex(name, value)
    by_value = _BY_VALUE.get(op)
    return by_value(name, value) if by_value else _refused(op, name)


def _refused(op: str, name: str) -> Issue:
    shown = name if re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", name) else "this property"
    return error("not-expandable", "ValueSet.compose", f"The filter {op} on {shown} cannot be applied")


def _is_a(system: System, value: str) -> Test:
    return _one_of(system.below(value))


def _is_not_a(system: System, value: str) -> Test:
    inside = _one_of(system.below(value))
    return lambda concept: not inside(concept)


def _descendent_of(system: System, value: str) -> Test:
    top = system.find(value)
    inside = _one_of(system.below(value))
    return lambda concept: inside(concept) and concept is not top


def _generalizes(system: System, value: str) -> Test:
    return _one_of(system.above(value))


def _one_of(concepts: Iterable[Concept]) -> Test:
    codes = {concept.code for concept in concepts}
    return lambda concept: concept.code in codes


def _values(concept: Concept, name: str) -> set[str]:
    """What a filter compares: the code, the display, the hierarchy, or values of a property as text."""
    if name in _ITSELF:
        return {concept.code}
    if name == "display":
        return {concept.display}
    near = {"parent": concept.parents, "child": concept.children}.get(name)
    return {_text(v) for v in near or concept.properties(name)}


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return str(value.get("code", ""))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _equals(name: str, value: str) -> Test:
    return lambda concept: value in _values(concept, name)


def _in(name: str, value: str) -> Test:
    wanted = {one.strip() for one in value.split(",")}
    return lambda concept: bool(wanted & _values(concept, name))


def _not_in(name: str, value: str) -> Test:
    inside = _in(name, value)
    return lambda concept: not inside(concept)


def _exists(name: str, value: str) -> Test:
    return lambda concept: bool(_values(concept, name)) == (value == "true")


def _regex(name: str, value: str) -> Test | Issue:
    """A pattern over the whole value, as far as it is sure to end soon."""
    if len(value) > MOST_PATTERN or _TRICKY.search(value) or len(_OPEN.findall(value)) > MOST_REPEATS:
        text = f"A regex has at most {MOST_PATTERN} characters and {MOST_REPEATS} repetitions, and repeats no groups"
        return error("not-expandable", "ValueSet.compose", text)
    try:
        pattern = re.compile(value, re.ASCII)
    except (re.error, OverflowError, RecursionError):
        return error("not-expandable", "ValueSet.compose", "A filter has a regex that cannot be read")
    return lambda concept: any(len(v) <= LONGEST_CODE and pattern.fullmatch(v) for v in _values(concept, name))


_BY_HIERARCHY: Mapping[str, Callable[[System, str], Test]] = {
    "is-a": _is_a,
    "is-not-a": _is_not_a,
    "descendent-of": _descendent_of,
    "generalizes": _generalizes,
}
_BY_VALUE: Mapping[str, Callable[[str, str], Test]] = {
    "=": _equals,
    "in": _in,
    "not-in": _not_in,
    "exists": _exists,
}
