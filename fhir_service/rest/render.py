"""From values to replies: one resource, or an OperationOutcome for issues (workflow.md 8)."""

import itertools
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache

import msgspec

from fhir_service.rest.exchange import Header, Reply
from fhir_service.storage.instants import SECOND, moment
from fhir_service.storage.port import Stored
from profiles import names
from profiles.issue_codes import ISSUE_CODES
from profiles.issues import Issue, warning
from profiles.resource import Resource

CONTENT_TYPE: Header = (b"content-type", b"application/fhir+json; charset=utf-8")
CACHING: tuple[Header, ...] = ((b"cache-control", b"private, no-cache"), (b"vary", b"accept"))
"""Health data stays out of shared caches; a private one asks again with its ETag."""
ALWAYS: tuple[Header, ...] = (CONTENT_TYPE, (b"x-content-type-options", b"nosniff"), *CACHING)
MOST_TOLD = 200
"""Issues in one answer: who sends a million mistakes does not get a million sentences."""
_MORE = warning("too-costly", "", f"There are more issues: the first {MOST_TOLD} are told")
_NUMBER = re.compile(r"(?<![0-9A-Za-z])[0-9]{11}(?![0-9A-Za-z])")
"""What looks like a national number, where a sentence names an id or an address that somebody sent (SR-18)."""
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def etag(version: int) -> bytes:
    """The weak tag of a version.  https://hl7.org/fhir/R4/http.html#versioning"""
    return b'W/"%d"' % version


def http_date(at: datetime) -> bytes:
    """A UTC time as RFC 9110 IMF-fixdate, whatever the locale."""
    day, month, clock = _DAYS[at.weekday()], _MONTHS[at.month - 1], at.isoformat()[11:19]
    return f"{day}, {at.day:02d} {month} {at.year:04d} {clock} GMT".encode()


def version_headers(version: int, at: int) -> tuple[Header, Header]:
    """`ETag` and `Last-Modified` from the columns, not from the body (stack.md 3). `at`: in microseconds, as stored."""
    return _of_version(version, at // SECOND)


@lru_cache(maxsize=4096)
def _of_version(version: int, second: int) -> tuple[Header, Header]:
    return (b"etag", etag(version)), (b"last-modified", http_date(moment(second * SECOND)))


def of_stored(stored: Stored) -> Reply:
    """A version as it lies in the database."""
    return Reply(200, (*ALWAYS, *version_headers(stored.version, stored.at)), stored.body)


def outcome(issues: Iterable[Issue]) -> bytes:
    """An OperationOutcome, of bounded size (SR-8).  https://hl7.org/fhir/R4/operationoutcome.html"""
    told = [_told(issue) for issue in itertools.islice(issues, MOST_TOLD + 1)]
    if len(told) > MOST_TOLD:
        told[MOST_TOLD:] = [_told(_MORE)]
    return msgspec.json.encode({"resourceType": "OperationOutcome", "issue": told})


def _told(issue: Issue) -> Resource:
    told: Resource = {
        "severity": issue.severity.value,
        "code": ISSUE_CODES[issue.code].type,
        "details": {"coding": [{"system": names.IP_ERROR, "code": issue.code}]},
        "diagnostics": _NUMBER.sub("(not shown)", issue.text),
    }
    return {**told, "expression": [_NUMBER.sub("(not shown)", issue.at)]} if issue.at else told


def refusal(issues: Issue | Sequence[Issue], *more: Header) -> Reply:
    """What was wrong; the status is that of the first issue that refuses. `more`: further headers."""
    told = (issues,) if isinstance(issues, Issue) else tuple(issues)
    first = next((i for i in told if i.refuses), told[0])
    return Reply(ISSUE_CODES[first.code].http, (*ALWAYS, *more), outcome(told))
