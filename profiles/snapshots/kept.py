"""What a version of a resource has in common with the version before it, so that it need not be judged twice."""

from collections.abc import Iterator
from typing import Any, TypeAlias

from profiles.resource import Resource

Kept: TypeAlias = frozenset[int | str]
"""Elements of the resource by name, and of those that differ the entries by identity."""
NOTHING_KEPT: Kept = frozenset()


def kept(before: Resource, after: Resource) -> Kept:
    """What of `after` is as in `before`; nothing where references lead to other contained resources.

    Entries are compared by their id, or else by their place.
    """
    if before.get("contained") != after.get("contained"):
        return NOTHING_KEPT
    found: list[int | str] = []
    for name, value in after.items():
        old, beside = before.get(name), f"_{name}"
        entries = value if type(value) is list else [value]
        if value == old:
            found += [id(one) for one in entries if type(one) is dict]
            if before.get(beside) == after.get(beside):
                found.append(name)
        elif type(old) is list and type(value) is list:
            found += [id(new) for was, new in _paired(old, entries) if new == was]
    return frozenset(found)


def _paired(old: list[Any], new: list[Any]) -> Iterator[tuple[Any, Any]]:
    """Each object with the one that it is a version of."""
    by_id = {one["id"]: one for one in old if type(one) is dict and type(one.get("id")) is str}
    for place, one in enumerate(new):
        if type(one) is dict:
            rid = one.get("id")
            yield by_id.get(rid) if type(rid) is str else old[place] if place < len(old) else None, one
