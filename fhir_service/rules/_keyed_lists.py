"""Lists whose entries have an identity: what a message states joins what is there (hl7v2-mapping.md 6.2, 9)."""

import json
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from fhir_service.rules._elements import part
from profiles.resource import Resource

KeyOf = Callable[[Resource], object]


def _identifier(entry: Resource) -> object:
    return entry.get("system"), entry.get("value")


def _url(entry: Resource) -> object:
    return entry.get("url")


def _location(entry: Resource) -> object:
    return part(entry, "location", "reference") or _whole(entry)


def _condition(entry: Resource) -> object:
    return part(entry, "condition", "reference") or _whole(entry)


def _participant(entry: Resource) -> object:
    return _whole(entry.get("type"))


def _coding(entry: Resource) -> object:
    return entry.get("system"), entry.get("code")


def _whole(entry: Any) -> object:
    return json.dumps(entry, sort_keys=True, default=str)


KEYED: Mapping[str, KeyOf] = {
    "identifier": _identifier,
    "extension": _url,
    "meta.tag": _coding,
    "meta.security": _coding,
    "meta.profile": _whole,
    "Encounter.location": _location,
    "Encounter.diagnosis": _condition,
    "Encounter.participant": _participant,
}
"""`Type.path` or path -> what tells its entries apart. Other lists are replaced as a whole."""
ANYWHERE = frozenset({"identifier", "extension"})
"""Names that mean the same in every element."""


def key_for(rtype: str, path: str) -> KeyOf | None:
    """How entries at a path are told apart; None: they are not."""
    name = path.rpartition(".")[2]
    return KEYED.get(f"{rtype}.{path}") or KEYED.get(path) or (KEYED.get(name) if name in ANYWHERE else None)


def joined(old: list[Any], new: list[Any], key: KeyOf) -> list[Any]:
    """`old` with the entries of `new` in the places of those with the same key, further ones at the end.

    All old entries of a stated key give way, so that joining the same entries again changes nothing, order included.
    """
    stated: dict[object, deque[Any]] = {}
    for entry in new:
        stated.setdefault(key(entry), deque()).append(entry)
    result: list[Any] = []
    for entry in old:
        replacing = stated.get(key(entry))
        if replacing is None:
            result.append(entry)
        elif replacing:
            result.append(replacing.popleft())
    return result + [entry for entry in new if _take(stated[key(entry)], entry)]


def _take(waiting: deque[Any], entry: Any) -> bool:
    """Whether an entry has found no place yet; it has one now."""
    if waiting and waiting[0] is entry:
        waiting.popleft()
        return True
    return False


def left_behind(old: list[Any], new: list[Any], key: KeyOf) -> list[Any]:
    """`old` where a stay's places that a newer message does not state are no longer the active ones."""
    if not any(entry.get("status") == "active" for entry in new):
        return old
    stated = {key(entry) for entry in new}
    return [
        entry | {"status": "completed"} if entry.get("status") == "active" and key(entry) not in stated else entry
        for entry in old
    ]


def as_history(new: list[Any]) -> list[Any]:
    """Places that a late message tells of: the person has left them."""
    return [entry | {"status": "completed"} if entry.get("status") == "active" else entry for entry in new]
