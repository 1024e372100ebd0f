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
        self._steps: list[tuple[Place, Step]] = []
        self._known: dict[tuple[Place, Step], Place] = {}

    def add(self, steps: tuple[Step, ...]) -> Place:
        """Where the values of a path will be."""
        place = 0
        for step in steps:
            known = self._known.get((place, step))
            if known is None:
                self._steps.append((place, step))
                known = self._known[place, step] = len(self._steps)
            place = known
        return place

    def within(self, names: Collection[str]) -> tuple["Walk", Mapping[Place, Place]]:
        """What of it can lead anywhere in a resource with these elements, and the places that are left, with the new
        ones."""
        part, places = Walk(), {0: 0}
        for place, (start, step) in enumerate(self._steps, 1):
            absent = start == 0 and isinstance(step, Field) and step.key not in names
            if start in places and not absent:
                part._steps.append((places[start], step))
                places[place] = len(part._steps)
        return part, places

    def found(self, resource: Any) -> list[Values]:
        """The values at every place."""
        nodes: list[Values] = [(resource,)]
        add = nodes.append
        for start, step in self._steps:
            above = nodes[start]
            add(step(above) if above else _NOTHING)
        return nodes
