"""The extensions in a resource, wherever they are.  https://hl7.org/fhir/R4/extensibility.html"""

from collections.abc import Iterator
from typing import Any

NAMES = ("extension", "modifierExtension")


def extensions_in(value: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each with its place below the value; those inside others and of primitives too."""
    waiting: list[tuple[str, Any]] = [("", value)]
    while waiting:
        place, found = waiting.pop()
        if type(found) is not dict:
            continue
        for name, inner in found.items():
            items = inner if type(inner) is list else [inner]
            for index, item in enumerate(items):
                at = f"{place}.{name.removeprefix('_')}" + (f"[{index}]" if type(inner) is list else "")
                if name in NAMES and type(item) is dict:
                    yield at, item
                waiting.append((at, item))
