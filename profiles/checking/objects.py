"""Checks of JSON objects and lists, put together from the checks of their parts.  https://hl7.org/fhir/R4/json.html"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from profiles.checking.primitives import LONGEST, string
from profiles.checking.problem import Check, Problem, Problems, enough, joined, one, place, shown

After: TypeAlias = Callable[[dict[str, Any]], Problems]
"""A check of a whole object, made after its properties."""


PLANS = 64
"""Sets of elements per shape whose plan is kept: who sends ever new ones gets the same verdict more slowly."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What an object may hold. The tables are filled after the check exists: types contain one another."""

    name: str
    fields: dict[str, Check] = field(default_factory=dict)
    primitives: dict[str, bool] = field(default_factory=dict)
    """Property of a primitive type -> whether it is a list; it may have a companion `_property`."""
    present: list[After] = field(default_factory=list)
    """What hangs only on which properties are there."""
    after: list[After] = field(default_factory=list)
    plans: dict[tuple[str, ...], "Plan"] = field(default_factory=dict)


class Plan(NamedTuple):
    """How to check an object whose set of properties was met before and is in order."""

    texts: tuple[str, ...]
    """Properties that are strings of any content."""
    others: tuple[tuple[str, Check], ...]


def object_of(shape: Shape, element: Check | None) -> Check:  # noqa: C901 - the hottest loop: calls are what costs
    """An object of a shape; `element` checks the companions of its primitives."""
    plans, after = shape.plans, shape.after

    def check(value: Any) -> Problems:  # noqa: C901
        if type(value) is not dict:
            return one("structure", "must be a JSON object")
        plan = plans.get(tuple(value))
        if plan is None:
            return _unplanned(value, shape, element)
        problems: Problems = None
        for name in plan[0]:
            child = value[name]
            # what `string` asks first, here to spare the call
            plain = type(child) is str and child.isprintable() and child and child[0] != " " and len(child) <= LONGEST
            if not plain and (found := string(child)):
                problems = joined(problems, f".{name}", found)
        for name, known in plan[1]:
            if found := known(value[name]):
                problems = joined(problems, f".{name}", found)
        for whole in after:
            if found := whole(value):
                problems = joined(problems, "", found)
        return problems

    return check


def _unplanned(value: dict[str, Any], shape: Shape, element: Check | None) -> Problems:
    """An object whose set of properties is new or not in order."""
    problems: Problems = None
    strange: list[str] = []
    for name, child in value.items():
        known = shape.fields.get(name)
        if known is None:
            strange.append(name)
        elif found := known(child):
            problems = joined(problems, f".{name}", found)
    odd = bool(strange) or not value or (len(value) == 1 and "id" in value)
    if odd:
        problems = _unusual(value, strange, shape, element, problems)
    missing = _judged(value, shape.present, None)
    if not (odd or missing) and len(shape.plans) < PLANS:
        shape.plans[tuple(value)] = _plan(value, shape)
    return _judged(value, shape.after, joined(problems, "", missing) if missing else problems)


def _plan(names: Iterable[str], shape: Shape) -> Plan:
    texts = tuple(name for name in names if shape.fields[name] is string)
    others = tuple((n, shape.fields[n]) for n in names if shape.fields[n] not in (string, already_read))
    return Plan(texts, others)


def already_read(value: object) -> Problems:
    """The type of the resource chose this check."""
    return None


def _judged(value: dict[str, Any], after: list[After], problems: Problems) -> Problems:
    for whole in after:
        if found := whole(value):
            problems = joined(problems, "", found)
    return problems


def _unusual(
    value: dict[str, Any], names: list[str], shape: Shape, element: Check | None, before: Problems
) -> Problems:
    """Companions of primitives (https://hl7.org/fhir/R4/json.html#primitive), unknown names, and emptiness (ele-1)."""
    problems, filled = before or [], set()
    if not value or (len(value) == 1 and "id" in value):
        return problems + one("structure", "must hold more than an id (ele-1)")
    for name in names:
        many = shape.primitives.get(name[1:]) if name[:1] == "_" else None
        if many is None or element is None:
            problems.append(Problem(place(name), "structure", f"{shape.name} has no element {shown(name)}"))
            if enough(problems):
                break
            continue
        if found := _companion(value[name], value.get(name[1:]), element, many=many):
            problems = joined(problems, f".{name[1:]}", found)
        filled |= _filled(name[1:], value[name])
    return [p for p in problems if not (p.null and p.at in filled)] or None


def _filled(name: str, extras: Any) -> set[str]:
    """The places of a list where an extension stands in for a null."""
    found = extras if type(extras) is list else ()
    return {f".{name}[{index}]" for index, extra in enumerate(found) if extra is not None}


def _companion(extra: Any, plain: Any, element: Check, *, many: bool) -> Problems:
    """`_birthDate` is an Element; `_given` a list of Elements and nulls as long as `given`, if that is there."""
    if not many:
        return element(extra)
    if type(extra) is not list or not extra:
        return one("structure", "the extensions of a list must be a list that is not empty")
    if all(item is None for item in extra):
        return one("structure", "a list of nulls says nothing: leave it out")
    if type(plain) is list and len(plain) != len(extra):
        return one("structure", "must have as many items as the list of its extensions")
    problems: Problems = None
    for index, item in enumerate(extra):
        if item is not None and (found := element(item)):
            problems = joined(problems, f"[{index}]", found)
            if enough(problems):
                break
    return problems


def list_of(item: Check, most: int | None) -> Check:
    """A list that is not empty."""

    def check(value: Any) -> Problems:
        if type(value) is not list:
            return one("structure", "must be a JSON list")
        if not value:
            return one("structure", "must not be empty: leave the property out")
        problems: Problems = None
        for index, child in enumerate(value):
            if found := item(child):
                problems = joined(problems, f"[{index}]", found)
                if enough(problems):
                    break
        if most is not None and len(value) > most:
            problems = joined(problems, "", one("structure", f"at most {most}"))
        return problems

    return check


def required(names: tuple[str, ...]) -> After:
    """Properties that must be there; a primitive's extension stands in for it."""

    def check(value: dict[str, Any]) -> Problems:
        for name in names:
            if name not in value:
                break
        else:
            return None
        missing = [n for n in names if n not in value and f"_{n}" not in value]
        return [Problem(f".{n}", "required", "is required") for n in missing] or None

    return check


def choices(groups: Mapping[str, str], needed: frozenset[str]) -> After:
    """`value[x]`: at most one of its properties, exactly one where it is required."""
    names = frozenset(groups)

    def check(value: dict[str, Any]) -> Problems:
        present = value.keys() & names
        if len(present) < 2 and not needed:
            return None
        held = [groups[name] for name in {n.removeprefix("_") for n in present}]
        problems = [
            Problem(f".{group}", "structure", f"{group}[x] may be told in one type only")
            for group in sorted(set(held))
            if held.count(group) > 1
        ]
        problems += [Problem(f".{group}", "required", "is required") for group in sorted(needed.difference(held))]
        return problems or None

    return check
