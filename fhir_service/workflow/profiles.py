"""The profiles that are stored here, compiled once, and what resources that claim them are refused for.

`meta.profile` is a claim: a profile that is stored here with a snapshot is enforced, one that is not is accepted
unread.  https://hl7.org/fhir/R4/resource.html#Meta.profile
"""

from collections.abc import Sequence
from typing import Any

from fhir_service.rules import Draft
from fhir_service.storage.access import EVERYTHING
from fhir_service.workflow.profile_store import ProfileStore
from fhir_service.workflow.settle import Wanted
from fhir_service.workflow.terminology_content import Searches, Terminology
from profiles.issues import Issue
from profiles.snapshots import Profile
from profiles.snapshots.known import core_type
from profiles.validate import conforms

MOST_CLAIMED = 20
"""Profiles of one resource that are looked at (SR-8)."""


def claimed(resource: Any) -> tuple[str, ...]:
    """The profiles that a resource says it conforms to, the definitions of R4's own types left out."""
    meta = resource.get("meta") if isinstance(resource, dict) else None
    listed = meta.get("profile") if isinstance(meta, dict) else None
    told = [url for url in listed if isinstance(url, str)] if isinstance(listed, list) else []
    return tuple(url for url in dict.fromkeys(told) if core_type(url) != resource.get("resourceType"))[:MOST_CLAIMED]


async def unconforming(
    searches: Searches, wanted: Sequence[Wanted], store: ProfileStore
) -> tuple[tuple[Draft, Issue], ...]:
    """What drafts are refused for by the profiles that they claim, by the draft."""
    claims = [(w.draft, urls) for w in wanted if (urls := claimed(w.draft.after))]
    if not claims:
        return ()
    known = Terminology(searches, EVERYTHING)
    found = await store.found(known, list(dict.fromkeys(url for _, urls in claims for url in urls)))
    issues: list[tuple[Draft, Issue]] = []
    for draft, urls in claims:
        usable = [one for url in urls if isinstance(one := found[url], Profile)]
        issues += [(draft, i) for i in conforms(draft.after or {}, usable) if i.refuses]
    return tuple(issues)
