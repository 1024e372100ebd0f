"""What tells the entries of a list apart, so that two versions of it can be compared entry by entry (workflow.md 7.2).

Activities by `activity.id`, goals by reference, participants by member and role, extensions by url, codings by system
and code, whatever else has an element id by that. A list of anything else is one value.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from fhir_service.rules._elements import codings, extension, reference
from profiles import names
from profiles.resource import Resource

Key: TypeAlias = tuple[object, ...]
KeyOf: TypeAlias = Callable[[Resource], tuple[Key, str]]
"""Of an entry its key, and the step that leads to it in FHIRPath; empty where that would tell about a person."""


def _quoted(text: object) -> str:
    escaped = str(text).replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _by_id(entry: Resource) -> tuple[Key, str]:
    if "id" in entry:
        return ("id", entry["id"]), f".where(id={_quoted(entry['id'])})"
    return ("whole", json.dumps(entry, sort_keys=True, default=str)), ""


def _by_reference(entry: Resource) -> tuple[Key, str]:
    target = reference(entry)
    return (("to", target), f".where(reference={_quoted(target)})") if target else _by_id(entry)


def _by_member(entry: Resource) -> tuple[Key, str]:
    target = reference(entry.get("member"))
    if target is None:
        return _by_id(entry)
    roles = sorted({str(c["code"]) for c in codings(entry.get("role")) if "code" in c})
    told = f".where(member.reference={_quoted(target)}" + "".join(f" and role.coding.code={_quoted(r)}" for r in roles)
    return ("member", target, *roles), told + ")"


def _by_url(entry: Resource) -> tuple[Key, str]:
    url = entry.get("url")
    if url == names.IP_CONTRIBUTION:
        who = (extension(entry, "who") or {}).get("valueReference")
        return ("url", url, reference(who)), f"({_quoted(url)})"
    return ("url", url), f"({_quoted(url)})"


def _by_coding(entry: Resource) -> tuple[Key, str]:
    return ("coding", entry.get("system"), entry.get("code")), f".where(code={_quoted(entry.get('code', ''))})"


def _by_identifier(entry: Resource) -> tuple[Key, str]:
    return ("identifier", entry.get("system"), entry.get("value")), ""


_KEYED: Mapping[str, KeyOf] = {
    "CarePlan.activity": _by_id,
    "CarePlan.goal": _by_reference,
    "CarePlan.activity.detail.goal": _by_reference,
    "CareTeam.participant": _by_member,
}
"""By path, without steps to entries."""
_ANYWHERE: Mapping[str, KeyOf] = {
    "extension": _by_url,
    "identifier": _by_identifier,
    "security": _by_coding,
    "tag": _by_coding,
}
"""By name, wherever an element has it."""


def key_of(path: str, *versions: list[Any]) -> KeyOf | None:
    """How the entries of these versions of a list are told apart; None: they are not, the list is one value."""
    entries = [entry for version in versions for entry in version]
    if not all(isinstance(entry, dict) for entry in entries):
        return None
    found = _KEYED.get(path) or _ANYWHERE.get(path.rpartition(".")[2])
    if found is not None:
        return found
    return _by_id if entries and all("id" in entry for entry in entries) else None


def by_key(entries: list[Any], key: KeyOf) -> dict[tuple[Key, int], tuple[Any, str]]:
    """Entries with the step to each, by key; the second one of a key is told apart by its number."""
    found: dict[tuple[Key, int], tuple[Any, str]] = {}
    for entry in entries:
        own, step = key(entry)
        number = 0
        while (own, number) in found:
            number += 1
        found[own, number] = entry, step
    return found
