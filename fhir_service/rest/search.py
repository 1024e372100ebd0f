"""GET [base]/[type]?..., [base]?..., [base]/Patient/[id]/[type]?..., and POST to `_search` below each of them.

https://hl7.org/fhir/R4/http.html#search
"""

from dataclasses import replace
from functools import lru_cache
from typing import cast

import msgspec

from fhir_service.rest.body import form_of
from fhir_service.rest.exchange import Face, Parameters, Reply, Request, View
from fhir_service.rest.links import Paged, links, opened, place_of
from fhir_service.rest.media import decoded, not_acceptable, view_with
from fhir_service.rest.paging import CHANGED, PageToken
from fhir_service.rest.preconditions import is_lenient
from fhir_service.rest.render import ALWAYS, refusal
from fhir_service.rest.searchset import searchset
from fhir_service.rest.views import parameters_of, unknown_part, with_part
from fhir_service.search import Parsed, parse
from fhir_service.search.query import Cursor, SearchQuery
from fhir_service.storage.port import Page
from fhir_service.workflow.terminology import resolved
from profiles.issues import Issue, error, warning

LONGEST_FORM = 100_000
SEARCHES_KEPT, LONGEST_KEPT = 1_000, 500
"""Understood before: how many, and of how many characters."""
_NO_TEXT_OF_INCLUDES = error("bad-parameter-value", "_summary", "_summary=text cannot be asked for with includes")
"""https://hl7.org/fhir/R4/search.html#summary"""

_CUT = warning("too-costly", "_include", "There is more to include than one page may bring; ask for fewer matches")


class _Asked(msgspec.Struct, frozen=True):
    """A search understood. `told`: what the caller should know about it."""

    query: SearchQuery
    view: View
    paged: Paged
    told: tuple[Issue, ...] = ()


async def search(face: Face, request: Request) -> Reply:
    """One page of what matches, with what was asked to be included."""
    asked = _following(face, request) or _asked(face, request)
    if not isinstance(asked, _Asked):
        return refusal(asked)
    access = request.access
    query = await resolved(asked.query, face.repository, access)
    if not isinstance(query, SearchQuery):
        return refusal(query)
    page = _counted(query, await face.repository.search(query, access))
    told = (*asked.told, _CUT) if page.cut else asked.told
    body = searchset(face.base, page, links(face, asked.paged, page.following, asked.view), told, asked.view)
    return Reply(200, ALWAYS, body)


def _counted(query: SearchQuery, page: Page) -> Page:
    """With `total` where it costs nothing: the first page is the last one."""
    if page.total is None and query.count and query.after is None and page.following is None:
        return replace(page, total=len(page.matches))
    return page


async def search_form(face: Face, request: Request) -> Reply:
    """The same with the parameters in a form, where no log sees them (decision 15); those of the address count too."""
    form = await form_of(request, min(LONGEST_FORM, face.max_body))
    parameters = form if isinstance(form, Issue) else decoded(form)
    looked = parameters if isinstance(parameters, Issue) else view_with(request.headers.get(b"accept"), parameters)
    if isinstance(looked, Issue):
        return refusal(looked)
    view, rest = looked
    issue = not_acceptable() if view.native else unknown_part(view, request.rtype, counts=True)
    if issue is not None:
        return refusal(issue)
    shown = view if view.part else request.view
    request.view = replace(shown, pretty=view.pretty or request.view.pretty, form=view.form or request.view.form)
    request.parameters = request.parameters + rest
    return await search(face, request)


def _asked(face: Face, request: Request) -> _Asked | tuple[Issue, ...]:
    """The search of a first page."""
    parsed = _parsed(face, request, request.parameters, lenient=is_lenient(request.headers))
    if parsed.query is None:
        return parsed.issues
    used = (*parsed.query.used, *parameters_of(request.view))
    return _shown(parsed.query, request.view, Paged(place_of(request), used), parsed.issues)


def _following(face: Face, request: Request) -> _Asked | tuple[Issue, ...] | None:
    """The search that a page link stands for, from where it goes on; None without one."""
    token = opened(face, request, place_of(request))
    if not isinstance(token, PageToken):
        return None if token is None else (token,)
    view = cast(View, with_part(request.view, list(token.parameters)))  # it was one when it was sealed
    told = {name for name, _ in parameters_of(view)}
    kept = [(name, value) for name, value in token.parameters if name not in told]
    parsed = _parsed(face, request, kept, after=token.cursor)
    if parsed.query is None:
        return (CHANGED,)
    paged = Paged(place_of(request), token.parameters, request.parameters[0][1])
    return _shown(parsed.query, view, paged)


def _parsed(
    face: Face, request: Request, parameters: Parameters, *, lenient: bool = False, after: Cursor | None = None
) -> Parsed:
    small = request.rtype and sum([len(name) + len(value) for name, value in parameters]) <= LONGEST_KEPT
    return (_understood if small else parse)(
        request.rtype or None,
        tuple(parameters),
        base_url=face.base,
        lenient=lenient,
        after=after,
        types=face.rtypes,
        compartment=request.within,
    )


_understood = lru_cache(maxsize=SEARCHES_KEPT)(parse)
"""Lists on a screen are asked for again and again in the same words. What was understood is the same every time."""


def _shown(query: SearchQuery, view: View, paged: Paged, told: tuple[Issue, ...] = ()) -> _Asked | tuple[Issue, ...]:
    if view.summary == "text" and query.includes:
        return (_NO_TEXT_OF_INCLUDES,)
    if view.summary == "count":
        return _Asked(replace(query, count=0, total=True, includes=()), view, paged, told)
    return _Asked(query, view, paged, told)
