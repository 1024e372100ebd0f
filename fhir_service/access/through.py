"""Writing through a reduced view (workflow.md 7.5): a client that sees a part of a resource changes that part only.

The difference between the view that the client was given and what it sends back is carried over to the whole resource.
A patch works on the view in the same way. What is hidden stays as it is, whatever the client leaves out.
"""

from dataclasses import dataclass

from fhir_service.access.marks import mark_of, unmarked
from fhir_service.rules import carried_over, differences
from profiles.issues import Issue, error
from profiles.resource import Resource

_CHANGED = (
    "What you may see of this resource has changed since you read it: read it again, and make your change to that "
    "(meta.security is sent back as it was read)"
)
_UNMARKED = (
    "You see a part of this resource. Whoever takes something out of it sends meta.security back as it was read, so "
    "that what you never saw is not taken for what you removed"
)
_NOT_YOURS = "This is there already, but you do not see it: no consent lets you change it"


@dataclass(frozen=True, slots=True)
class Through:
    """The whole `resource` with what a client changed of its view. `view`: see `rules.Draft`; `conflicts`: the issues
    at what the client states in a hidden place, where the resource has what was there."""

    resource: Resource
    view: tuple[Resource, Resource] | None = None
    conflicts: tuple[Issue, ...] = ()


def written_through(full: Resource, view: Resource, submitted: Resource) -> Through | Issue:
    """What a client makes of a resource of which it sees a part.

    `view`: what `reduced` shows that client of `full` now; `submitted`: the view as the client wants it. Refused with
    `stale-version` when the client's view was another one.
    """
    rtype = str(full.get("resourceType"))
    mark, brought = mark_of(view), mark_of(submitted)
    if brought not in (None, mark):
        return error("stale-version", rtype, _CHANGED)
    wanted = unmarked(submitted)
    if mark is None:
        return Through(wanted)
    shown = unmarked(view)
    wanted = {**{k: v for k, v in wanted.items() if k != "text"}, **({"text": view["text"]} if "text" in view else {})}
    if brought is None and any(one.new is None for one in differences(shown, wanted)):
        return error("stale-version", rtype, _UNMARKED)
    carried = carried_over(shown, wanted, full, partial=True)
    conflicts = tuple(error("no-consent", conflict.path, _NOT_YOURS) for conflict in carried.conflicts)
    return Through(carried.resource, (shown, wanted), conflicts)
