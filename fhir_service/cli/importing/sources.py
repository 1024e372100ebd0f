"""What lies in the files: every resource with its place and type; contents are read again when their turn comes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec

from fhir_service.cli.importing.order import LAST, rank
from fhir_service.cli.resource_files import content_of, has_lines, lines_of
from profiles.decimals import ENCODER
from profiles.issues import Issue, error
from profiles.resource import Resource

WHOLE = -1
_LISTS = frozenset({"collection", "searchset", "batch"})
"""Bundles whose entries go one by one."""
_STORED = frozenset({"document", "message"})
"""Bundles that are a resource themselves."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a resource stands: a file, the byte where its line or document begins, its place in a Bundle or WHOLE."""

    file: int
    line: int
    position: int
    entry: int


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to bring in. `body`: as it stands in the file; `entry`: what its Bundle says beside the resource."""

    spot: Spot
    where: str
    digest: str
    size: int
    """Bytes, roughly."""
    resource: Resource
    entry: Resource = field(default_factory=dict)

    @property
    def is_transaction(self) -> bool:
        """Whether it is a Bundle that is sent as it is, all or nothing."""
        return self.resource.get("resourceType") == "Bundle" and self.resource.get("type") not in _STORED


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What cannot be sent at all."""

    where: str
    issue: Issue
    text: str
    """As it stands there."""


class _Entry(msgspec.Struct):
    resource: "_Head | None" = None
    fullUrl: str = ""  # noqa: N815 - FHIR's name


class _Head(msgspec.Struct):
    resourceType: str = ""  # noqa: N815 - FHIR's name
    type: Any = None
    entry: list[_Entry] | None = None


_HEADS = msgspec.json.Decoder(_Head)


@dataclass(slots=True)
class Sources:
    """All files. `ranks`: for each rank of `order` the places of what goes then; `unreadable`: what never does."""

    files: tuple[Path, ...]
    ranks: list[list[Spot]] = field(default_factory=lambda: [[] for _ in range(LAST + 1)])
    unreadable: list[Unreadable] = field(default_factory=list)
    _last: tuple[tuple[int, int], Any] = ((-1, -1), None)

    @property
    def count(self) -> int:
        return sum(map(len, self.ranks))

    def scan(self) -> Iterator[int]:
        """Find what there is; yields how many were found, now and then."""
        for number, file in enumerate(self.files):
            for line, position, body in _texts(file):
                self._found(Spot(number, line, position, WHOLE), body)
                yield self.count

    def _found(self, spot: Spot, body: bytes) -> None:
        try:
            head = _HEADS.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            text = "This is no JSON object with a resourceType"
            self._refuse(spot, error("malformed-json", "", text), body)
            return
        if not head.resourceType.isalpha():
            self._refuse(spot, error("structure", "", "There is no resourceType"), body)
        elif head.resourceType != "Bundle" or head.type in _STORED:
            self.ranks[rank(head.resourceType)].append(spot)
        elif head.type == "transaction" or (head.type in _LISTS and _is_bound(head.entry or ())):
            self.ranks[_rank_of_transaction(head.entry or ())].append(spot)
        elif head.type in _LISTS:
            self._entries(spot, head.entry or [])
        else:
            text = "Only Bundles of type transaction, batch, collection, searchset, document and message are imported"
            self._refuse(spot, error("structure", "Bundle.type", text), body)

    def _entries(self, spot: Spot, entries: list[_Entry]) -> None:
        for place, entry in enumerate(entries):
            if entry.resource and entry.resource.resourceType not in ("", "OperationOutcome"):
                self.ranks[rank(entry.resource.resourceType)].append(Spot(spot.file, spot.line, spot.position, place))

    def _refuse(self, spot: Spot, issue: Issue, body: bytes) -> None:
        self.unreadable.append(Unreadable(self.where(spot), issue, body.decode("utf-8", "replace")))

    def where(self, spot: Spot) -> str:
        """`patients.ndjson:14`, `bundle.json:1 entry[3]`"""
        inside = "" if spot.entry == WHOLE else f" entry[{spot.entry}]"
        return f"{self.files[spot.file]}:{spot.line}{inside}"

    def load(self, spot: Spot) -> Item | Unreadable:
        """What stands there."""
        value, body = self._document(spot)
        where = self.where(spot)
        if isinstance(value, Issue):
            return Unreadable(where, value, body.decode("utf-8", "replace"))
        if spot.entry == WHOLE:
            return Item(spot, where, digest_of(body), len(body), value)
        entry = value["entry"][spot.entry]
        told = ENCODER.encode(entry)
        beside = {name: part for name, part in entry.items() if name != "resource"}
        return Item(spot, where, digest_of(told), len(told), entry["resource"], beside)

    def _document(self, spot: Spot) -> tuple[Any, bytes]:
        """The JSON value at a place with its bytes; the last one is kept: its other entries come next."""
        from fhir_service.rest.json_body import json_of

        key = (spot.file, spot.position)
        if self._last[0] == key:
            return self._last[1], b""
        body = _read(self.files[spot.file], spot.position)
        value = json_of(body)
        self._last = (key, value) if spot.entry != WHOLE else ((-1, -1), None)
        return value, body


def digest_of(body: bytes) -> str:
    """What stands for a content: the same bytes are the same thing, wherever they lie."""
    return blake2b(body, digest_size=10).hexdigest()


def _texts(file: Path) -> Iterator[tuple[int, int, bytes]]:
    return lines_of(file) if has_lines(file) else iter([(1, 0, content_of(file))])


def _read(file: Path, position: int) -> bytes:
    if not has_lines(file):
        return content_of(file)
    with file.open("rb") as opened:
        opened.seek(position)
        return opened.readline().strip()


def _is_bound(entries: Iterable[_Entry]) -> bool:
    """Whether entries refer to each other by names that hold within the Bundle only."""
    return any(entry.fullUrl.startswith("urn:") for entry in entries)


def _rank_of_transaction(entries: Iterable[_Entry]) -> int:
    """With the last of what is in it: what it refers to is there by then."""
    return max((rank(e.resource.resourceType) for e in entries if e.resource), default=LAST)
