"""From a draft to the next stored version: id, meta and the bytes that go out (stack.md 3 and 4)."""

from datetime import datetime
from typing import Any, cast

import msgspec

from fhir_service.rules import Draft
from fhir_service.storage.port import Write
from profiles.decimals import DECODER, ENCODER
from profiles.resource import Resource

CLIENTS = frozenset({"rest", "import"})
"""Causes of drafts that the caller has written: what follows from them is the service's."""
_AT_THE_HEAD = frozenset({"resourceType", "id", "meta"})
_SET_HERE = frozenset({"versionId", "lastUpdated"})


def parse_body(body: bytes) -> Resource:
    """Stored bytes -> resource; decimals keep their digits."""
    return cast(Resource, DECODER.decode(body))


def encode(resource: Any) -> bytes:
    """Resource or element -> bytes, decimals as written."""
    return ENCODER.encode(resource)


def instant(at: datetime) -> str:
    """A UTC time as FHIR `instant` with milliseconds.  https://hl7.org/fhir/R4/datatypes.html#instant"""
    return at.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def tail_of(resource: Resource) -> bytes:
    """The bytes of a resource from behind its `meta` to its end, as they will be stored."""
    rest = {k: v for k, v in resource.items() if k not in _AT_THE_HEAD}
    return b"," + encode(rest)[1:] if rest else b"}"


def with_tail(resource: Resource, tail: bytes) -> Resource:
    """The resource with all that stands behind its `meta` as in `tail`."""
    head = {k: v for k, v in resource.items() if k in _AT_THE_HEAD}
    return {**head, **parse_body(b"{" + tail[1:])} if tail != b"}" else head


class Labelled(msgspec.Struct, frozen=True):
    """The labels of a row, and what of the resource shows to some in part (`storage.port.Write.shown`)."""

    sector: str = ""
    shown: tuple[tuple[frozenset[str], Resource], ...] = ()


UNLABELLED = Labelled()


def next_version(
    draft: Draft,
    version: int,
    now: datetime,
    person_id: str | None,
    tail: bytes | None = None,
    labelled: Labelled = UNLABELLED,
) -> Write:
    """The write of `draft` as `version` at `now` (UTC). `tail`: that of `draft.after`, where it is known already."""
    resource, body = None, b""
    if draft.after is not None:
        resource, head = _stamped(draft, draft.after, version, now)
        body = head + (tail or tail_of(draft.after))
    return Write(
        rtype=draft.rtype,
        rid=draft.rid,
        version=version,
        updated=now,
        resource=resource,
        body=body,
        person_id=person_id,
        tenant_id=draft.by.tenant,
        sector=labelled.sector,
        clock=draft.clock,
        shown=labelled.shown,
        asked=draft.cause in CLIENTS,
    )


def _stamped(draft: Draft, after: Resource, version: int, now: datetime) -> tuple[Resource, bytes]:
    """The resource with its id and meta, and the bytes down to the end of its meta."""
    meta: Resource = {"versionId": str(version), "lastUpdated": instant(now)}
    if "meta" in after:
        meta |= {k: v for k, v in after["meta"].items() if k not in _SET_HERE}
    head = {"resourceType": draft.rtype, "id": draft.rid, "meta": meta}
    return {**head, **after, **head}, encode(head)[:-1]
