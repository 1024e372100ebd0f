"""From a draft to the next stored version: id, meta and the bytes that go out (stack.md 3 and 4)."""

from datetime import datetime
from decimal import Decimal
from typing import cast

import msgspec

from fhir_service.rules import Draft
from fhir_service.storage.port import Write
from profiles.resource import Resource

_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_ENCODER = msgspec.json.Encoder(decimal_format="number")


def parse_body(body: bytes) -> Resource:
    """Stored bytes -> resource; decimals keep their digits."""
    return cast(Resource, _DECODER.decode(body))


def encode(resource: Resource) -> bytes:
    """Resource -> bytes, decimals as written."""
    return _ENCODER.encode(resource)


def instant(at: datetime) -> str:
    """A UTC time as FHIR `instant` with milliseconds.  https://hl7.org/fhir/R4/datatypes.html#instant"""
    return at.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def next_version(draft: Draft, version: int, now: datetime, person_id: str | None) -> Write:
    """The write of `draft` as `version` at `now` (UTC)."""
    resource = None if draft.after is None else _stamped(draft, version, now)
    return Write(
        rtype=draft.rtype,
        rid=draft.rid,
        version=version,
        updated=now,
        resource=resource,
        body=b"" if resource is None else encode(resource),
        person_id=person_id,
        tenant_id=draft.by.tenant,
        clock=draft.clock,
    )


def _stamped(draft: Draft, version: int, now: datetime) -> Resource:
    after = draft.after or {}
    kept = {k: v for k, v in after.get("meta", {}).items() if k not in ("versionId", "lastUpdated")}
    meta = {"versionId": str(version), "lastUpdated": instant(now), **kept}
    rest = {k: v for k, v in after.items() if k not in ("resourceType", "id", "meta")}
    return {"resourceType": draft.rtype, "id": draft.rid, "meta": meta, **rest}
