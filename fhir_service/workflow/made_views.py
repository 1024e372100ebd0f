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
from profiles.resource import Resource

MOST_BYTES = 32_000_000
"""What was asked for longest ago is forgotten."""
HANGS_ON: Mapping[str, HangsOn] = {
    "CarePlan": HangsOn(own=("Goal", "CareTeam"), named=(("performer", tuple(HELD_BY)),)),
}
"""By type: which goals may be read, and for whom those act who carry out activities (`performers`)."""
NOTHING_ELSE = HangsOn()
Key: TypeAlias = tuple[Any, ...]


def key_of(found: Sighted, looks: Sight) -> Key:
    """All that a view is made from. `looks`: who looks."""
    row = found.stored
    version = (row.rtype, row.rid, row.version, row.at, row.person_id)
    return (*version, found.labels, found.beside, looks.organization, looks.person)


def is_all(found: Sighted, resource: Resource) -> bool:
    """Whether `key_of` has all that a view of `resource` is made from: each goal of a plan is one of the person's."""
    goals = found.beside[0] if found.beside else None
    known = {f"Goal/{one.partition(' ')[0]}" for one in (goals or "").split(",")}
    return looked_up(resource) <= known


class MadeViews:
    """Views by what they are made from, as many as have room."""

    def __init__(self, room: int = MOST_BYTES) -> None:
        """`room`: for the bodies, in bytes, and for what they are known by."""
        self._left = room
        self._views: OrderedDict[Key, tuple[Stored, int]] = OrderedDict()

    def get(self, key: Key) -> Stored | None:
        """The view that was made; None: it has to be."""
        known = self._views.get(key)
        if known is None:
            return None
        self._views.move_to_end(key)
        return known[0]

    def put(self, key: Key, view: Stored, found: Sighted) -> None:
        """Remember what was made from `found`, whose key it is."""
        if key in self._views:
            return
        takes = len(view.body) + sum(len(text) for text in found.beside if text)
        self._views[key] = view, takes
        self._left -= takes
        while self._left < 0:
            _, (_, freed) = self._views.popitem(last=False)
            self._left += freed
