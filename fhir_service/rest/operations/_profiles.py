"""The profiles that a resource is judged by: those that are named, and those that it claims."""

from fhir_service.rest.exchange import Face, Request
from fhir_service.rest.operations._terminology import terminology
from profiles import names
from profiles.issues import Issue, error
from profiles.resource import Resource

MOST = 20
"""Profiles of one resource that are looked up (SR-8)."""
_OF_TYPES = names.HL7_EXTENSION + "/"
"""The definitions of the types themselves: what every resource is judged by."""


async def profiles_named(
    face: Face, request: Request, profile: str | None, resource: object
) -> tuple[Resource, ...] | Issue:
    """The StructureDefinitions of `profile`, which has to be known, and of `meta.profile` as far as they are known."""
    known = terminology(face, request)
    found: dict[str, Resource] = {}
    for canonical in [*([profile] if profile else []), *_claimed(resource)]:
        if canonical in found or canonical.removeprefix(_OF_TYPES) == request.rtype:
            continue
        one = await known.find("StructureDefinition", canonical)
        if one is not None:
            found[canonical] = one
        elif canonical == profile:
            return error("unknown-terminology", "profile", f"The profile {canonical[:400]} is not known here")
    return tuple(found.values())


def _claimed(resource: object) -> list[str]:
    meta = resource.get("meta") if isinstance(resource, dict) else None
    listed = meta.get("profile") if isinstance(meta, dict) else None
    return [one for one in listed if isinstance(one, str)][:MOST] if isinstance(listed, list) else []
