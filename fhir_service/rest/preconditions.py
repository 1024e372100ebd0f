"""Conditions in headers: If-Match, If-None-Match, If-None-Exist, Prefer.  https://hl7.org/fhir/R4/http.html#concurrency"""

import re
from collections.abc import Mapping
from dataclasses import replace

from fhir_service.rest.media import decoded
from fhir_service.search import parse
from fhir_service.search.query import SearchQuery
from profiles.issues import Issue, error

_TAG = re.compile(rb'\s*(?:W/)?"([0-9]{1,18})"\s*')
_TAGS = re.compile(rb'(?:W/)?"([^"]*)"')
_RETURN = re.compile(rb"(?:^|[,;])\s*return\s*=\s*\"?(minimal|representation|OperationOutcome)\b", re.IGNORECASE)
_LENIENT = re.compile(rb"(?:^|[,;])\s*handling\s*=\s*\"?lenient\b", re.IGNORECASE)
_NOT_SERVED = {
    b"if-none-match": ("If-None-Match", "To create only what is not there, POST with If-None-Exist"),
    b"if-unmodified-since": ("If-Unmodified-Since", "Use If-Match with the version"),
}
"""On a write, ignoring these would overwrite what the client meant to protect."""


def expected_version(headers: Mapping[bytes, bytes]) -> int | Issue | None:
    """The version that If-Match names, weakly or strongly; None without the header."""
    for name, (shown, advice) in _NOT_SERVED.items():
        if name in headers:
            return error("bad-request", shown, f"{shown} is not served here. {advice}")
    value = headers.get(b"if-match")
    if value is None:
        return None
    found = _TAG.fullmatch(value)
    return int(found[1]) if found else error("bad-if-match", "If-Match", 'Expected one version, e.g. W/"3"')


def is_unchanged(headers: Mapping[bytes, bytes], version: int) -> bool:
    """Whether If-None-Match names this version: then the answer is 304.  RFC 9110 13.1.2"""
    value = headers.get(b"if-none-match")
    if value is None:
        return False
    return value.strip() == b"*" or b"%d" % version in _TAGS.findall(value)


def existing(headers: Mapping[bytes, bytes], rtype: str, base: str) -> SearchQuery | tuple[Issue, ...] | None:
    """The search of If-None-Exist; None without the header. It must narrow down (SR-19)."""
    value = headers.get(b"if-none-exist")
    if value is None:
        return None
    parameters = decoded(value.strip().removeprefix(b"?"))
    if isinstance(parameters, Issue):
        return (replace(parameters, at="If-None-Exist"),)
    parsed = parse(rtype, parameters, base_url=base)
    query = parsed.query
    if query is None:
        return parsed.issues
    if not query.criteria or query.includes or query.sort:
        return (
            error("bad-parameter-value", "If-None-Exist", "Expected search criteria, e.g. identifier=SYSTEM|VALUE"),
        )
    return replace(query, count=2, total=False)


def preferred_return(headers: Mapping[bytes, bytes]) -> str:
    """`minimal`, `representation` (also when nothing is said) or `operationoutcome`."""
    found = _RETURN.search(headers.get(b"prefer", b""))
    return found[1].decode("ascii").lower() if found else "representation"


def is_lenient(headers: Mapping[bytes, bytes]) -> bool:
    """Whether unknown parameters are to be passed over (decision 26)."""
    value = headers.get(b"prefer")
    return value is not None and _LENIENT.search(value) is not None
