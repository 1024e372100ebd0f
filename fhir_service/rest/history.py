"""GET [base]/[type]/[id]/_history, [base]/[type]/_history, [base]/_history.  https://hl7.org/fhir/R4/http.html#history"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias, cast

from msgspec import structs

from fhir_service.rest.exchange import Face, Parameters, Reply, Request, View
from fhir_service.rest.historyset import historyset
from fhir_service.rest.links import Paged, links, opened, place_of
from fhir_service.rest.paging import PageToken
from fhir_service.rest.preconditions import is_lenient
from fhir_service.rest.read import NOT_FOUND
from fhir_service.rest.render import ALWAYS, refusal
from fhir_service.rest.views import parameters_of, with_part
from fhir_service.search import interval
from fhir_service.storage.port import HistoryPlace, HistoryQuery
from profiles.issues import Issue, error

MOST = 1000
"""Versions on a page; to ask for more is no error (SR-8)."""
_COUNT = re.compile(r"[0-9]{1,18}", re.ASCII)
_WHEN = "a date or time such as 2026-03-01 or 2026-03-01T10:30:00+01:00 (write + as %2B in an address)"
_Read: TypeAlias = Callable[[HistoryQuery, str], HistoryQuery | None]
"""The query with what a value asks for; None where it is none."""


@dataclass(frozen=True, slots=True)
class _Asked:
    query: HistoryQuery
    view: View
    paged: Paged


async def history(face: Face, request: Request) -> Reply:
    """One page of versions, newest first, deletions among them."""
    asked = _following(face, request) or _asked(request)
    if not isinstance(asked, _Asked):
        return refusal(asked)
    access = request.access
    page = await face.repository.history(asked.query, access)
    if request.rid and not page.versions and await face.repository.read(request.rtype, request.rid, access) is None:
        return refusal(NOT_FOUND)
    page = replace(page, total=asked.paged.total) if page.total is None else page
    following = None if page.following is None else (page.following, 0)
    paged = structs.replace(asked.paged, total=page.total)
    return Reply(200, ALWAYS, historyset(face.base, page, links(face, paged, following, asked.view), asked.view))


def _asked(request: Request) -> _Asked | tuple[Issue, ...]:
    """The first page."""
    known = [(name, value) for name, value in request.parameters if name in _READ]
    issues = [] if is_lenient(request.headers) or len(known) == len(request.parameters) else [_UNKNOWN]
    query = _query(request)
    for name, value in known:
        read = _READ[name][0](query, value)
        issues += [_expected(name)] if read is None else []
        query = read or query
    issues += _repeated(known)
    if issues:
        return tuple(issues)
    used = (*known, *parameters_of(request.view))
    counted = replace(query, count=0) if request.view.summary == "count" else query
    return _Asked(counted, request.view, Paged(place_of(request, "_history"), used))


def _following(face: Face, request: Request) -> _Asked | tuple[Issue, ...] | None:
    """The page that a link stands for; None without one."""
    place = place_of(request, "_history")
    token = opened(face, request, place)
    if not isinstance(token, PageToken):
        return None if token is None else (token,)
    view = cast(View, with_part(request.view, list(token.parameters)))  # it was one when it was sealed
    query = _query(request)
    for name, value in token.parameters:
        query = _READ[name][0](query, value) or query if name in _READ else query
    paged = Paged(place, token.parameters, request.parameters[0][1], token.total)
    if token.after is not None:
        query = replace(query, after=cast(HistoryPlace, token.after[0]), total=False)
    return _Asked(query, view, paged)


def _query(request: Request) -> HistoryQuery:
    return HistoryQuery(request.rtype or None, request.rid or None)


def _repeated(known: Parameters) -> Iterator[Issue]:
    names = [name for name, _ in known]
    return (error("bad-parameter-value", name, f"{name} comes once at most") for name in _READ if names.count(name) > 1)


def _expected(name: str) -> Issue:
    return error("bad-parameter-value", name, f"{name} expects {_READ[name][1]}")


def _count(query: HistoryQuery, value: str) -> HistoryQuery | None:
    return replace(query, count=min(int(value), MOST)) if _COUNT.fullmatch(value) else None


def _since(query: HistoryQuery, value: str) -> HistoryQuery | None:
    found = interval(value)
    return replace(query, since=found[0]) if found else None


def _at(query: HistoryQuery, value: str) -> HistoryQuery | None:
    found = interval(value)
    return replace(query, at=found) if found else None


def _sort(query: HistoryQuery, value: str) -> HistoryQuery | None:
    return query if value == "-_lastUpdated" else None


def _total(query: HistoryQuery, value: str) -> HistoryQuery | None:
    return replace(query, total=value != "none") if value in ("none", "accurate", "estimate") else None


_READ: Mapping[str, tuple[_Read, str]] = {
    "_at": (_at, _WHEN),
    "_count": (_count, "a whole number, 0 or more"),
    "_since": (_since, _WHEN),
    "_sort": (_sort, "-_lastUpdated: a history is told newest first"),
    "_total": (_total, "one of none, accurate, estimate"),
}
_UNKNOWN = error("unknown-parameter", "", f"A history takes no such parameter; known: {', '.join(_READ)}")
