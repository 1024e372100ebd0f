"""Find what the packages declare: one constant a module, no list to keep (ADR 0008)."""

import pkgutil
from collections.abc import Callable, Hashable
from importlib import import_module
from typing import TypeVar

T = TypeVar("T")


class CatalogueError(Exception):
    """A module of a catalogue package declares nothing, or what another one declares too. Raised at start."""


def discover(package: str, constant: str, kind: type[T], key: Callable[[T], Hashable]) -> dict[Hashable, T]:
    """All `constant`s of the modules of `package` (one level), by `key`.

    Modules whose name begins with an underscore are helpers and are passed over.
    Raises CatalogueError on a missing constant or a second owner of a key.
    """
    found: dict[Hashable, T] = {}
    for module in sorted(pkgutil.iter_modules(import_module(package).__path__), key=lambda m: m.name):
        if module.name.startswith("_"):
            continue
        entry = getattr(import_module(f"{package}.{module.name}"), constant, None)
        if not isinstance(entry, kind):
            raise CatalogueError(f"{package}.{module.name} declares no {constant}")
        if key(entry) in found:
            raise CatalogueError(f"{package}.{module.name}: {key(entry)} is declared twice")
        found[key(entry)] = entry
    return found
