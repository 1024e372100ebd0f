"""Links of a Bundle that is paged.  https://hl7.org/fhir/R4/http.html#paging

No link shows what may be a national number: such parameters are sealed as a whole (decision 39).
"""

import re
from collections.abc import Sequence
from typing import TypeAlias
from urllib.parse import urlencode

import msgspec

from fhir_service.rest.exchange import Face, Request, View
from fhir_service.rest.paging import CHANGED, PARAMETER, After, PageToken
from fhir_service.rest.views import form_of
from profiles.issues import Issue

Used: TypeAlias = Sequence[tuple[str, str]]
_NATIONAL_NUMBER = re.compile(r"[0-9]{11}")
_SAFE = ",:/|$*"
"""What may stand in an address as it is, beside what may stand in any."""
_PLAIN = re.compile(rf"[A-Za-z0-9_.~=&{re.escape(_SAFE)}-]*")


class Paged(msgspec.Struct, frozen=True):
    """What a page shows. `place`: its address below the base; `used`: the parameters as they were understood; `token`:
    the page link it came by; `total`: of all pages, where it is known."""

    place: str
    used: Used
    token: str | None = None
    total: int | None = None


def place_of(request: Request, *more: str) -> str:
    """The address of a request below the base, without its parameters: `Patient/7/Condition`, empty for the base."""
    parts = (*(request.within or ()), request.rtype or ("*" if request.within else ""), request.rid, *more)
    return "/".join(filter(None, parts))


def opened(face: Face, request: Request, place: str) -> PageToken | Issue | None:
    """The page link that a request came by; None when it came by none."""
    if not any(name == PARAMETER for name, _ in request.parameters):
        return None
    if len(request.parameters) > 1 or request.view.part:
        return CHANGED
    return face.pages.open(request.parameters[0][1], place)


def links(face: Face, page: Paged, following: After | None, view: View) -> bytes:
    """The links as JSON, each in the form that is asked for; `following`: where the next page begins."""
    where = f"{face.base}/{page.place}" if page.place else face.base
    form = form_of(view)
    first = _first(face, page, where, form)

    def sealed(token: str) -> str:
        return f"{where}?{_written(((PARAMETER, token), *form))}" if form else f"{where}?{PARAMETER}={token}"

    listed = [{"relation": "self", "url": first if page.token is None else sealed(page.token)}]
    if page.token is not None or following is not None:
        listed.append({"relation": "first", "url": first})
    if following is not None:
        token = PageToken(page.place, tuple(page.used), following, page.total)
        listed.append({"relation": "next", "url": sealed(face.pages.seal(token))})
    return msgspec.json.encode(listed)


def _first(face: Face, page: Paged, where: str, form: tuple[tuple[str, str], ...]) -> str:
    used = tuple(page.used)
    if any(_NATIONAL_NUMBER.search(value) for _, value in used):
        used = ((PARAMETER, face.pages.seal(PageToken(page.place, used))),)
    asked = used + form
    return f"{where}?{_written(asked)}" if asked else where


def _written(used: Used) -> str:
    """The parameters as they stand in an address; most have nothing in them that is to be escaped."""
    plain = "&".join([f"{name}={value}" for name, value in used])
    if _PLAIN.fullmatch(plain) and plain.count("=") == len(used) == plain.count("&") + 1:
        return plain
    return urlencode(used, safe=_SAFE)
