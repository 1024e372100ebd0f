"""By what an item is known to belong to a slice.  https://hl7.org/fhir/R4/profiling.html#discriminator"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from profiles.fhirpath import Expression, Node, Unsupported, compile_expression
from profiles.fhirpath import nodes as fhirpath_nodes
from profiles.snapshots.judging import Around, same, within
from profiles.snapshots.known import Lookup, canonical, core_type
from profiles.snapshots.rows import Row, strings
from profiles.snapshots.slicing import Matches
from profiles.snapshots.value_sets import codes_of
from profiles.snapshots.values import coded, target_type

_STEP = re.compile(r"extension\('([^']*)'\)|(?:ofType|as)\([A-Za-z.]+\)|resolve\(\)|\$this|[A-Za-z][A-Za-z0-9]*")


class Undecidable(Exception):
    """Nothing tells which items belong to the slice; the text says why."""


def matcher(row: Row, sliced: Row, lookup: Lookup) -> Matches:
    """Whether an item belongs to a slice; raises Undecidable."""
    slicing = sliced.definition.get("slicing")
    told = slicing.get("discriminator") if type(slicing) is dict else None
    found = told if type(told) is list and told else _implied(sliced)
    single = [_of(discriminator, row, lookup) for discriminator in found if type(discriminator) is dict]
    if not single:
        raise Undecidable("no discriminator")
    return lambda node, around: all(one(node, around) for one in single)


def _implied(sliced: Row) -> list[dict[str, str]]:
    """Choices are told apart by their type."""
    return [{"type": "type", "path": "$this"}] if sliced.id.endswith("[x]") else []


def _of(discriminator: dict[str, Any], row: Row, lookup: Lookup) -> Matches:
    path = discriminator.get("path")
    make = _KINDS.get(str(discriminator.get("type")))
    if make is None or type(path) is not str:
        raise Undecidable("an unknown kind of discriminator")
    steps = [match[0] for match in _STEP.finditer(path) if match[0] != "$this"]
    try:
        return make(compile_expression(path), steps, row, lookup)
    except Unsupported as reason:
        raise Undecidable(str(reason)) from reason


def _values(expression: Expression, node: Node, around: Around) -> list[Node]:
    try:
        return expression.values(node, around.root, around.outermost)
    except Unsupported:
        return []


def _by_value(expression: Expression, steps: list[str], row: Row, lookup: Lookup) -> Matches:
    demands = list(_demands(row, steps, lookup))
    if not demands:
        raise Undecidable("no fixed value, pattern or code where its discriminator looks")

    if expression.text == "url":  # of extensions, as most are: there is one, which takes no steps to be counted
        named = _some_child("url", tuple(demands))
        return lambda node, around: named(node)

    def matches(node: Node, around: Around) -> bool:
        return any(all(fits(found) for fits in demands) for found in _values(expression, node, around))

    return matches


def _demands(row: Row, steps: list[str], lookup: Lookup) -> Iterator[Callable[[Node], bool]]:
    """What the rows along a path and below its end demand of the value there."""
    here: Row | None = row
    for index, step in enumerate(steps):
        if here is not None:
            yield from _drilled(here, steps[index:])
            here = _next(here, step)
    if steps == ["url"]:
        yield from _extension_url(row)
    if here is not None:
        yield from _own(here, lookup)


def _next(row: Row, step: str) -> Row | None:
    if step.startswith(("ofType(", "as(", "resolve(")):
        return row
    if step.startswith("extension("):
        held = row.below("extension")
        named = step[len("extension('") : -2]
        return next((s for s in held.slices if named in _profiles(s)), None) if held else None
    return row.below(step)


def _drilled(row: Row, steps: list[str]) -> Iterator[Callable[[Node], bool]]:
    """What a fixed value or pattern of an element above has at the end of the path."""
    for stem, fits in (("fixed", same), ("pattern", within)):
        found = row.choice(stem)
        for step in steps:
            found = found[0] if type(found) is list and found else found
            found = found.get(step) if type(found) is dict else None
        if found is not None:
            wanted = found[0] if type(found) is list and found else found
            yield lambda node, fits=fits, wanted=wanted: fits(wanted, node.value)  # type: ignore[misc]


def _extension_url(row: Row) -> Iterator[Callable[[Node], bool]]:
    """An extension is known by the address of its definition."""
    if urls := {canonical(url) for url in _profiles(row)}:
        yield lambda node: type(node.value) is str and node.value in urls


def _profiles(row: Row) -> list[str]:
    return [url for kind in row.dicts("type") for url in strings(kind.get("profile"))]


def _own(row: Row, lookup: Lookup) -> Iterator[Callable[[Node], bool]]:
    """Fixed, pattern, required codes; and the same of each child that says any of it."""
    if (fixed := row.choice("fixed")) is not None:
        yield lambda node: same(fixed, node.value)
    if (pattern := row.choice("pattern")) is not None:
        yield lambda node: within(pattern, node.value)
    binding = row.definition.get("binding")
    if type(binding) is dict and binding.get("strength") == "required" and type(binding.get("valueSet")) is str:
        codes = codes_of(binding["valueSet"], lookup)
        if codes is not None and row.children == [] and fixed is None and pattern is None:
            yield lambda node: coded(codes, node.value)
    for child in row.children:
        for one in (child, *(part for part in child.slices if part.min)):
            if demands := tuple(_own(one, lookup)):
                yield _some_child(child.name, demands)


def _some_child(name: str, demands: tuple[Callable[[Node], bool], ...]) -> Callable[[Node], bool]:
    return lambda node: any(all(fits(found) for fits in demands) for found in fhirpath_nodes.child(node, name))


def _by_existence(expression: Expression, steps: list[str], row: Row, lookup: Lookup) -> Matches:
    here: Row | None = row
    for step in steps:
        here = _next(here, step) if here else None
    if here is None or (here.max != 0 and not here.min):
        raise Undecidable("neither demanded nor forbidden where its discriminator looks")
    wanted = here.max != 0
    return lambda node, around: bool(_values(expression, node, around)) is wanted


def _by_type(expression: Expression, steps: list[str], row: Row, lookup: Lookup) -> Matches:
    here: Row | None = row
    for step in steps:
        here = _next(here, step) if here else None
    kinds = here.dicts("type") if here else []
    resolved = bool(steps) and steps[-1] == "resolve()"
    if resolved:
        targets = [url for kind in kinds for url in strings(kind.get("targetProfile"))]
        types = {_type_of(url, lookup) for url in targets}
    else:
        types = {str(kind.get("code")) for kind in kinds}
    if not types or None in types:
        raise Undecidable("no type where its discriminator looks")
    if resolved and steps == ["resolve()"]:
        return lambda node, around: target_type(node.value, around) in types
    return lambda node, around: any(found.type in types for found in _values(expression, node, around))


def _type_of(url: str, lookup: Lookup) -> str | None:
    found = lookup(url)
    return str(found.get("type")) if found else core_type(url)


_KINDS: Mapping[str, Callable[[Expression, list[str], Row, Lookup], Matches]] = {
    "value": _by_value,
    "pattern": _by_value,
    "exists": _by_existence,
    "type": _by_type,
}
"""Kinds of discriminators; that by profile is made by the compiler, which knows how to judge by one."""
