"""What changed between two versions of a resource, and a change carried over to another version (workflow.md 7).

`differences` names changed paths: for `$diff`, for Provenance, and for rules about who changes what. `carried_over`
does what one client did to the version it saw to the version there is now: for the conflicts that a 412 names, for
`$rebase`, and for writing through a reduced view (7.5). Both compare lists entry by entry (`_entries`).

Paths are FHIRPath from the type on, entries by what identifies them: `CarePlan.activity.where(id='a1').detail.status`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from fhir_service.rules._entries import by_key, key_of
from profiles.resource import Resource

SET_BY_THE_SERVER = frozenset({"versionId", "lastUpdated"})
"""In `meta`: no part of what anybody changed."""
_MADE_OF_THE_REST = "text"
"""The narrative: whoever changes a resource makes it anew, so that it never conflicts."""


class Difference(NamedTuple):
    """An element that two versions have differently; None: it is absent there. `name`: the path without the steps to
    entries, `CarePlan.activity.detail.status`."""

    path: str
    name: str
    old: Any
    new: Any


class Conflict(NamedTuple):
    """An element that was changed in two ways from one `base`; None: it is absent there."""

    path: str
    base: Any
    mine: Any
    theirs: Any


@dataclass(frozen=True, slots=True)
class Carried:
    """What came of it. Where there are `conflicts`, `resource` has what was there."""

    resource: Resource
    conflicts: tuple[Conflict, ...] = ()


class _At(NamedTuple):
    """Where in a resource: with steps to entries, and without."""

    path: str
    name: str

    def below(self, member: str) -> "_At":
        return _At(f"{self.path}.{member}", f"{self.name}.{member}")

    def entry(self, step: str) -> "_At":
        return _At(self.path + step, self.name)


def differences(before: Resource, after: Resource) -> tuple[Difference, ...]:
    """Every element that differs between two versions of a resource, but what the server sets in `meta`.

    Nothing below an element that is new or gone is named by itself.
    """
    rtype = str(after.get("resourceType"))
    old, new = _content(before), _content(after)
    return tuple(_differing(_At(rtype, rtype), old, new)) if old != new else ()


def _content(resource: Resource) -> Resource:
    """The resource without what the server sets."""
    if "meta" not in resource:
        return resource
    meta = {name: value for name, value in resource["meta"].items() if name not in SET_BY_THE_SERVER}
    rest = {name: value for name, value in resource.items() if name != "meta"}
    return {**rest, "meta": meta} if meta else rest


def _differing(at: _At, old: Any, new: Any) -> Iterator[Difference]:
    """Of two values that differ. Paths are told of what differs only: this goes through whole resources."""
    if isinstance(old, dict) and isinstance(new, dict):
        for member in dict.fromkeys((*old, *new)):
            left, right = old.get(member), new.get(member)
            if left != right:
                yield from _differing(at.below(member), left, right)
        return
    if isinstance(old, list | None) and isinstance(new, list | None):
        telling = key_of(at.name, old or [], new or [])
        if telling is not None:
            was, now = by_key(old or [], telling), by_key(new or [], telling)
            for one in dict.fromkeys((*was, *now)):
                left, right = was.get(one), now.get(one)
                if left != right:
                    entry: Any = right if left is None else left
                    yield from _differing(at.entry(telling.step(entry)), left, right)
            return
    yield Difference(at.path, at.name, old, new)


def carried_over(base: Resource, mine: Resource, onto: Resource, *, partial: bool = False) -> Carried:
    """`onto` with the difference between `base` and `mine`; elsewhere it stays as it is.

    `partial`: `base` is the part of `onto` that somebody sees. What is not in it is not theirs to change: it stays,
    also beside what they take away, and what they state in its place is a conflict.
    """
    rtype = str(onto.get("resourceType"))
    carrying = _Carrying(partial)
    made = carrying.value(_At(rtype, rtype), _content(base), _content(mine), _content(onto)) or {}
    kept = {k: v for k, v in onto.get("meta", {}).items() if k in SET_BY_THE_SERVER}
    resource = {**made, "meta": {**kept, **made.get("meta", {})}} if kept else made
    return Carried(resource, tuple(carrying.conflicts))


@dataclass(slots=True)
class _Carrying:
    partial: bool
    conflicts: list[Conflict] = field(default_factory=list)

    def value(self, at: _At, base: Any, mine: Any, onto: Any) -> Any:
        """What becomes of an element; None: it goes."""
        if base == mine or mine == onto:
            return onto
        if base == onto or at.name.partition(".")[2] == _MADE_OF_THE_REST:
            return mine
        inside = self._inside(at, base, mine, onto)
        if inside is not None:
            return inside[0]
        self.conflicts.append(Conflict(at.path, base, mine, onto))
        return onto

    def _inside(self, at: _At, base: Any, mine: Any, onto: Any) -> tuple[Any] | None:
        """The same where it is settled by what is below, or by the entries; None where it is not."""
        if mine is None and self.partial and isinstance(base, dict):
            mine = {}
        if all(isinstance(value, dict) for value in (base, mine, onto)):
            return (self._members(at, base, mine, onto),)
        if all(isinstance(value, list | None) for value in (base, mine, onto)):
            return self._list(at, base or [], mine or [], onto or [])
        return None

    def _members(self, at: _At, base: Resource, mine: Resource, onto: Resource) -> Resource | None:
        made: Resource = {}
        for member in dict.fromkeys((*onto, *mine, *base)):
            old, new, here = base.get(member), mine.get(member), onto.get(member)
            made[member] = here if old == new else self.value(at.below(member), old, new, here)
        return {member: value for member, value in made.items() if value is not None} or None

    def _list(self, at: _At, base: list[Any], mine: list[Any], onto: list[Any]) -> tuple[Any] | None:
        telling = key_of(at.name, base, mine, onto)
        if telling is None:
            return ([*onto, *(one for one in mine if one not in onto)],) if self.partial and not base else None
        was, now, there = by_key(base, telling), by_key(mine, telling), by_key(onto, telling)
        made: dict[object, Any] = {}
        for one in dict.fromkeys((*there, *now)):
            old, new, here = was.get(one), now.get(one), there.get(one)
            if old == new:
                value = here
            elif self.partial and old is not None and new is None:
                value = None
            else:
                entry: Any = new if here is None else here
                value = self.value(at.entry(telling.step(entry)), old, new, here)
            if value is not None:
                made[one] = value
        order = now if made.keys() == now.keys() else made
        return ([made[one] for one in order] or None,)
