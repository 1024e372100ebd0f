"""The extensions in a resource, wherever they are.  https://hl7.org/fhir/R4/extensibility.html"""

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

NAMES = ("extension", "modifierExtension")
Extensions: TypeAlias = Sequence[tuple[str, dict[str, Any]]]
"""Each with its place."""


def extensions_in(value: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each with its place below the value; those inside others and of primitives too."""
    waiting: list[tuple[str, dict[str, Any]]] = [("", value)] if type(value) is dict else []
    while waiting:
        place, found = waiting.pop()
        for name, inner in found.items():
            kind = type(inner)
            if kind is not dict and kind is not list:
                continue
            at = f"{place}.{name.removeprefix('_')}"
            several = ((f"{at}[{n}]", item) for n, item in enumerate(inner)) if kind is list else ((at, inner),)
            for where, item in several:
                if type(item) is dict:
                    if name in NAMES:
                        yield where, item
                    waiting.append((where, item))
