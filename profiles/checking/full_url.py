"""`Bundle.entry.fullUrl`: absolute, and of one mind with the id of the resource.

https://hl7.org/fhir/R4/bundle-definitions.html#Bundle.entry.fullUrl
"""

from typing import Any

from profiles.checking.problem import Problems, one
from profiles.checking.references import ELSEWHERE
from profiles.checking.rules.looking import child, text
from profiles.definitions import resource_types


def full_url(entry: dict[str, Any]) -> Problems:
    """An address without a scheme, or one that names another type or id than the resource has."""
    url = text(entry, "fullUrl")
    if not url:
        return None
    if not ELSEWHERE.fullmatch(url):
        return one("value", "must be an absolute address", ".fullUrl")
    resource = child(entry, "resource")
    _, rtype, rid = url.rsplit("/", 2) if url.startswith("http") and url.count("/") > 3 else ("", "", "")
    told = text(resource, "resourceType"), text(resource, "id")
    if rtype in resource_types() and all(told) and (rtype, rid) != told:
        return one("value", "must name the type and the id of the resource", ".fullUrl")
    return None
