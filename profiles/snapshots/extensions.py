"""The extensions in a resource, wherever they are.  https://hl7.org/fhir/R4/extensibility.html"""

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

from profiles.snapshots.kept import NOTHING_KEPT, Kept

NAMES = ("extension", "modifierExtension")
Extensions: TypeAlias = Sequence[tuple[str, dict[str, Any]]]
"""Each with its place."""


def addresses_in(value: Any) -> tuple[str, ...]:
    """What they name themselves, each once."""
    found: dict[str, None] = {}
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if type(one) is list:
            waiting += [inner for inner in one if type(inner) is dict or type(inner) is list]
            continue
        for name, inner in one.items():
            if type(inner) is dict or type(inner) is list:
                waiting.append(inner)
                if name in NAMES:
                    found |= {url: None for url in _urls(inner) if ":" in url}
    return tuple(found)


def _urls(extensions: Any) -> Iterator[str]:
    for one in extensions if type(extensions) is list else [extensions]:
        if type(one) is dict and type(one.get("url")) is str:
            yield one["url"]


def extensions_in(value: Any, kept: Kept = NOTHING_KEPT) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each with its place below the value; those inside others and of primitives too, but none in what is `kept`."""
    waiting: list[tuple[str, dict[str, Any]]] = [("", value)] if type(value) is dict else []
    while waiting:
        place, found = waiting.pop()
        for name, inner in found.items():
            if type(inner) is not dict and type(inner) is not list:
                continue
            for where, item in _dicts(inner, kept):
                at = f"{place}.{name.removeprefix('_')}{where}"
                if name in NAMES:
                    yield at, item
                waiting.append((at, item))


def _dicts(inner: Any, kept: Kept) -> list[tuple[str, dict[str, Any]]]:
    """The objects that an element is or has in its list, each with its place there."""
    if type(inner) is dict:
        return [] if id(inner) in kept else [("", inner)]
    return [(f"[{n}]", one) for n, one in enumerate(inner) if type(one) is dict and id(one) not in kept]
