"""Messages and single fields for tests."""

from collections.abc import Mapping
from datetime import UTC, datetime

from mappings.hl7v2.parse import parse
from mappings.hl7v2.reading import Item, Reading, begin, first_item
from mappings.message import Endpoint, Proposal, Translation
from tests.golden import translated

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
FNR = "15918512397"
PID = f"PID|1||{FNR}^^^FNR^FNR||Nordmann^Ola||19851115|M"
VISIT = "V1^^^DIPS"
ADMITTED = "20261120102000"


def segment(name: str, fields: Mapping[int, str]) -> str:
    """`name` with those fields."""
    return "|".join([name, *(fields.get(n, "") for n in range(1, max(fields) + 1))])


def pv1(**more: str) -> str:
    """PV1 of an inpatient stay; `f36="home"` sets PV1-36."""
    stated = {2: "I", 19: VISIT, 44: ADMITTED} | {int(key[1:]): said for key, said in more.items()}
    return segment("PV1", stated)


def message(kind: str, *segments: str, processing: str = "P", facility: str = "STO") -> bytes:
    """A message in UTF-8."""
    msh = f"MSH|^~\\&|EPJ|{facility}|KE|KE|20261122120000+0100||{kind}|1|{processing}|2.5||||||UNICODE UTF-8"
    return "\r".join([msh, *segments]).encode()


def told(kind: str, *segments: str, endpoint: Endpoint | None = None, processing: str = "P") -> Translation:
    """What a message means."""
    return translated(message(kind, *segments, processing=processing), endpoint)


def proposal(translation: Translation, name: str) -> Proposal:
    """The proposal of that name."""
    return next(p for p in translation.proposals if p.name == name)


def of_type(translation: Translation, rtype: str) -> list[Proposal]:
    """The proposals of that type."""
    return [p for p in translation.proposals if p.rtype == rtype]


def codes(translation: Translation) -> list[tuple[str, str]]:
    """The issues as (code, place)."""
    return [(i.code, i.at) for i in translation.issues]


def field(text: str, endpoint: Endpoint | None = None) -> tuple[Item, Reading]:
    """One field (ZZZ-1) as an item, and the reading that collects its issues."""
    content, _ = parse(message("ADT^A01", f"ZZZ|{text}"), endpoint or Endpoint())
    assert content
    item = first_item(content.first("ZZZ"), 1)
    assert item
    return item, begin(content, endpoint or Endpoint(), NOW)
