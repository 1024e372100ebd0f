"""The profiles that resources are held to: those that they claim, and our own of what they are.

`meta.profile` is a claim: a profile that is ours, or stored here with a snapshot, is enforced, and so are the
definitions of the extensions in the resource; what is not known is accepted unread. What is an individual plan, a
case, a need notification ... keeps to our profile of it, claimed or not (workflow.md 5).
https://hl7.org/fhir/R4/resource.html#Meta.profile
"""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from fhir_service.rules import STAMPED, Draft, kind_of, profile_of
from fhir_service.storage.access import EVERYTHING
from fhir_service.workflow.profile_store import ProfileStore
from fhir_service.workflow.settle import Wanted
from fhir_service.workflow.terminology_content import Searches, Terminology
from profiles import names
from profiles.conformance import profile
from profiles.issues import Issue, error
from profiles.resource import Resource
from profiles.snapshots import Profile
from profiles.snapshots.extensions import addresses_in
from profiles.snapshots.kept import NOTHING_KEPT, Kept, kept
from profiles.snapshots.known import core_type
from profiles.validate import conforms

MOST_CLAIMED = 20
"""Profiles of one resource that are looked at (SR-8)."""
MOST_SECONDS = 1.0
"""For the profiles of all resources that are written together: others wait meanwhile (SR-8)."""
MOST_EXTENSIONS = 50
"""Extensions of one resource whose definitions are looked for, where it claims a profile."""

_TOO_COSTLY = "Judging all these resources by their profiles takes too long: send fewer at a time"


def claimed(resource: Any) -> tuple[str, ...]:
    """The profiles that a resource says it conforms to, the definitions of R4's own types left out."""
    meta = resource.get("meta") if isinstance(resource, dict) else None
    listed = meta.get("profile") if isinstance(meta, dict) else None
    told = [url for url in listed if isinstance(url, str)] if isinstance(listed, list) else []
    return tuple(url for url in dict.fromkeys(told) if core_type(url) != resource.get("resourceType"))[:MOST_CLAIMED]


def demanded(resource: Any) -> tuple[str, ...]:
    """Our profile of what it is, if it is one of ours, and those that it claims."""
    own = profile_of(resource) if isinstance(resource, dict) else None
    return tuple(dict.fromkeys((*((own,) if own else ()), *claimed(resource))))


def by_service(issue: Issue) -> bool:
    """Whether it is about something that the service itself writes: a client may leave it out."""
    return issue.at in STAMPED and issue.code == "required"


def extended(resource: Any) -> tuple[str, ...]:
    """The addresses of its extensions."""
    return addresses_in(resource)[:MOST_EXTENSIONS]


def _judges(resource: Resource | None) -> tuple[str, ...]:
    """The profiles that it is held to, and the definitions of its extensions; of any other resource those of ours.

    An import's plan is held to none.
    """
    urls = demanded(resource)
    if urls or resource is None or kind_of(resource) is not None:
        return urls and urls + extended(resource)
    return _our_extensions(resource)


def _our_extensions(resource: Resource) -> tuple[str, ...]:
    """What a stay, say, says with an extension of ours (`ip-discharge-ready`); looked for on the resource itself."""
    told = resource.get("extension")
    listed = [one.get("url") for one in told if isinstance(one, dict)] if isinstance(told, list) else ()
    return tuple(dict.fromkeys(url for url in listed if isinstance(url, str) and url.startswith(names.EXTENSION)))


async def unconforming(
    searches: Searches, wanted: Sequence[Wanted], store: ProfileStore
) -> tuple[tuple[Draft, Issue], ...]:
    """What drafts are refused for by the profiles that they are held to, by the draft."""
    claims = [(w.draft, urls) for w in wanted if (urls := _judges(w.draft.after))]
    if not claims:
        return ()
    known = Terminology(searches, EVERYTHING)
    found = await store.found(known, list(dict.fromkeys(url for _, urls in claims for url in urls)))
    issues: list[tuple[Draft, Issue]] = []
    until = time.monotonic() + MOST_SECONDS
    for draft, urls in claims:
        if time.monotonic() > until:
            return (*issues, (draft, error("too-costly", f"{draft.rtype}.meta.profile", _TOO_COSTLY)))
        usable = [one for url in urls if isinstance(one := found[url], Profile)]
        found_wrong = conforms(draft.after or {}, usable, _judged_before(draft, urls))
        issues += [(draft, _told(issue)) for issue in found_wrong if issue.refuses and not by_service(issue)]
    return tuple(issues)


def _judged_before(draft: Draft, urls: Sequence[str]) -> Kept:
    """What the draft keeps of a version that was held to the same: what is accepted hinders no other change.

    Only our own profiles, which change with the service alone; those that are stored here may be others by now.
    """
    before, after = draft.before, draft.after
    if before is None or after is None or demanded(before) != demanded(after) or not all(map(profile, urls)):
        return NOTHING_KEPT
    return kept(before, after)


def _told(issue: Issue) -> Issue:
    """As a refusal by a profile: 422, where what R4 itself does not allow is 400.

    https://hl7.org/fhir/R4/http.html#create
    """
    return replace(issue, code="profile-required" if issue.code == "required" else "profile-broken")
