"""The profiles that a resource is judged by: the one that is named, and those that it is held to."""

from typing import NamedTuple

from fhir_service.rest.exchange import Face, Request
from fhir_service.rest.operations._terminology import terminology
from fhir_service.workflow.profiles import claimed, demanded, extended
from profiles.issues import Issue, error, information
from profiles.snapshots import Profile
from profiles.snapshots.known import core_type


class Measures(NamedTuple):
    """What a resource is judged by besides R4. `notes`: what is not judged, and why."""

    profiles: tuple[Profile, ...] = ()
    notes: tuple[Issue, ...] = ()


async def profiles_named(
    face: Face, request: Request, profile: str | None, resource: object, *, held: bool = True
) -> Measures | tuple[Issue, ...]:
    """`profile`, which has to be known and usable, and what the resource claims, as far as it is; or why not.

    `held`: our profile of what it is, too, claimed or not.
    """
    named = [profile] if profile and core_type(profile) != request.rtype else []
    claims = (demanded if held else claimed)(resource)
    urls = dict.fromkeys((*named, *claims, *extended(resource)))
    found = await face.office.profiles(terminology(face, request), [*urls])
    for url in named:
        told = found[url]
        if told is None:
            return (error("unknown-terminology", "profile", f"The profile {url[:400]} is not known here"),)
        if isinstance(told, tuple):
            return told
    at = f"{request.rtype}.meta.profile"
    unknown = [f"{url[:400]} is not known here: not judged by it" for url in claims if found[url] is None]
    unusable = [issue.text for url in claims if isinstance(told := found[url], tuple) for issue in told]
    notes = [information("profile-unknown", at, text) for text in unknown]
    notes += [information("profile-unusable", at, text) for text in unusable]
    return Measures(tuple(one for one in found.values() if isinstance(one, Profile)), tuple(notes))
