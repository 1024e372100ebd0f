"""Conditions in headers: If-Match, If-None-Match, If-None-Exist, Prefer.  https://hl7.org/fhir/R4/http.html#concurrency"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from fhir_service.rest.exchange import Face, Parameters, Request
from fhir_service.rest.media import decoded
from fhir_service.search.query import SearchQuery
from fhir_service.workflow import ANY_VERSION
from fhir_service.workflow.conditions import criteria_of
from fhir_service.workflow.terminology import resolved
from profiles.issues import Issue, error

_TAG = re.compile(rb'\s*(?:W/)?"([0-9]{1,18})"\s*')
_TAGS = re.compile(rb'(?:W/)?"([^"]*)"')
_TAG_LIST = re.compile(rb'\s*(?:W/)?"[0-9]{1,18}"(?:\s*,\s*(?:W/)?"[0-9]{1,18}")*\s*')
_RETURN = re.compile(rb"(?:^|[,;])\s*return\s*=\s*\"?(minimal|representation|OperationOutcome)\b", re.IGNORECASE)
_LENIENT = re.compile(rb"(?:^|[,;])\s*handling\s*=\s*\"?lenient\b", re.IGNORECASE)
_NOT_SERVED = error("bad-request", "If-Unmodified-Since", "It is not served here. Use If-Match with the version")
"""On a write, ignoring it would overwrite what the client meant to protect."""
_BAD_MATCH = error("bad-if-match", "If-Match", 'Expected * or one version, e.g. W/"3"')
_BAD_NONE_MATCH = error("bad-if-match", "If-None-Match", 'Expected * or versions, e.g. W/"3"')


@dataclass(frozen=True, slots=True)
class Preconditions:
    """What a write hangs on. `if_match`: the current version, ANY_VERSION: there is one; `if_none_match`: what it must
    not be, empty: there is none."""

    if_match: int | None = None
    if_none_match: tuple[int, ...] | None = None


NO_CONDITIONS = Preconditions()


def preconditions(headers: Mapping[bytes, bytes]) -> Preconditions | Issue:
    """Those of the headers of a write; a version is named weakly or strongly."""
    if b"if-unmodified-since" in headers:
        return _NOT_SERVED
    match, none_match = headers.get(b"if-match"), headers.get(b"if-none-match")
    if match is None and none_match is None:
        return NO_CONDITIONS
    wanted = None if match is None else _version(match)
    if isinstance(wanted, Issue):
        return wanted
    unwanted = None if none_match is None else _versions(none_match)
    if isinstance(unwanted, Issue):
        return unwanted
    return Preconditions(wanted, unwanted)


def _version(value: bytes) -> int | Issue:
    if value.strip() == b"*":
        return ANY_VERSION
    found = _TAG.fullmatch(value)
    return int(found[1]) if found else _BAD_MATCH


def _versions(value: bytes) -> tuple[int, ...] | Issue:
    if value.strip() == b"*":
        return ()
    return tuple(map(int, _TAGS.findall(value))) if _TAG_LIST.fullmatch(value) else _BAD_NONE_MATCH


def is_unchanged(headers: Mapping[bytes, bytes], version: int) -> bool:
    """Whether If-None-Match names this version: then the answer is 304.  RFC 9110 13.1.2"""
    value = headers.get(b"if-none-match")
    if value is None:
        return False
    return value.strip() == b"*" or b"%d" % version in _TAGS.findall(value)


async def criteria(face: Face, request: Request) -> SearchQuery | tuple[Issue, ...]:
    """The search that the address of a conditional interaction stands for. It must narrow down (SR-19)."""
    return await _resolved(face, request, request.parameters, "")


async def existing(face: Face, request: Request) -> SearchQuery | tuple[Issue, ...] | None:
    """The search of If-None-Exist; None without the header. It must narrow down (SR-19)."""
    value = request.headers.get(b"if-none-exist")
    if value is None:
        return None
    parameters = decoded(value.strip().removeprefix(request.rtype.encode()).removeprefix(b"?"))
    if isinstance(parameters, Issue):
        return (replace(parameters, at="If-None-Exist"),)
    return await _resolved(face, request, parameters, "If-None-Exist")


async def _resolved(face: Face, request: Request, parameters: Parameters, at: str) -> SearchQuery | tuple[Issue, ...]:
    query = criteria_of(request.rtype, parameters, face.base, at)
    return await resolved(query, face.repository, request.access) if isinstance(query, SearchQuery) else query


def preferred_return(headers: Mapping[bytes, bytes]) -> str:
    """`minimal`, `representation`, `operationoutcome`, or empty where nothing is said."""
    value = headers.get(b"prefer")
    found = None if value is None else _RETURN.search(value)
    return found[1].decode("ascii").lower() if found else ""


def is_lenient(headers: Mapping[bytes, bytes]) -> bool:
    """Whether unknown parameters are to be passed over (decision 26)."""
    value = headers.get(b"prefer")
    return value is not None and _LENIENT.search(value) is not None
