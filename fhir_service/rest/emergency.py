"""Emergency access at the edge: purpose BTG opens everything of one person to one request (workflow.md 4.7 rule 5).

The person is the one whom the address names: a resource about them by its id, their compartment, or a search by
`patient` or `subject`. They are told before anything is answered (`workflow.emergency`).
"""

from fhir_service.rest.exchange import Face, Request
from fhir_service.storage.access import in_emergency
from profiles.issues import Issue, error

_NAMING = ("patient", "subject")
_ONE_PERSON = error(
    "bad-request",
    "X-Knutepunkt-Purpose",
    "Emergency access reads about one person at a time: GET a resource by its id, Patient/[id]/..., or a search with "
    "patient=[id]; other requests come without the purpose BTG",
)


async def emergency(face: Face, request: Request) -> Issue | None:
    """Let the request see everything of the person whom it names, when they are told; or why it cannot.

    Nothing is opened where there is no such person: then the answer is that to anybody.
    """
    named = _named(request)
    if named is None or request.method not in ("GET", "HEAD"):
        return _ONE_PERSON
    stored = await face.repository.read(*named)
    if stored is None or stored.person_id is None or not request.by.narrowed:
        return None
    await face.office.open_in_emergency(stored.person_id, request.by)
    request.access = in_emergency(request.by, stored.person_id, face.clock())
    return None


def _named(request: Request) -> tuple[str, str] | None:
    """(type, id) of what tells who it is about."""
    if request.within is not None:
        return request.within
    if request.rid:
        return request.rtype, request.rid
    told = [value for name, value in request.parameters if name in _NAMING]
    if len(told) != 1 or not request.rtype:
        return None
    rtype, _, rid = told[0].rpartition("/")
    return ("Patient", rid) if rtype in ("", "Patient") and rid and "," not in rid else None
