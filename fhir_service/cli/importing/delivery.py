"""Sending, and what the answers say."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec

from fhir_service.cli.endpoint import AGAIN, Endpoint
from fhir_service.cli.importing.sources import Item
from fhir_service.cli.importing.wanted import batch, entry_of, is_same
from profiles import names
from profiles.decimals import DECODER, ENCODER
from profiles.resource import Resource

HEADERS: Mapping[str, str] = {"prefer": "return=minimal", "x-knutepunkt-purpose": "import"}
MISSING = "dangling-reference"
DUPLICATE_PLAN = "duplicate-plan"
GUARDED = 428


class How(StrEnum):
    """What became of a resource. The value is how it is told."""

    CREATED = "created"
    UPDATED = "updated"
    PRESENT = "there already"
    SECOND_PLAN = "resolve-duplicate"
    REJECTED = "rejected"
    LATER = "later"
    """It may be taken when other things are there."""


@dataclass(frozen=True, slots=True)
class Result:
    """The answer about one item."""

    item: Item
    how: How
    status: int
    outcome: Resource | None = None

    def has(self, code: str) -> bool:
        """Whether the OperationOutcome has an issue of ours with that code."""
        return code in codes_of(self.outcome)


def codes_of(outcome: Resource | None) -> frozenset[str]:
    """Our issue codes in an OperationOutcome (docs/reference/issue-codes.md)."""
    issues = (outcome or {}).get("issue") or ()
    codings = (c for issue in issues for c in (issue.get("details") or {}).get("coding") or ())
    return frozenset(c["code"] for c in codings if c.get("system") == names.IP_ERROR and "code" in c)


def encoded(resource: Resource) -> bytes:
    """The resource as JSON; decimals keep their digits."""
    return ENCODER.encode(resource)


def decoded(body: bytes) -> Resource:
    """The resource in an answer; empty for anything else."""
    try:
        value: Any = DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return value if isinstance(value, dict) else {}


async def deliver(endpoint: Endpoint, items: Sequence[Item]) -> list[Result]:
    """Send items as one batch; each is judged by itself. A batch that is refused whole is halved."""
    answer = await endpoint.ask("POST", "", encoded(batch([entry_of(item) for item in items])), HEADERS)
    told = decoded(answer.content)
    if answer.status_code == 200:
        responses = [entry.get("response") or {} for entry in told.get("entry") or ()]
        responses += [{}] * (len(items) - len(responses))
        return [_result(item, _status(r), r.get("outcome")) for item, r in zip(items, responses, strict=False)]
    if len(items) == 1 or answer.status_code in AGAIN:
        return [_result(item, answer.status_code, told or None) for item in items]
    middle = len(items) // 2
    return [*await deliver(endpoint, items[:middle]), *await deliver(endpoint, items[middle:])]


async def deliver_whole(endpoint: Endpoint, item: Item, bundle: Resource) -> tuple[Result, Resource]:
    """Send a transaction; the result is that of the whole. With it the answer's Bundle."""
    answer = await endpoint.ask("POST", "", encoded(bundle), HEADERS)
    told = decoded(answer.content)
    return _result(item, answer.status_code, None if answer.is_success else told or None), told


def _status(response: Resource) -> int:
    found = re.match(r"\d{3}", str(response.get("status")))
    return int(found[0]) if found else 500


def _result(item: Item, status: int, outcome: Resource | None) -> Result:
    if status < 300:
        return Result(item, How.CREATED if status == 201 else How.UPDATED, status)
    later = status in AGAIN or MISSING in codes_of(outcome)
    return Result(item, How.LATER if later else How.REJECTED, status, outcome)


async def stands_there(endpoint: Endpoint, entries: Iterable[Resource]) -> bool:
    """Whether everything that the entries would write is in the service as they would write it."""
    for entry in entries:
        request = entry["request"]
        if request["method"] != "PUT" or "?" in request["url"]:
            return False  # a conditional create finds what is there by itself
        answer = await endpoint.ask("GET", request["url"])
        if answer.status_code != 200 or not is_same(entry["resource"], decoded(answer.content)):
            return False
    return True
