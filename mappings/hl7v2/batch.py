"""Several messages in one body: FHS/BHS batches, and messages one after another (hl7v2-mapping.md 13, Batches).

Each message is taken and answered on its own; a bad one does not stop the rest.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from mappings.hl7v2.ack import APPLICATION, control_id, on_one_line, timestamp
from mappings.hl7v2.escapes import encode
from mappings.hl7v2.parse import Hl7Message, parse
from mappings.message import Endpoint

_START: Final = re.compile(rb"(?:^|(?<=[\r\n]))[ \t]*(MSH|FHS|BHS|BTS|FTS)(?=[^A-Za-z0-9]|$)")
_MARK: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Batch:
    """What a body holds. `header` is its BHS, when there is one; `note` says when a stated count is wrong."""

    messages: tuple[bytes, ...]
    header: Hl7Message | None = None
    note: str = ""


def split(body: bytes) -> Batch:
    """The messages of a body, as they came. A body that is one message, or none, is passed on as it is."""
    pieces = _pieces(body)
    names = [name for name, _ in pieces]
    if names.count(b"MSH") < 2 and not {b"FHS", b"BHS"}.intersection(names):
        return Batch((body,))
    messages = tuple(text for name, text in pieces if name == b"MSH")
    header = next((_header(text) for name, text in pieces if name == b"BHS"), None)
    return Batch(messages or (body,), header, _miscounted(pieces))


def join(batch: Batch, answers: Sequence[bytes], now: datetime, answer_id: str) -> bytes:
    """The answers as one body: in a batch of their own when there was one, else one after another."""
    body = b"".join(answers)
    if batch.header is None:
        return body
    content, d = batch.header, batch.header.delimiters
    received = [on_one_line(content.msh.field(number), d) for number in range(13)]
    sides = (received[5] or APPLICATION, received[6], received[3], received[4])
    # BHS-11 is our own batch control id, BHS-12 the one that is answered.
    header = ["BHS" + d.field + d.encoding_characters, *sides, timestamp(now), *[""] * 3, control_id(answer_id)]
    trailer = ["BTS", str(sum(1 for answer in answers if answer)), encode(batch.note, d)]
    first, last = (
        (d.field.join(line).rstrip(d.field) + "\r").encode(content.charset, "replace")
        for line in ([*header, received[11]], trailer)
    )
    return first + body + last


def _pieces(body: bytes) -> list[tuple[bytes, bytes]]:
    """(name, text up to the next such line) of each header, trailer and message; what stands before is the first's."""
    text = body.removeprefix(_MARK)
    starts = list(_START.finditer(text))
    ends = [*(found.start() for found in starts), len(text)][1:]
    return [(found[1], text[found.start() : end]) for found, end in zip(starts, ends, strict=True)] if starts else []


def _header(line: bytes) -> Hl7Message | None:
    """BHS is built like MSH; read as one, it is split by the same rules."""
    content, _ = parse(b"MSH" + line.lstrip(b" \t")[3:], Endpoint())
    return content


def _miscounted(pieces: Sequence[tuple[bytes, bytes]]) -> str:
    """BTS-1 and FTS-1 against what was there."""
    names = [name for name, _ in pieces]
    counted = {b"BTS": names.count(b"MSH"), b"FTS": max(names.count(b"BHS"), 1)}
    wrong = [
        name.decode()
        for name, text in pieces
        if name in counted and (stated := _count(text)) is not None and stated != counted[name]
    ]
    return f"The count in {wrong[0]}-1 differs from what was received" if wrong else ""


def _count(line: bytes) -> int | None:
    stated = re.match(rb"[ \t]*[BF]TS[^A-Za-z0-9]([0-9]{1,9})", line)
    return int(stated[1]) if stated else None
