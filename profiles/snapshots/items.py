"""The items of an element: their number, each of them, and their slices."""

from collections.abc import Callable
from typing import TypeAlias

from profiles.checking.problem import Problem
from profiles.fhirpath import Node
from profiles.fhirpath import nodes as fhirpath_nodes
from profiles.snapshots.judging import Around, Judge, below
from profiles.snapshots.slicing import Slicing

Counted: TypeAlias = Callable[[list[tuple[str, Node]]], list[Problem]]


def of_items(name: str, counted: Counted, each: Judge | None, slicing: Slicing | None, *, wanted: bool) -> Judge:
    """What is wrong with the items of an element of a node. `wanted`: whether there must be some."""
    some = wanted or (slicing is not None and any(one.min for one in slicing.slices))

    def judge(node: Node, around: Around) -> list[Problem]:
        if name in around.kept and node is around.root:
            return []
        items = fhirpath_nodes.placed(node, name)
        if not items and not some:
            return []
        problems = counted(items)
        if each is not None:
            for place, item in items:
                if id(item.value) not in around.kept and (found := each(item, around)):
                    problems += below(place, found)
        if slicing is not None:
            problems += slicing.judge(items, around)
        return problems

    return judge


def counted(name: str, least: int, most: int | None, by: str) -> Counted:
    """What is wrong with their number. `by` is what messages call the profile."""

    def count(items: list[tuple[str, Node]]) -> list[Problem]:
        if len(items) < least:
            return [Problem(f".{name}", "required", f"at least {least} ({by})")]
        if most is not None and len(items) > most:
            words = f"at most {most} ({by})" if most else f"is not used ({by})"
            return [Problem(items[most][0], "structure", words)]
        return []

    return count
