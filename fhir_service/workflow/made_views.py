"""Views that were made before, for whoever sees the same of the same version (workflow.md 4.7).

To make one takes parsing, cutting and writing anew; what it is made from is found by one statement. That is asked at
every request (SR-27): what is open to the caller then, which version there is of the resource, and which of all else
that its parts hang on. A view is given out again where none of it is another.
"""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, TypeAlias

from fhir_service.access.view import looked_up
from fhir_service.rules import HELD_BY
from fhir_service.sight import Sight
from fhir_service.storage.port import Stored
from fhir_service.storage.sighted import HangsOn, Sighted
from fhir_service.workflow.versions import parse_body
from profiles.resource import Resource

MOST_BYTES = 32_000_000
"""What was asked for longest ago is forgotten."""
HANGS_ON: Mapping[str, HangsOn] = {
    "CarePlan": HangsOn(own=("Goal", "CareTeam"), named=(("performer", tuple(HELD_BY)),)),
}
"""By type: which goals may be read, and for whom those act who carry out activities (`performers`)."""
NOTHING_ELSE = HangsOn()
_Key: TypeAlias = tuple[Any, ...]


class MadeViews:
    """Views by all that they were made from, as many as have room."""

    def __init__(self, room: int = MOST_BYTES) -> None:
        """`room`: for the bodies, in bytes, and for what they are known by."""
        self._left = room
        self._views: OrderedDict[_Key, tuple[Stored, int]] = OrderedDict()

    def get(self, found: Sighted, looks: Sight) -> Stored | None:
        """The view that was made for who sees the same; None: it has to be made. `looks`: who looks."""
        known = self._views.get(key := _key(found, looks))
        if known is None:
            return None
        self._views.move_to_end(key)
        return known[0]

    def put(self, found: Sighted, looks: Sight, view: Stored) -> None:
        """Remember the view that was made, if all is known that it was made from."""
        if not is_all(found, parse_body(found.stored.body)):
            return
        takes = len(view.body) + sum(len(text) for text in found.beside if text)
        self._left += self._views.pop(key := _key(found, looks), (view, 0))[1] - takes
        self._views[key] = view, takes
        while self._left < 0:
            _, (_, freed) = self._views.popitem(last=False)
            self._left += freed


def _key(found: Sighted, looks: Sight) -> _Key:
    row = found.stored
    version = (row.rtype, row.rid, row.version, row.at, row.person_id)
    return (version, found.labels, found.beside, looks.organization, looks.person)


def is_all(found: Sighted, resource: Resource) -> bool:
    """Whether that is all that a view of `resource` is made from: each goal of a plan is one of the person's."""
    goals = found.beside[0] if found.beside else None
    known = {f"Goal/{goal.partition(' ')[0]}" for goal in (goals or "").split(",")}
    return looked_up(resource) <= known
