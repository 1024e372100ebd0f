"""MLLP frames out of a stream of bytes: `0x0B` data `0x1C 0x0D` (hl7v2-mapping.md 13). Pure and incremental.

Tolerant where senders are sloppy: pieces of any size, several frames in one piece, an end without CR, doubled framing.
"""

import re
from dataclasses import dataclass, field
from typing import Final, TypeAlias

START: Final = b"\x0b"
END: Final = b"\x1c"
_MARKS: Final = re.compile(b"[\x0b\x1c]")
_BLANK: Final = b" \t\r\n\x1c"
_HTTP: Final = re.compile(rb"(?:GET|POST|PUT|HEAD|DELETE|PATCH|OPTIONS|CONNECT|TRACE|PRI) ")
_KEPT: Final = 4096
_VERB: Final = 8


@dataclass(frozen=True, slots=True)
class Frame:
    """A whole message."""

    body: bytes


@dataclass(frozen=True, slots=True)
class Abandoned:
    """A frame that a new start cut off, with that start (0x0B) at its end: it is not a message and never will be."""

    body: bytes


@dataclass(frozen=True, slots=True)
class TooLarge:
    """A frame above the limit; the rest of it is passed over. `head` is its beginning."""

    head: bytes


@dataclass(frozen=True, slots=True)
class Noise:
    """Bytes between frames that are not blanks."""

    count: int


@dataclass(frozen=True, slots=True)
class Http:
    """Somebody speaks HTTP to this port."""


Event: TypeAlias = Frame | Abandoned | TooLarge | Noise | Http


def wrap(body: bytes) -> bytes:
    """A message as a frame."""
    return START + body + END + b"\r"


@dataclass(slots=True)
class FrameReader:
    """Feed it what arrives; it tells what that was. One a connection."""

    max_frame: int
    _buffer: bytearray = field(default_factory=bytearray)
    _inside: bool = False
    _skipping: bool = False
    _noise: bytearray = field(default_factory=bytearray)
    _noise_count: int = 0

    @property
    def inside(self) -> bool:
        """Whether a frame has begun and not ended."""
        return self._inside

    def feed(self, data: bytes) -> list[Event]:
        """What the next bytes of the stream complete."""
        events: list[Event] = []
        position = 0
        for mark in _MARKS.finditer(data):
            self._take(data[position : mark.start()], events)
            position = mark.end()
            if mark[0] == START:
                self._start(events)
            else:
                self._end(events)
        self._take(data[position:], events)
        self._tell_noise(events, at_end=False)
        return events

    def _take(self, piece: bytes, events: list[Event]) -> None:
        if not self._inside:
            self._hear(piece, events)
            return
        if self._skipping:
            return
        self._buffer += piece
        if len(self._buffer) > self.max_frame:
            events.append(TooLarge(bytes(self._buffer[:_KEPT])))
            self._buffer.clear()
            self._skipping = True

    def _start(self, events: list[Event]) -> None:
        # An empty frame before this one is doubled framing, not a message.
        if self._inside and not self._skipping and self._buffer.strip():
            events.append(Abandoned(bytes(self._buffer) + START))
        self._tell_noise(events, at_end=True)
        self._buffer.clear()
        self._inside, self._skipping = True, False

    def _end(self, events: list[Event]) -> None:
        # An empty frame is a message that says nothing: its sender waits for an answer, too.
        if self._inside and not self._skipping:
            events.append(Frame(bytes(self._buffer)))
        self._buffer.clear()
        self._inside = self._skipping = False

    def _hear(self, piece: bytes, events: list[Event]) -> None:
        """Bytes between frames: blanks are nothing, a verb is HTTP, all else is counted."""
        heard = piece.lstrip(_BLANK) if not self._noise_count else piece
        if not heard:
            return
        room = _VERB - len(self._noise)
        self._noise += heard[: max(room, 0)]
        self._noise_count += len(heard)
        if room > 0 and _HTTP.match(self._noise):
            events.append(Http())

    def _tell_noise(self, events: list[Event], *, at_end: bool) -> None:
        """Say how many bytes were passed over; the beginning is kept until a frame begins, as it may be a verb."""
        if self._noise_count and (at_end or len(self._noise) >= _VERB):
            events.append(Noise(self._noise_count))
            self._noise_count = 0
        if at_end:
            self._noise.clear()
