"""What a profile leans on: other profiles, value sets and code systems, found by canonical address."""

from collections.abc import Callable, Iterator
from typing import Any, Final, TypeAlias

from profiles.definitions import kinds
from profiles.names import HL7_EXTENSION, NO_BASIS
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


def base_type(url: str) -> str | None:
    """The type that a Norwegian base profile is named by, for who does not have it at hand: `.../no-basis-Patient`."""
    name = canonical(url).removeprefix(f"{NO_BASIS}/no-basis-")
    return name if name in kinds() else None


def needed(resource: Resource) -> frozenset[tuple[str, str]]:
    """(type, canonical address) of what a StructureDefinition or ValueSet leans on; R4's own types are left out."""
    kind = resource.get("resourceType")
    found = _of_profile(resource) if kind == "StructureDefinition" else _of_value_set(resource)
    return frozenset((rtype, url) for rtype, url in found if core_type(url) not in kinds())


def _of_profile(resource: Resource) -> Iterator[tuple[str, str]]:
    snapshot = resource.get("snapshot")
    for row in dicts(snapshot.get("element")) if type(snapshot) is dict else ():
        for kind in dicts(row.get("type")):
            for url in (*strings(kind.get("profile")), *strings(kind.get("targetProfile"))):
                yield "StructureDefinition", url
        binding = row.get("binding")
        if type(binding) is dict and binding.get("strength") in ("required", "extensible"):
            yield from (("ValueSet", url) for url in strings([binding.get("valueSet")]))


def _of_value_set(resource: Resource) -> Iterator[tuple[str, str]]:
    compose: Any = resource.get("compose")
    for part in (*includes(compose, "include"), *includes(compose, "exclude")):
        yield from (("ValueSet", url) for url in strings(part.get("valueSet")))
        if not part.get("concept"):
            yield from (("CodeSystem", url) for url in strings([part.get("system")]))


def includes(compose: Any, name: str) -> list[dict[str, Any]]:
    """The parts of a `compose`."""
    return dicts(compose.get(name)) if type(compose) is dict else []
