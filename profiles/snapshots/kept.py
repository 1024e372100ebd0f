"""What a version of a resource has in common with the version before it, so that it need not be judged twice."""

from collections.abc import Iterator
from typing import Any, TypeAlias

from profiles.resource import Resource

Kept: TypeAlias = frozenset[int]
"""Elements, and entries of lists, by identity."""
NOTHING_KEPT: Kept = frozenset()


def kept(before: Resource, after: Resource) -> Kept:
    """The elements and entries of `after` that are as in `before`; none where references lead to other contained ones.

    Entries are compared by their id, or else by their place.
    """
    if before.get("contained") != after.get("contained"):
        return NOTHING_KEPT
    pairs = (pair for name, value in after.items() for pair in _paired(before.get(name), value))
    return frozenset([id(new) for old, new in pairs if type(new) is dict and new == old])


def _paired(old: Any, new: Any) -> Iterator[tuple[Any, Any]]:
    if type(old) is not list or type(new) is not list:
        yield old, new
        return
    by_id = {one["id"]: one for one in old if type(one) is dict and "id" in one}
    for place, one in enumerate(new):
        rid = one.get("id") if type(one) is dict else None
        yield by_id.get(rid) if rid else old[place] if place < len(old) else None, one
