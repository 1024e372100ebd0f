"""What a profile leans on: other profiles, value sets and code systems, found by canonical address."""

from collections.abc import Callable, Iterable
from typing import Any, Final, TypeAlias

from profiles.names import HL7_EXTENSION
from profiles.resource import Resource
from profiles.snapshots.rows import dicts, strings

Lookup: TypeAlias = Callable[[str], Resource | None]
"""The StructureDefinition, ValueSet or CodeSystem of a canonical address (`url` or `url|version`), if it is at hand."""
CORE: Final = HL7_EXTENSION + "/"


def canonical(url: str) -> str:
    """The address without its version."""
    return url.partition("|")[0]


def core_type(url: str) -> str | None:
    """The type whose own definition this is the address of: `.../StructureDefinition/Patient`."""
    return canonical(url).removeprefix(CORE) if url.startswith(CORE) else None


def needed(resource: Resource) -> frozenset[str]:
    """The canonical addresses that a StructureDefinition or ValueSet speaks of, those of R4's own types left out."""
    if resource.get("resourceType") == "StructureDefinition":
        found = _of_profile(resource)
    elif resource.get("resourceType") == "ValueSet":
        found = _of_value_set(resource)
    else:
        found = ()
    return frozenset(url for url in found if "/" in url or ":" in url)


def _of_profile(resource: Resource) -> Iterable[str]:
    snapshot = resource.get("snapshot")
    for row in dicts(snapshot.get("element")) if type(snapshot) is dict else ():
        for kind in dicts(row.get("type")):
            yield from strings(kind.get("profile"))
            yield from strings(kind.get("targetProfile"))
        binding = row.get("binding")
        if type(binding) is dict and binding.get("strength") in ("required", "extensible"):
            yield from strings([binding.get("valueSet")])


def _of_value_set(resource: Resource) -> Iterable[str]:
    compose: Any = resource.get("compose")
    for part in (*includes(compose, "include"), *includes(compose, "exclude")):
        yield from strings(part.get("valueSet"))
        if not part.get("concept"):
            yield from strings([part.get("system")])


def includes(compose: Any, name: str) -> list[dict[str, Any]]:
    """The parts of a `compose`."""
    return dicts(compose.get(name)) if type(compose) is dict else []
