"""What a message says meets what is there (decision 37; hl7v2-mapping.md 3.5, 6.2, 13).

The clock of a resource remembers what decides about late events: `content` the time of the newest event applied,
`status` that of the newest one that set the status, `removed` path -> time for what a cancellation took away.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fhir_service.rules._keyed_lists import as_history, joined, key_for, left_behind
from mappings.message import Mode, Proposal
from profiles import names
from profiles.issues import Issue, information, warning
from profiles.resource import Resource

Clock = Mapping[str, Any]

_EXTENSION = "extension["
"""Of a cleared path: one extension, by its URL."""
CHOICES = ("deceased", "multipleBirth", "onset", "abatement", "occurrence", "effective", "value")
"""Choice elements (x[y]) that proposals speak about: stating one type takes the place of the other."""


@dataclass(frozen=True, slots=True)
class Merged:
    """`resource`: as it shall be, the very same object when nothing changes, None when there is nothing to make."""

    resource: Resource | None
    clock: Clock
    issues: tuple[Issue, ...] = ()


def merge(existing: Resource | None, proposal: Proposal, clock: Clock | None) -> Merged:
    """The full resource after one proposal. References in its values are literal already."""
    clock = clock or {}
    if existing is None:
        if proposal.mode is Mode.STATUS:
            text = "Nothing is known here that this event could change"
            return Merged(None, clock, (warning("nothing-to-cancel", proposal.rtype, text),))
        made = _without(proposal.values, proposal.cleared)
        return Merged(made, _wound(clock, proposal, late=False), _unheard_of(proposal))
    late = _is_before(proposal.at, clock.get("content"))
    only_fill = late or proposal.mode is Mode.FILL
    target = _with_values(existing, proposal, clock, only_fill=only_fill)
    target = _with_status(target, proposal, clock)
    target = _without(target, _taken_back(proposal, clock, late=late))
    issues = (_late(proposal),) if late and proposal.mode is not Mode.FILL else ()
    wound = _wound(clock, proposal, late=late)
    if not _same(existing, target):
        return Merged(target, wound, issues)
    # A cancellation that finds nothing to cancel is remembered: what it cancels may still be on its way (A13 first).
    return Merged(existing, wound if proposal.cleared else clock, issues)


def _taken_back(proposal: Proposal, clock: Clock, *, late: bool) -> tuple[str, ...]:
    """The paths that an event clears; a late one those that nobody has stated since it happened."""
    stated = clock.get("stated") or {}
    return tuple(p for p in proposal.cleared if not late or not _is_before(proposal.at, stated.get(p)))


def _unheard_of(proposal: Proposal) -> tuple[Issue, ...]:
    if not proposal.cancels:
        return ()
    text = f"What this event takes back is not known here; the {proposal.rtype} was made from what is stated"
    return (warning("nothing-to-cancel", proposal.rtype, text),)


def _late(proposal: Proposal) -> Issue:
    text = f"The event is older than what is known of this {proposal.rtype}: it only fills gaps"
    return information("late-event", proposal.rtype, text)


def _is_before(at: datetime | None, mark: object) -> bool:
    return at is not None and isinstance(mark, str) and at < datetime.fromisoformat(mark)


def _with_values(existing: Resource, proposal: Proposal, clock: Clock, *, only_fill: bool) -> Resource:
    """Everything but the status. What a newer cancellation removed is not filled by an earlier event."""
    barred = tuple(p for p, at in (clock.get("removed") or {}).items() if _is_before(proposal.at, at))
    values = _without({k: v for k, v in proposal.values.items() if k != "status"}, barred)
    return _Merger(existing["resourceType"], only_fill).objects(existing, values, "")


def _with_status(target: Resource, proposal: Proposal, clock: Clock) -> Resource:
    """`status` follows the events that set it, which have a clock of their own; others give it only where absent."""
    stated = proposal.values.get("status")
    if stated is None:
        return target
    sets = proposal.states and proposal.mode is not Mode.FILL and not _is_before(proposal.at, clock.get("status"))
    return target | {"status": stated} if sets or "status" not in target else target


@dataclass(frozen=True, slots=True)
class _Merger:
    rtype: str
    only_fill: bool

    def objects(self, old: Resource, new: Resource, path: str) -> Resource:
        """`old` with what `new` states; in fill mode only what is absent."""
        merged = dict(old)
        for name, value in new.items():
            if name in KEPT and name in merged:
                continue
            place = f"{path}.{name}".lstrip(".")
            choice = _choice(name)
            siblings = [k for k in merged if choice and k != name and _choice(k) == choice]
            if siblings and self.only_fill:
                continue
            for sibling in siblings:
                del merged[sibling]
            merged[name] = self.value(merged[name], value, place) if name in merged else value
        return merged

    def value(self, old: Any, new: Any, path: str) -> Any:
        """One element that is there already."""
        if isinstance(old, dict) and isinstance(new, dict):
            return self._object(old, new, path)
        if isinstance(old, list) and isinstance(new, list):
            return self._list(old, new, path)
        return old if self.only_fill else new

    def _object(self, old: Resource, new: Resource, path: str) -> Resource:
        if "reference" in new and new.items() <= old.items():
            return old  # the same, said without its display
        if path in WHOLE or not _is_record(old):
            return old if self.only_fill else new
        return self.objects(old, new, path)

    def _list(self, old: list[Any], new: list[Any], path: str) -> list[Any]:
        key = key_for(self.rtype, path)
        if key is None:
            return old if self.only_fill and old else new
        is_place = path == "location"
        if not self.only_fill:
            return joined(left_behind(old, new, key) if is_place else old, new, key)
        known = {key(entry) for entry in old}
        further = [entry for entry in new if key(entry) not in known]
        return [*old, *(as_history(further) if is_place else further)]


CANCELLED = (
    "period.end",
    "hospitalization.dischargeDisposition",
    "hospitalization.destination",
    f"{_EXTENSION}{names.EXTENSION_R5}Encounter.plannedEndDate]",
)
"""What a later event takes back (A13, A25): since when it is stated is kept, so that it does so in any order."""
KEPT = frozenset({"authoredOn"})
"""Elements that say when something was first told: a later message about it does not change that."""
WHOLE = frozenset({"code", "subject", "class"})
"""Elements that are one statement: half an old one beside half a new one would say what nobody said."""
_ONE_STATEMENT = frozenset({"coding", "text", "reference", "display", "system", "value", "identifier"})


def _is_record(old: Resource) -> bool:
    """Whether an object is a group of elements (period, hospitalization), not one statement (concept, reference)."""
    return not old.keys() & _ONE_STATEMENT


def _choice(name: str) -> str | None:
    return next((c for c in CHOICES if name.startswith(c) and name[len(c) : len(c) + 1].isupper()), None)


def _without(resource: Mapping[str, Any], paths: tuple[str, ...]) -> Resource:
    """The resource without what lies at these paths; an object left empty goes with it."""
    left = dict(resource)
    for path in paths:
        left = _cut(left, path)
    return left


def _cut(resource: Resource, path: str) -> Resource:
    if path.startswith(_EXTENSION):
        url = path.removeprefix(_EXTENSION).removesuffix("]")
        left_over = [e for e in resource.get("extension") or [] if e.get("url") != url]
        return {k: v for k, v in resource.items() if k != "extension"} | ({"extension": left_over} if left_over else {})
    name, _, rest = path.partition(".")
    inner = resource.get(name)
    if rest and not isinstance(inner, dict):
        return resource
    left = _cut(inner, rest) if rest and isinstance(inner, dict) else None
    if left:
        return resource | {name: left}
    return {k: v for k, v in resource.items() if k not in (name, f"_{name}")}


def _same(existing: Resource, target: Resource) -> bool:
    """Whether nothing changed but the message it came from: then there is no new version (SR-3)."""
    return _told(existing) == _told(target)


def _told(resource: Resource) -> Resource:
    meta = {k: v for k, v in (resource.get("meta") or {}).items() if k not in ("source", "versionId", "lastUpdated")}
    return {**resource, "meta": meta}


def _wound(clock: Clock, proposal: Proposal, *, late: bool) -> Clock:
    """The clock after this event."""
    if proposal.at is None:
        return clock
    now = proposal.at.astimezone(UTC).isoformat()
    wound = dict(clock)
    if not late and (proposal.mode is not Mode.FILL or "content" not in clock):
        wound["content"] = now
    earlier = clock.get("removed") or {}
    removed = {p: at for p, at in earlier.items() if late or not _states(proposal.values, p)}
    removed |= {p: max(now, removed.get(p, now)) for p in _taken_back(proposal, clock, late=late)}
    if removed or "removed" in clock:
        wound["removed"] = removed
    known = clock.get("stated") or {}
    stated = {p: max(now, known.get(p, now)) for p in CANCELLED if _states(proposal.values, p)}
    if stated:
        wound["stated"] = {**known, **stated}
    sets = proposal.states and "status" in proposal.values and proposal.mode is not Mode.FILL
    if sets and not _is_before(proposal.at, clock.get("status")):
        wound["status"] = now
    return wound


def _states(values: Mapping[str, Any], path: str) -> bool:
    if path.startswith(_EXTENSION):
        return any(f"{_EXTENSION}{e.get('url')}]" == path for e in values.get("extension") or [])
    found: Any = values
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found is not None
