"""What is asked of the service for a resource: always something that may be asked twice (SR-2).

With an id: `PUT [type]/[id]`. Without one but with an identifier: a create on condition that no such resource is there.
With neither: `PUT` under an id that follows from the content. https://hl7.org/fhir/R4/http.html#upsert
"""

import re
from typing import Any
from urllib.parse import quote

from fhir_service.cli.importing.sources import Item
from fhir_service.rules import derived_id
from profiles import names
from profiles.resource import Resource

IMPORTED = {"system": names.TAG, "code": "imported"}
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_UUID = re.compile(r"urn:uuid:([0-9a-fA-F-]{36})")
_MARKED = {
    "CarePlan": (names.PLAN_CATEGORY, "individuell-plan"),
    "CareTeam": (names.TEAM_CATEGORY, "coordination"),
}
"""What an import marks, so that guards about how it came to be are not asked (workflow.md 3)."""


def entry_of(item: Item) -> Resource:
    """The Bundle entry that brings one resource in."""
    return _entry(item.resource, item.entry, item.digest)


def transaction_of(item: Item) -> Resource:
    """The Bundle that brings in a Bundle as one: `urn:` names within it are the service's to resolve."""
    entries = item.resource.get("entry") or []
    made = [_entry(e.get("resource") or {}, e, f"{item.digest}|{place}") for place, e in enumerate(entries)]
    return transaction(made)


def transaction(entries: list[Resource]) -> Resource:
    """All or nothing."""
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def batch(entries: list[Resource]) -> Resource:
    """Each by itself."""
    return {"resourceType": "Bundle", "type": "batch", "entry": entries}


def _entry(resource: Resource, beside: Resource, seed: str) -> Resource:
    rtype = str(resource.get("resourceType"))
    full_url = beside.get("fullUrl")
    named = {"fullUrl": full_url} if isinstance(full_url, str) and full_url.startswith("urn:") else {}
    request, rid = _request(rtype, resource, beside, seed)
    sent = marked({**resource, "id": rid} if rid else resource)
    return {**named, "resource": sent, "request": request}


def _request(rtype: str, resource: Resource, beside: Resource, seed: str) -> tuple[Resource, str | None]:
    """(Bundle.entry.request, the id to write under if it is ours to say)"""
    given = beside.get("request") or {}
    if given.get("ifNoneExist"):
        return {"method": "POST", "url": rtype, "ifNoneExist": given["ifNoneExist"]}, None
    if given.get("method") == "PUT" and "?" in str(given.get("url")):
        return {"method": "PUT", "url": given["url"]}, None
    rid = _own_id(resource, beside)
    if rid is None and (criterion := _criterion(resource.get("identifier"))):
        return {"method": "POST", "url": rtype, "ifNoneExist": criterion}, None
    rid = rid or derived_id("import", rtype, seed)
    return {"method": "PUT", "url": f"{rtype}/{rid}"}, rid


def _own_id(resource: Resource, beside: Resource) -> str | None:
    rid = resource.get("id")
    if isinstance(rid, str) and _ID.fullmatch(rid):
        return rid
    found = _UUID.fullmatch(str(beside.get("fullUrl")))
    return found[1].lower() if found else None


def _criterion(identifiers: Any) -> str | None:
    """A search by the first identifier that has a system: it is the same thing wherever it is met."""
    for one in identifiers if isinstance(identifiers, list) else [identifiers]:
        if isinstance(one, dict) and one.get("system") and one.get("value"):
            escaped = (re.sub(r"([\\|,$])", r"\\\1", str(one[name])) for name in ("system", "value"))
            return "identifier=" + quote("|".join(escaped), safe=":/|")
    return None


def marked(resource: Resource) -> Resource:
    """An individual plan or its team with the tag that says that it was imported; anything else as it is."""
    system, code = _MARKED.get(str(resource.get("resourceType")), ("", ""))
    if not system or not _has_code(resource.get("category"), system, code):
        return resource
    meta = resource.get("meta") or {}
    tags = [tag for tag in meta.get("tag") or () if (tag.get("system"), tag.get("code")) != tuple(IMPORTED.values())]
    return {**resource, "meta": {**meta, "tag": [*tags, IMPORTED]}}


def _has_code(concepts: Any, system: str, code: str) -> bool:
    codings = (c for concept in concepts or () if isinstance(concept, dict) for c in concept.get("coding") or ())
    return any((c.get("system"), c.get("code")) == (system, code) for c in codings if isinstance(c, dict))


def is_same(sent: Resource, stored: Resource) -> bool:
    """Whether what stands in the service is what would be sent; it may have put something beside it."""
    return all(stored.get(name) == value for name, value in sent.items() if name != "meta")
