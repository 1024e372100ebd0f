"""Bytes to segments, fields, repetitions, components: the tokeniser (hl7v2-mapping.md 3). It knows no dictionary.

Splitting is lazy: a segment is split when it is asked for, and escape sequences are decoded only in the leaf that is
handed out. Nothing raises, whatever the bytes are: what is wrong is told as issues.
"""

import re
from typing import Final

from mappings.hl7v2 import charset as charsets
from mappings.hl7v2 import escapes
from mappings.hl7v2.escapes import Delimiters
from mappings.hl7v2.place import Place
from mappings.message import Endpoint, Issue, error, warning

__all__ = ["Delimiters", "Hl7Message", "Repetition", "Segment", "parse"]

NULL: Final = '""'
_HEADERS = frozenset({"MSH", "BHS", "FHS"})


class Repetition:
    """One repetition of a field. `raw` is the text as it stands in the message, undecoded."""

    __slots__ = ("_charset", "_components", "_delimiters", "raw")

    def __init__(self, raw: str, delimiters: Delimiters, charset: str) -> None:
        self.raw = raw
        self._delimiters = delimiters
        self._charset = charset
        self._components: list[str] | None = None

    @property
    def components(self) -> int:
        """How many components there are, trailing empty ones included."""
        return len(self._split())

    def value(self, component: int = 1, subcomponent: int = 1) -> str:
        r"""The decoded leaf; empty when absent or null (`""`, see `is_null`)."""
        raw = self._component(component)
        separator = self._delimiters.subcomponent
        if separator in raw:
            leaves = raw.split(separator)
            raw = leaves[subcomponent - 1] if 0 < subcomponent <= len(leaves) else ""
        elif subcomponent != 1:
            return ""
        return "" if raw == NULL else self._decoded(raw)

    def text(self, component: int = 0) -> str:
        """A component (0: the whole repetition) as one text, separators within it kept as they are, decoded.

        For ST, TX and FT, where senders forget to escape `&` and `^`.
        """
        raw = self._component(component) if component else self.raw
        return "" if raw == NULL else self._decoded(raw)

    def is_null(self, component: int = 0) -> bool:
        """Whether the component (0: the whole repetition) is `""`: delete what is there."""
        return (self._component(component) if component else self.raw) == NULL

    def _component(self, component: int) -> str:
        parts = self._split()
        return parts[component - 1] if 0 < component <= len(parts) else ""

    def _split(self) -> list[str]:
        if self._components is None:
            self._components = self.raw.split(self._delimiters.component)
        return self._components

    def _decoded(self, raw: str) -> str:
        return escapes.decode(raw, self._delimiters, self._charset)


class Segment:
    """One segment. Field numbers are those of the standard, also in MSH, whose first field is the separator."""

    __slots__ = ("_charset", "_delimiters", "_fields", "_repetitions", "line", "name", "number", "raw")

    def __init__(self, raw: str, position: tuple[int, int], delimiters: Delimiters, charset: str) -> None:
        self.raw = raw
        """The segment as it stands in the message, undecoded; continuation lines joined by a newline."""
        self.name = raw[:3]
        self.line, self.number = position
        """Index among all segments (0..); number among the segments of this name (1..)."""
        self._delimiters = delimiters
        self._charset = charset
        self._fields: list[str] | None = None
        self._repetitions: dict[int, tuple[Repetition, ...]] = {}

    @property
    def fields(self) -> int:
        """The number of the last field, empty ones at the end included."""
        return len(self._split()) - 1

    def repetitions(self, field: int) -> tuple[Repetition, ...]:
        """The repetitions of a field; empty when the field is. Empty ones between separators are kept in place."""
        known = self._repetitions.get(field)
        if known is None:
            known = self._repetitions[field] = self._repeat(field)
        return known

    def value(self, field: int, component: int = 1, subcomponent: int = 1) -> str:
        """A decoded leaf of the first repetition; empty when absent or null."""
        if self._is_delimiters(field):
            return self.field(field)
        repetitions = self.repetitions(field)
        return repetitions[0].value(component, subcomponent) if repetitions else ""

    def is_null(self, field: int) -> bool:
        """Whether the field is `""`: delete what is there (3.5)."""
        return self.field(field) == NULL

    def field(self, field: int) -> str:
        """A whole field as it stands in the message, undecoded; empty when absent."""
        fields = self._split()
        return fields[field] if 0 < field < len(fields) else ""

    def at(self, field: int = 0, repetition: int = 1, component: int = 0, subcomponent: int = 0) -> str:
        """The place of something in this segment, for `Issue.at`: `DG1[2]-3.1`."""
        return str(Place(self.name, self.number, field, repetition, component, subcomponent))

    def _split(self) -> list[str]:
        if self._fields is None:
            separator = self._delimiters.field
            self._fields = self.raw.split(separator)
            if self.name in _HEADERS:
                self._fields.insert(1, separator)
        return self._fields

    def _is_delimiters(self, field: int) -> bool:
        return field <= 2 and self.name in _HEADERS

    def _repeat(self, field: int) -> tuple[Repetition, ...]:
        raw = self.field(field)
        if not raw:
            return ()
        parts = [raw] if self._is_delimiters(field) else raw.split(self._delimiters.repetition)
        return tuple(Repetition(part, self._delimiters, self._charset) for part in parts)


class Hl7Message:
    """A message as segments in the order they came. `charset` is the Python codec it was read with."""

    __slots__ = ("_by_name", "charset", "delimiters", "segments")

    def __init__(self, segments: tuple[Segment, ...], delimiters: Delimiters, charset: str) -> None:
        self.segments = segments
        self.delimiters = delimiters
        self.charset = charset
        self._by_name: dict[str, list[Segment]] = {}
        for segment in segments:
            self._by_name.setdefault(segment.name, []).append(segment)

    def all(self, name: str) -> tuple[Segment, ...]:
        """The segments of that name, in order."""
        return tuple(self._by_name.get(name, ()))

    def first(self, name: str) -> Segment | None:
        """The first segment of that name."""
        found = self._by_name.get(name)
        return found[0] if found else None

    @property
    def msh(self) -> Segment:
        """The header; `parse` gives no message without one."""
        return self.segments[0]

    @property
    def message_type(self) -> str:
        """MSH-9.1: `ADT`."""
        return self.msh.value(9).strip().upper()

    @property
    def event(self) -> str:
        """MSH-9.2, else EVN-1 (v2.1 and 2.2 often leave it out of MSH-9): `A03`. Never MSH-9.3."""
        evn = self.first("EVN")
        return (self.msh.value(9, 2).strip() or (evn.value(1).strip() if evn else "")).upper()

    @property
    def control_id(self) -> str:
        """MSH-10 as it stands in the message."""
        return self.msh.field(10).strip().replace(NULL, "")

    @property
    def processing_id(self) -> str:
        """MSH-11.1: `P`, `T` or `D`."""
        return self.msh.value(11).strip().upper()

    @property
    def version(self) -> str:
        """MSH-12.1: `2.5`."""
        return self.msh.value(12).strip()


def parse(body: bytes, endpoint: Endpoint, charset: str | None = None) -> tuple[Hl7Message | None, tuple[Issue, ...]]:
    """Read one message. `charset` is what the transport names (HTTP `charset=`).

    None when there is no header that can be read: then one of the issues is `unreadable`.
    """
    decoded = charsets.decode(body, endpoint, charset)
    text = decoded.text.lstrip(" \t\r\n\x0b\x1c\ufeff").rstrip(" \t\r\n\x1c")
    if text.endswith("\x0b"):
        # What may look whole is only a beginning; under its control id the rest would be taken for other content.
        return None, (error("unreadable", "MSH", "The message was cut off by the start of another one."),)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    header = text.split("\n", 1)[0]
    delimiters, issue = _delimiters(header)
    if delimiters is None:
        return None, (*decoded.issues, issue) if issue else decoded.issues
    lines, lowered = _lines(text, delimiters.field)
    segments = _segments(lines, delimiters, decoded.codec)
    told = (issue,) if issue else ()
    remarks = _remarks(segments, text, delimiters)
    return Hl7Message(segments, delimiters, decoded.codec), (*decoded.issues, *told, *lowered, *remarks)


def _delimiters(header: str) -> tuple[Delimiters | None, Issue | None]:
    """MSH-1 and MSH-2 (3.3); missing ones are filled in."""
    if header[:3].upper() != "MSH" or len(header) < 4:
        return None, error("unreadable", "MSH", "The message does not begin with MSH and a field separator.")
    field = header[3]
    stated = header[4:].split(field, 1)[0]
    issue = None
    if stated[2:4] == "\\\\":
        stated = stated[:2] + stated[3:]
        issue = warning("doubled-backslash", "MSH-2", "The escape character is written twice; it was read as one.")
    characters = field + stated + "^~\\&"[len(stated) :]
    if len(characters) > 6 or len(set(characters)) < len(characters) or not all(map(_separates, characters)):
        said = "The delimiters must be different from each other, and neither letters, digits nor blanks."
        return None, error("unreadable", "MSH-2", said)
    component, repetition, escape, subcomponent = tuple(characters[1:5])
    return Delimiters(field, component, repetition, escape, subcomponent, characters[5:]), issue


def _separates(character: str) -> bool:
    return character.isprintable() and not character.isalnum() and not character.isspace()


def _lines(text: str, separator: str) -> tuple[list[str], list[Issue]]:
    """Segments as lines: continuation lines joined to the one before, names in upper case (3.2)."""
    begins = re.compile(rf"[ \t]*([A-Za-z][A-Za-z0-9]{{2}})(?:{re.escape(separator)}|[ \t]*$)").match
    lines: list[str] = []
    issues: list[Issue] = []
    blanks = 0
    for line in text.split("\n"):
        found = begins(line)
        if found:
            name = found[1]
            if not name.isupper():
                said = "Names of segments are written in upper case; it was read so."
                issues.append(warning("lower-case-segment", name.upper(), said))
            lines.append(name.upper() + line[found.end(1) :])
        elif line.strip(" \t"):
            lines[-1] += "\n" * (blanks + 1) + line
        else:
            blanks += 1
            continue
        blanks = 0
    return lines, issues


def _segments(lines: list[str], delimiters: Delimiters, charset: str) -> tuple[Segment, ...]:
    counts: dict[str, int] = {}
    segments = []
    for index, line in enumerate(lines):
        name = line[:3]
        counts[name] = counts.get(name, 0) + 1
        segments.append(Segment(line, (index, counts[name]), delimiters, charset))
    return tuple(segments)


def _remarks(segments: tuple[Segment, ...], text: str, delimiters: Delimiters) -> list[Issue]:
    """What must be said about the text as a whole: characters no one can keep, escapes that stay as they are."""
    issues = []
    if escapes.FORBIDDEN.search(text):
        said = "The segment holds a control character that text cannot hold; nothing of the message was used."
        issues += [error("undecodable", s.at(), said) for s in segments if escapes.FORBIDDEN.search(s.raw)][:1]
    if escapes.holds_character_set_switch(text, delimiters.escape):
        said = "A switch of character set (ISO 2022) is not decoded; the text was kept as it stands."
        issues += [
            warning("kept-escape", segment.at(), said)
            for segment in segments
            if escapes.holds_character_set_switch(segment.raw, delimiters.escape)
        ]
    return issues
