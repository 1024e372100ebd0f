"""Resources that refer to each other and so can only come together."""

from collections.abc import Iterator, Sequence
from typing import Any

from fhir_service.cli.importing.sources import Item
from fhir_service.cli.importing.wanted import entry_of


def circles(items: Sequence[Item]) -> list[list[Item]]:
    """The items in groups: whatever is linked by references, in either direction, is in one group."""
    by_name = {entry_of(item)["request"]["url"]: place for place, item in enumerate(items)}
    groups = list(range(len(items)))

    def root(place: int) -> int:
        while groups[place] != place:
            groups[place] = groups[groups[place]]
            place = groups[place]
        return place

    for place, item in enumerate(items):
        for target in references(item.resource):
            if target in by_name:
                groups[root(by_name[target])] = root(place)
    found: dict[int, list[Item]] = {}
    for place, item in enumerate(items):
        found.setdefault(root(place), []).append(item)
    return list(found.values())


def references(value: Any) -> Iterator[str]:
    """Every literal reference in a resource."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            if isinstance(one.get("reference"), str):
                yield one["reference"]
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)
