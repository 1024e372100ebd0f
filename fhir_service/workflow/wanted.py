"""What is to be written, before anything is said about it."""

import msgspec

from fhir_service.rules import Draft
from fhir_service.storage.port import Stored
from profiles.issues import Issue


class Wanted(msgspec.Struct, frozen=True):
    """A draft and the version it would replace (None: never there; a deleted one counts).

    `tail`: `versions.tail_of` what the draft wants, where somebody has needed it already; `taken`: its id belongs to
    what the caller does not see, and `conflicts`: it states something where there is something that the caller does not
    see; so that it is refused when all else that would be is told (SR-29).
    """

    draft: Draft
    stored: Stored | None = None
    tail: bytes | None = None
    taken: bool = False
    conflicts: tuple[Issue, ...] = ()
