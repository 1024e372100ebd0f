"""Bytes to text: which character set a message is written in (hl7v2-mapping.md 3.1). Nothing is dropped or replaced."""

import codecs
from dataclasses import dataclass

from mappings.message import Endpoint, Issue, error, warning

AT = "MSH-18"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_UNMARKED = ((b"M\0S\0H\0", "utf-16-le"), (b"\0M\0S\0H", "utf-16-be"))
_UTF_8 = ("UTF-8", "UTF8", "UNICODE", "UNICODE UTF-8", "UNICODE UTF8")
_UTF_16 = ("UTF-16", "UTF16", "UNICODE UTF-16", "UNICODE UTF16")
_LATIN = ("ISO-8859-1", "ISO8859-1", "ISO 8859-1", "LATIN1", "LATIN-1", "8859/1")
CODECS: dict[str, str] = {
    **dict.fromkeys(_UTF_8, "utf-8"),
    **dict.fromkeys(_UTF_16, "utf-16"),
    **dict.fromkeys(_LATIN, "iso8859-1"),
    **dict.fromkeys(("WINDOWS-1252", "CP1252"), "cp1252"),
    **{f"8859/{part}": f"iso8859-{part}" for part in (*range(2, 10), 15)},
    **{f"ISO-8859-{part}": f"iso8859-{part}" for part in (*range(2, 10), 15)},
    **{f"ISO8859-{part}": f"iso8859-{part}" for part in (*range(2, 10), 15)},
}
"""Table 0211 and its everyday synonyms, upper-case -> Python codec. What is not here says nothing (`ASCII`, empty)."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A message as text, with the Python codec it was read with."""

    text: str
    codec: str
    issues: tuple[Issue, ...] = ()


def decode(body: bytes, endpoint: Endpoint, transport: str | None) -> Decoded:
    """The message as text. `transport` is a character set that the transport names; it wins over MSH-18.

    What cannot be decoded at all is read byte by byte, so that it can be answered, with an error at MSH-18.
    """
    for mark, codec in _MARKS:
        if body.startswith(mark):
            return _strict(body[len(mark) :], codec)
    for start, codec in _UNMARKED:
        if body.startswith(start):
            return _strict(body, codec)
    if endpoint.force_charset and endpoint.charset:
        return _strict(body, codec_of(endpoint.charset) or "utf-8")
    declared = codec_of(transport) or _stated(codec_of(declared_charset(body)))
    return _as_declared(body, declared) if declared else _undeclared(body, codec_of(endpoint.charset))


def codec_of(name: str | None) -> str | None:
    """The Python codec of a character set name; None if it is empty, `ASCII` or unknown."""
    return CODECS.get((name or "").strip().strip('"').upper())


def declared_charset(body: bytes) -> str:
    """MSH-18, first repetition, as it stands in the bytes; empty when there is none."""
    header = body[:4096].lstrip(b" \t\r\n\x0b").split(b"\r", 1)[0].split(b"\n", 1)[0]
    fields = header.split(header[3:4]) if len(header) > 3 else []
    if len(fields) < 18 or not fields[1]:
        return ""
    return fields[17].split(fields[1][1:2] or b"~")[0].decode("ascii", "replace")


def _stated(codec: str | None) -> str | None:
    # A header that could be read byte by byte is not UTF-16, whatever it says.
    return "utf-8" if codec == "utf-16" else codec


def _strict(body: bytes, codec: str) -> Decoded:
    text = _try(body, codec)
    return Decoded(text, codec) if text is not None else _undecodable(body)


def _as_declared(body: bytes, codec: str) -> Decoded:
    if body.isascii() and not codec.startswith("utf-16"):
        return Decoded(body.decode("ascii"), codec)
    if codec == "iso8859-1":
        return _as_latin(body)
    text = _try(body, codec)
    if text is not None:
        return Decoded(text, codec)
    return _fallback(body, "charset-mismatch", "The text is not in the character set that the message names")


def _as_latin(body: bytes) -> Decoded:
    """8859/1, unless the bytes tell another story: UTF-8 with letters, or the letters of cp1252 at 0x80-0x9F."""
    text = _try(body, "utf-8")
    if text is not None and any(character.isalpha() for character in text if character > "\x7f"):
        said = "The message names 8859/1 but is written in UTF-8; it was read as UTF-8."
        return Decoded(text, "utf-8", (warning("charset-mismatch", AT, said),))
    return _strict(body, "cp1252" if any(0x80 <= byte <= 0x9F for byte in body) else "iso8859-1")


def _undeclared(body: bytes, default: str | None) -> Decoded:
    if body.isascii():
        return Decoded(body.decode("ascii"), default or "utf-8")
    if default is not None:
        return _as_declared(body, default)
    text = _try(body, "utf-8")
    if text is not None:
        return Decoded(text, "utf-8")
    return _fallback(body, "charset-guessed", "The message names no character set")


def _fallback(body: bytes, code: str, why: str) -> Decoded:
    text = _try(body, "cp1252")
    if text is None:
        return _undecodable(body)
    return Decoded(text, "cp1252", (warning(code, AT, f"{why}; it was read as Windows-1252."),))


def _undecodable(body: bytes) -> Decoded:
    said = "The text cannot be decoded in the character set of the message; nothing of it was used."
    return Decoded(body.decode("iso8859-1"), "iso8859-1", (error("undecodable", AT, said),))


def _try(body: bytes, codec: str) -> str | None:
    try:
        return body.decode(codec)
    except UnicodeDecodeError:
        return None
