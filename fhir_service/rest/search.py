"""GET [base]/[type]?... and POST [base]/[type]/_search.  https://hl7.org/fhir/R4/http.html#search"""

import re
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from fhir_service.rest.body import body_of
from fhir_service.rest.exchange import Face, Reply, Request
from fhir_service.rest.media import FORM, decoded, not_acceptable, view_with
from fhir_service.rest.paging import CHANGED, PARAMETER, PageToken
from fhir_service.rest.preconditions import is_lenient
from fhir_service.rest.render import ALWAYS, refusal
from fhir_service.rest.searchset import Links, searchset
from fhir_service.search import parse
from fhir_service.search.query import SearchQuery
from fhir_service.storage.port import Page
from profiles.issues import Issue

LONGEST_FORM = 100_000
_NATIONAL_NUMBER = re.compile(r"[0-9]{11}")
"""What may be a national number: links with one are sealed as a whole (decision 39)."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A search understood. `token`: the page link it came by; `told`: what the caller should know about it."""

    query: SearchQuery
    token: str | None = None
    told: tuple[Issue, ...] = ()


async def search(face: Face, request: Request) -> Reply:
    """One page of what matches, with what was asked to be included."""
    asked = _asked(face, request)
    if not isinstance(asked, _Asked):
        return refusal(asked)
    page = _counted(asked.query, await face.repository.search(asked.query))
    return Reply(200, ALWAYS, searchset(face.base, page, _links(face, asked, page), asked.told))


def _counted(query: SearchQuery, page: Page) -> Page:
    """With `total` where it costs nothing: the first page is the last one."""
    if page.total is None and query.count and query.after is None and page.following is None:
        return replace(page, total=len(page.matches))
    return page


async def search_form(face: Face, request: Request) -> Reply:
    """The same with the parameters in a form, where no log sees them (decision 15)."""
    form = await body_of(request, (FORM,), min(LONGEST_FORM, face.max_body))
    parameters = form if isinstance(form, Issue) else decoded(form)
    if isinstance(parameters, Issue):
        return refusal(parameters)
    looked = view_with(request.headers.get(b"accept"), parameters)
    if isinstance(looked, Issue):
        return refusal(looked)
    view, rest = looked
    if view.native:
        return refusal(not_acceptable())
    request.view = replace(view, pretty=view.pretty or request.view.pretty)
    request.parameters = request.parameters + rest
    return await search(face, request)


def _asked(face: Face, request: Request) -> _Asked | tuple[Issue, ...]:
    tokens = [value for name, value in request.parameters if name == PARAMETER]
    if tokens:
        return _following(face, request, tokens)
    parsed = parse(request.rtype, request.parameters, base_url=face.base, lenient=is_lenient(request.headers))
    return parsed.issues if parsed.query is None else _Asked(parsed.query, told=parsed.issues)


def _following(face: Face, request: Request, tokens: list[str]) -> _Asked | tuple[Issue, ...]:
    """The search that a page link stands for, from where it goes on."""
    token = face.pages.open(tokens[0], request.rtype) if len(request.parameters) == 1 else CHANGED
    if isinstance(token, Issue):
        return (token,)
    parsed = parse(request.rtype, token.parameters, base_url=face.base, after=token.cursor)
    return (CHANGED,) if parsed.query is None else _Asked(parsed.query, token=tokens[0])


def _links(face: Face, asked: _Asked, page: Page) -> Links:
    here = f"{face.base}/{asked.query.rtype}"
    following = None if page.following is None else _sealed(face, asked.query, page.following)
    return Links(self=_self(face, asked, here), next=following and f"{here}?{PARAMETER}={following}")


def _self(face: Face, asked: _Asked, here: str) -> str:
    if asked.token is not None:
        return f"{here}?{PARAMETER}={asked.token}"
    used = asked.query.used
    if any(_NATIONAL_NUMBER.search(value) for _, value in used):
        return f"{here}?{PARAMETER}={_sealed(face, asked.query, None)}"
    return f"{here}?{urlencode(used, safe=',:/|$')}" if used else here


def _sealed(face: Face, query: SearchQuery, after: tuple[tuple[int | str | None, ...], int] | None) -> str:
    return face.pages.seal(PageToken(query.rtype, query.used, after))
