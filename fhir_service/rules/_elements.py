"""Reading elements of a resource. Nothing here fails on what is absent."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from profiles.r4_types import Reference
from profiles.resource import Resource, stated


def several(value: object) -> list[Any]:
    """An element as a list: a list as it is, one value alone, nothing as no values."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def codings(concepts: object) -> Sequence[Resource]:
    """The codings of a CodeableConcept or of a list of them. Asked of everything that a person has, again and again."""
    if concepts is None:
        return ()
    one = concepts[0] if isinstance(concepts, list) and len(concepts) == 1 else concepts
    if isinstance(one, dict):
        found = one.get("coding")
        return found if isinstance(found, list) else several(found)
    return [
        coding for concept in several(one) if isinstance(concept, dict) for coding in several(concept.get("coding"))
    ]


def code_in(concepts: object, *systems: str) -> str | None:
    """The first code that a concept (or list) has in one of these systems."""
    for coding in codings(concepts):
        if coding.get("system") in systems and "code" in coding:
            return str(coding["code"])
    return None


def has_code(concepts: object, system: str, code: str) -> bool:
    """Whether a concept (or list) carries that code."""
    for coding in codings(concepts):  # noqa: SIM110 - a generator takes twice as long
        if coding.get("code") == code and coding.get("system") == system:
            return True
    return False


def is_stated(concept: object) -> bool:
    """Whether a CodeableConcept says anything: a code or a text."""
    return isinstance(concept, dict) and (bool(concept.get("text")) or any(codings(concept)))


def reference(element: object) -> str | None:
    """The literal `Type/id` that a Reference points to, without its version."""
    value = element.get("reference") if isinstance(element, dict) else None
    return value.partition("/_history/")[0] if isinstance(value, str) else None


def references(elements: object) -> list[str]:
    """The literal references of a Reference or a list of them."""
    return [found for element in several(elements) if (found := reference(element))]


def reference_to(resource: Mapping[str, Any], display: str | None = None) -> Reference:
    """A Reference to a resource with an id."""
    found: Reference = {"reference": f"{resource['resourceType']}/{resource['id']}", "display": display}
    return stated(found)


def as_reference(element: object) -> Reference | None:
    """A Reference that was read; None for what is not there."""
    return cast(Reference, element) if isinstance(element, dict) else None


def extension(element: object, url: str) -> Resource | None:
    """The first extension with that URL."""
    found = several(element.get("extension")) if isinstance(element, dict) else []
    return next((e for e in found if isinstance(e, dict) and e.get("url") == url), None)


def part(element: object, *path: str) -> Any:
    """What lies under a path of names, lists aside; None when any step is absent."""
    for name in path:
        element = element.get(name) if isinstance(element, dict) else None
    return element


def status(resource: Resource | None) -> str | None:
    """`status` of a resource."""
    value = (resource or {}).get("status")
    return value if isinstance(value, str) else None


def first_by_id(resources: Iterable[Resource]) -> list[Resource]:
    """In an order that never depends on how they were loaded."""
    return sorted(resources, key=lambda r: str(r.get("id", "")))
