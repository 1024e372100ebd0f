"""Looking into JSON that may be anything: every rule asks through these, so that no rule can fail on a wrong shape."""

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from math import isfinite
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]
Rule: TypeAlias = Callable[[Json], bool]
"""Whether the rule holds for an object; never raises."""


@dataclass(frozen=True, slots=True)
class Presence:
    """A rule about which elements are there, whatever they say: its verdict is kept for each set of elements."""

    holds: Rule

    def __call__(self, value: Json) -> bool:
        """Whether the rule holds for an object."""
        return self.holds(value)


def has(value: Json, name: str) -> bool:
    """Whether an element is there, if only by its extensions."""
    return name in value or f"_{name}" in value


def has_choice(value: Json, name: str) -> bool:
    """Whether `name[x]` is there in any type."""
    return any(key.lstrip("_").startswith(name) and key.lstrip("_")[len(name) :][:1].isupper() for key in value)


def text(value: Json, name: str) -> str:
    """A string, or nothing."""
    found = value.get(name)
    return found if type(found) is str else ""


def child(value: Json, name: str) -> Json:
    """An object, or an empty one."""
    found = value.get(name)
    return found if type(found) is dict else {}


def children(value: Json, name: str) -> Iterator[Json]:
    """The objects in a list."""
    found = value.get(name)
    return (item for item in (found if type(found) is list else ()) if type(item) is dict)


def texts(value: Json, name: str) -> list[str]:
    """The strings in a list."""
    found = value.get(name)
    return [item for item in (found if type(found) is list else ()) if type(item) is str]


def items(value: Json, *path: str) -> list[Any]:
    """Whatever is found by following names, through lists, in the order of the resource."""
    found: list[Any] = [value]
    for name in path:
        inner = [item[name] for item in found if type(item) is dict and name in item]
        found = [part for item in inner for part in (item if type(item) is list else [item])]
    return found


def within(value: Json, *names: str) -> Iterator[Json]:
    """The objects below this one that are reached through these elements, at any depth, in no order."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        below = [part for name in names for part in children(item, name)]
        waiting += below
        yield from below


def distinct(found: list[Any]) -> bool:
    """Whether no value of a list is there twice."""
    seen = [item for item in found if isinstance(item, Hashable)]
    return len(seen) == len(set(seen))


def number(value: Json, name: str) -> int | Decimal | float | None:
    """A number that can be compared."""
    found = value.get(name)
    if isinstance(found, Decimal):
        return found if found.is_finite() else None
    if type(found) is float:
        return found if isfinite(found) else None
    return found if type(found) is int else None


def coded(concept: Json, system: str, *codes: str) -> bool:
    """Whether a CodeableConcept has one of these codes of a system."""
    return any(text(c, "system") == system and text(c, "code") in codes for c in children(concept, "coding"))


def tokens(concept: Json) -> set[tuple[str, str]]:
    """(system, code) of a CodeableConcept's codings."""
    return {(text(c, "system"), text(c, "code")) for c in children(concept, "coding")}


def either(*names: str) -> Rule:
    """At least one of these is there."""
    return Presence(lambda value: any(has(value, name) for name in names))


def not_both(one: str, other: str) -> Rule:
    """At most one of the two is there."""
    return Presence(lambda value: not (has(value, one) and has(value, other)))


def needs(name: str, *others: str) -> Rule:
    """With the first, the others too."""
    return Presence(lambda value: not has(value, name) or all(has(value, other) for other in others))


def exactly_one(one: str, other: str) -> Rule:
    """One of the two, and not both."""
    return Presence(lambda value: has(value, one) != has(value, other))


def at_most_one(*names: str) -> Rule:
    """Not two of these together."""
    return Presence(lambda value: sum(has(value, name) for name in names) < 2)


def both_or_neither(one: str, other: str) -> Rule:
    """Either of the two needs the other."""
    return Presence(lambda value: has(value, one) == has(value, other))


def only_when(name: str, element: str, *texts: str) -> Rule:
    """An element is there only when another has one of these values."""
    return lambda value: not has(value, name) or text(value, element) in texts


def unless(element: str, said: str, *names: str) -> Rule:
    """With this value of an element, none of the others is there."""
    return lambda value: text(value, element) != said or not any(has(value, name) for name in names)
