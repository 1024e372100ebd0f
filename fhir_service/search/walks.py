"""One walk through a resource for all paths of its type: what several begin with is looked up once."""

from collections.abc import Collection, Mapping
from typing import Any, TypeAlias

from fhir_service.search.paths import Field, Step, Values

Place: TypeAlias = int
"""Which of the values that a walk finds a path ends at."""
_NOTHING: Values = ()


class Walk:
    """The steps of many paths as one tree, in an order in which each step follows what it starts from."""

    def __init__(self) -> None:
        self._steps: list[tuple[Place, Step, str | None]] = []
        """(where it starts, the step, the element that it leads into where that is all it does)"""
        self._known: dict[tuple[Place, Step], Place] = {}

    def add(self, steps: tuple[Step, ...]) -> Place:
        """Where the values of a path will be."""
        place = 0
        for step in steps:
            known = self._known.get((place, step))
            if known is None:
                self._steps.append((place, step, step.key if isinstance(step, Field) else None))
                known = self._known[place, step] = len(self._steps)
            place = known
        return place

    def within(self, names: Collection[str]) -> tuple["Walk", Mapping[Place, Place]]:
        """What of it can lead anywhere in a resource with these elements, and the places that are left, with the new
        ones."""
        part, places = Walk(), {0: 0}
        for place, (start, step, key) in enumerate(self._steps, 1):
            absent = start == 0 and key is not None and key not in names
            if start in places and not absent:
                part._steps.append((places[start], step, key))
                places[place] = len(part._steps)
        return part, places

    def found(self, resource: Any) -> list[Values]:
        """The values at every place."""
        nodes: list[Values] = [(resource,)]
        add = nodes.append
        for start, step, key in self._steps:
            above = nodes[start]
            if key is not None and len(above) == 1:  # what `Field` does, here to spare the call
                node = above[0]
                value = node.get(key) if type(node) is dict else None
                add(_NOTHING if value is None else value if type(value) is list else (value,))
            else:
                add(step(above) if above else _NOTHING)
        return nodes
