"""What tells the entries of a list apart, so that two versions of it can be compared entry by entry (workflow.md 7.2).

Activities by `activity.id`, goals by reference, participants by member and role, extensions by url, codings by system
and code, whatever else has an element id by that. A list of anything else is one value.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

from fhir_service.rules._elements import codings, extension, reference
from profiles import names
from profiles.resource import Resource

Key: TypeAlias = tuple[object, ...]


class Telling(NamedTuple):
    """How the entries of a list are told apart. `step`: what leads to one in FHIRPath; empty where that would tell
    about a person."""

    key: Callable[[Resource], Key]
    step: Callable[[Resource], str]


def _quoted(text: object) -> str:
    escaped = str(text).replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _id(entry: Resource) -> Key:
    return ("id", entry["id"]) if "id" in entry else ("whole", json.dumps(entry, sort_keys=True, default=str))


def _step_of_id(entry: Resource) -> str:
    return f".where(id={_quoted(entry['id'])})" if "id" in entry else ""


def _target(entry: Resource) -> Key:
    target = reference(entry)
    return ("to", target) if target else _id(entry)


def _step_of_target(entry: Resource) -> str:
    target = reference(entry)
    return f".where(reference={_quoted(target)})" if target else _step_of_id(entry)


def _roles(participant: Resource) -> list[str]:
    return sorted({str(c["code"]) for c in codings(participant.get("role")) if "code" in c})


def _member(entry: Resource) -> Key:
    target = reference(entry.get("member"))
    return _id(entry) if target is None else ("member", target, *_roles(entry))


def _step_of_member(entry: Resource) -> str:
    target = reference(entry.get("member"))
    if target is None:
        return _step_of_id(entry)
    told = "".join(f" and role.coding.code={_quoted(role)}" for role in _roles(entry))
    return f".where(member.reference={_quoted(target)}{told})"


def _url(entry: Resource) -> Key:
    url = entry.get("url")
    if url == names.IP_CONTRIBUTION:
        who = (extension(entry, "who") or {}).get("valueReference")
        return ("url", url, reference(who))
    return ("url", url)


_BY_ID = Telling(_id, _step_of_id)
_BY_REFERENCE = Telling(_target, _step_of_target)
_KEYED: Mapping[str, Telling] = {
    "CarePlan.activity": _BY_ID,
    "CarePlan.goal": _BY_REFERENCE,
    "CarePlan.activity.detail.goal": _BY_REFERENCE,
    "CareTeam.participant": Telling(_member, _step_of_member),
}
"""By path, without steps to entries."""
_BY_CODING = Telling(
    lambda entry: ("coding", entry.get("system"), entry.get("code")),
    lambda entry: f".where(code={_quoted(entry.get('code', ''))})",
)
_ANYWHERE: Mapping[str, Telling] = {
    "extension": Telling(_url, lambda entry: f"({_quoted(entry.get('url'))})"),
    "identifier": Telling(lambda entry: ("identifier", entry.get("system"), entry.get("value")), lambda _: ""),
    "security": _BY_CODING,
    "tag": _BY_CODING,
}
"""By name, wherever an element has it."""


def key_of(path: str, *versions: list[Any]) -> Telling | None:
    """How the entries of these versions of a list are told apart; None: they are not, the list is one value."""
    entries = [entry for version in versions for entry in version]
    if not all(isinstance(entry, dict) for entry in entries):
        return None
    found = _KEYED.get(path) or _ANYWHERE.get(path.rpartition(".")[2])
    if found is not None:
        return found
    return _BY_ID if entries and all("id" in entry for entry in entries) else None


def by_key(entries: list[Any], telling: Telling) -> dict[tuple[Key, int], Any]:
    """Entries by key; the second one of a key is told apart by its number."""
    found: dict[tuple[Key, int], Any] = {}
    for entry in entries:
        own = telling.key(entry)
        number = 0
        while (own, number) in found:
            number += 1
        found[own, number] = entry
    return found
