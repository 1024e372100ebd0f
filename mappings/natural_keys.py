"""What makes a resource without a usable identifier the same resource (hl7v2-mapping.md 6.2).

The key is worked out from the resource alone, so that a stored one and a proposed one come to the same; what it
belongs to (patient, stay) is compared by reference, see `mappings.message.Key`.
"""

import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

from profiles.names import PERSON_SYSTEMS
from profiles.resource import Resource


def natural_key(resource: Mapping[str, Any]) -> str | None:
    """The key of a resource, None for a type that has none or when it says too little."""
    work_out = _KEYS.get(str(resource.get("resourceType")))
    return work_out(resource) if work_out else None


def condition_key(concept: Mapping[str, Any], verification: str) -> str | None:
    """Code (dots aside) or text, and whether it is confirmed: that is DG1-3 and DG1-6."""
    code = concept_key(concept)
    return f"{code}|{verification}" if code else None


def concept_key(concept: Mapping[str, Any]) -> str | None:
    """The first code without dots, else the text."""
    code = next((c["code"] for c in concept.get("coding", ()) if c.get("code")), "")
    if code:
        return "code:" + str(code).replace(".", "").upper()
    text = concept.get("text") or next((c["display"] for c in concept.get("coding", ()) if c.get("display")), "")
    return "text:" + plain(text) if text else None


def plain(text: str) -> str:
    """Text for comparison: composed characters, no case, single blanks."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def _condition(resource: Mapping[str, Any]) -> str | None:
    verification = concept_key(resource.get("verificationStatus", {})) or ""
    return condition_key(resource.get("code", {}), verification.removeprefix("code:").lower())


def _allergy(resource: Mapping[str, Any]) -> str | None:
    return concept_key(resource.get("code", {}))


def _related_person(resource: Mapping[str, Any]) -> str | None:
    for identifier in resource.get("identifier", ()):
        if identifier.get("system") in PERSON_SYSTEMS:
            return f"{identifier['system']}|{identifier.get('value')}"
    name: Resource = next(iter(resource.get("name", ())), {})
    said = plain(" ".join([*name.get("given", ()), name.get("family", "")]) or name.get("text", ""))
    role = next((key for r in resource.get("relationship", ()) if (key := concept_key(r))), "")
    return f"{said}|{role}" if said else None


def _encounter(resource: Mapping[str, Any]) -> str | None:
    """Only for stays without a visit number: when they began."""
    start = resource.get("period", {}).get("start")
    return f"start:{start}" if start else None


_KEYS: dict[str, Callable[[Mapping[str, Any]], str | None]] = {
    "AllergyIntolerance": _allergy,
    "Condition": _condition,
    "Encounter": _encounter,
    "RelatedPerson": _related_person,
}
