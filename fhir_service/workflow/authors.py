"""Who made the versions of a resource, and why, as far as that is known and the caller may see it."""

from collections.abc import Mapping

import msgspec

from fhir_service.rules import reference, several
from fhir_service.search.query import Criterion, ParameterType, ReferenceValue, SearchQuery
from fhir_service.storage.access import Access
from fhir_service.storage.audit import Span
from fhir_service.storage.audit_changes import changes
from fhir_service.storage.port import Repository
from fhir_service.workflow.audited import TRACE
from fhir_service.workflow.trace import CLIENT
from fhir_service.workflow.versions import parse_body
from profiles import names
from profiles.resource import Resource

MOST = 1_000
"""Versions that are looked at (SR-8)."""
_ALWAYS = (0, 2**62)


class Author(msgspec.Struct, frozen=True):
    """Who, and why in words."""

    who: Resource | None = None
    why: str | None = None


async def authors_of(repository: Repository, access: Access, rtype: str, rid: str) -> Mapping[int, Author]:
    """By version: who asked for it; the reason that its Provenance states, else what was done."""
    span = Span(*_ALWAYS, MOST, entity=(rtype, rid))
    made = [one for table in (0, 1) for one in await repository.ask(lambda t=table: changes(span, t))]  # type: ignore[misc]
    reasons = await _reasons(repository, access, rtype, rid)
    authors: dict[int, Author] = {}
    for one in made:
        trace = TRACE.decode(one.trace)
        who = trace.person or trace.organization
        authors[one.version] = Author({"reference": who} if who else dict(CLIENT), reasons.get(one.version))
    return {**{version: Author(None, why) for version, why in reasons.items()}, **authors}


async def _reasons(repository: Repository, access: Access, rtype: str, rid: str) -> Mapping[int, str]:
    about = Criterion("target", ParameterType.REFERENCE, (ReferenceValue(rtype, rid),))
    used = (("target", f"{rtype}/{rid}"),)
    page = await repository.search(SearchQuery("Provenance", (about,), count=MOST, used=used), access)
    found: dict[int, str] = {}
    for provenance in (parse_body(row.body) for row in page.matches):
        why = _why(provenance)
        for target in several(provenance.get("target")):
            literal, _, version = str(target.get("reference", "")).partition("/_history/")
            if why and version.isdigit() and reference({"reference": literal}) == f"{rtype}/{rid}":
                found[int(version)] = why
    return found


def _why(provenance: Resource) -> str | None:
    for concept in (*several(provenance.get("reason")), *several(provenance.get("activity"))):
        codings = [c for c in several(concept.get("coding")) if c.get("system") != names.V3_DATA_OPERATION]
        told = concept.get("text") or next((c.get("display") or c.get("code") for c in codings), None)
        if told:
            return str(told)
    return None
