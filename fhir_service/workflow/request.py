"""What a client asks to be written, and what comes of it: the values between the edge and a unit of work."""

from dataclasses import dataclass
from datetime import datetime

import msgspec

from fhir_service.search.query import SearchQuery
from fhir_service.workflow.patches import Patch
from profiles.issues import Issue
from profiles.resource import Resource

ANY_VERSION = 0
"""Of If-Match: there must be a current version, whatever its number.  RFC 9110 13.1.1"""


class WriteRequest(msgspec.Struct, frozen=True):
    """What a client asks for. `method`: `create`, `update`, `patch` or `delete`.

    `resource` has already passed `profiles.validate.check`. `criteria` make it conditional: on a create what must not
    be there yet, otherwise what it is done to; then `rid` is None. `if_match`: the current version, or ANY_VERSION;
    `if_none_match`: versions that must not be the current one, empty for any.
    """

    method: str
    rtype: str
    rid: str | None = None
    resource: Resource | None = None
    patch: Patch | None = None
    if_match: int | None = None
    if_none_match: tuple[int, ...] | None = None
    criteria: SearchQuery | None = None


class Written(msgspec.Struct, frozen=True):
    """What was done: `status` 200, 201 or 204; `body` is empty for 204. `many`: how many resources were deleted.

    `issues`: warnings and informations about it, told where an OperationOutcome is asked for; `person_id`: whom it is
    about; `shown`: whether the body is what the caller sees, else it is the whole.
    """

    status: int
    rtype: str
    rid: str
    version: int
    updated: datetime
    body: bytes
    many: int = 1
    issues: tuple[Issue, ...] = ()
    person_id: str | None = None
    shown: bool = False


@dataclass(frozen=True, slots=True)
class Notice:
    """What the koordinerende enhet is to hear of a refusal (`notices`): `who` was refused, and why in a word.

    `beside`: further persons that it is about.
    """

    person_id: str
    who: str
    why: str
    beside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """Why nothing was done."""

    issues: tuple[Issue, ...]
    notices: tuple[Notice, ...] = ()
