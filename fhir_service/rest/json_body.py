"""From the bytes of a body to JSON values, safely (SR-16). What passes here decodes, encodes and stores again.

Depth is checked before any recursion; NUL, lone surrogates, non-finite and absurd numbers are refused, and so is a key
that stands twice in an object: one of its values would be lost without a word (SR-20).
"""

import itertools
import json
import re
from collections import Counter
from decimal import Decimal
from typing import Any

import msgspec

from profiles.decimals import ENCODER, Spelled
from profiles.issues import Issue, error

MAX_DEPTH = 100
MAX_DIGITS = 64
MAX_EXPONENT = 308
"""Beyond it a reader with IEEE doubles meets infinity."""
_BOM = b"\xef\xbb\xbf"
_ESCAPE = re.compile(rb"\\.", re.DOTALL)
_STRING = re.compile(rb'"[^"]*"')
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_COLON = re.compile(rb"(?<!\\)(?:\\\\)*\\u003[aA]")
"""A colon in a string, escaped."""
_NAME = re.compile(r"[A-Za-z_]{1,64}", re.ASCII)
_STEP = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1, ord('"'): 0}
_NOT_STRUCTURE = bytes(c for c in range(256) if c not in _STEP)
_STRETCH = 65_536


class _BadNumber(ValueError):
    """A number with more digits or a larger exponent than anything measured."""


def _decimal(text: str) -> Decimal:
    if len(text) > MAX_DIGITS or abs((number := Decimal(text)).adjusted()) > MAX_EXPONENT:
        raise _BadNumber
    return number if str(number) == text else Spelled(text)


_DECODER = msgspec.json.Decoder(float_hook=_decimal)


def json_of(body: bytes) -> Any:
    """The JSON value of a body, or an Issue. A byte order mark before it is passed over (RFC 8259, 8.1)."""
    text = body.removeprefix(_BOM)
    if not text.strip():
        return error("malformed-json", "", "The body is empty")
    if _too_deep(text):
        return error("too-deep", "", f"The JSON is nested more than {MAX_DEPTH} levels deep")
    if b"\\u0000" in text and _NUL.search(text):
        return error("malformed-json", "", "A string contains the character U+0000")
    value = _decoded(text)
    return _twice(text) if not isinstance(value, Issue) and _repeats_a_key(text, value) else value


def _decoded(text: bytes) -> Any:
    try:
        return _DECODER.decode(text)
    except (_BadNumber, ArithmeticError, msgspec.ValidationError):
        return error("malformed-json", "", f"A number has more than {MAX_DIGITS} digits or is too large")
    except UnicodeDecodeError:
        return error("malformed-json", "", "The body is not UTF-8")
    except RecursionError:
        return error("too-deep", "", f"The JSON is nested more than {MAX_DEPTH} levels deep")
    except msgspec.DecodeError as problem:
        return error("malformed-json", "", f"The body is not JSON{_place(problem)}")


def _place(problem: msgspec.DecodeError) -> str:
    """Where it stops being JSON: the position only, as the message could quote what was sent."""
    found = re.search(r"\(byte (\d+)\)$", str(problem))
    return f": see byte {found[1]}" if found else ": it ends too early"


def _repeats_a_key(text: bytes, value: Any) -> bool:
    """Whether decoding lost a pair: then its colon is missing, while those within strings are the same ones."""
    escaped = len(_COLON.findall(text)) if b"\\u003" in text else 0
    return text.count(b":") + escaped != ENCODER.encode(value).count(b":")


def _twice(text: bytes) -> Issue:
    """Which key stands twice."""
    twice: list[str] = []

    def look(pairs: list[tuple[str, Any]]) -> None:
        if len(dict(pairs)) < len(pairs):
            twice.extend(key for key, times in Counter(key for key, _ in pairs).items() if times > 1)

    json.loads(text, object_pairs_hook=look, parse_int=str, parse_float=str)
    shown = next((key for key in twice if _NAME.fullmatch(key)), "")
    return error("malformed-json", shown, "A key stands twice in one object; only one of its values could be kept")


def _too_deep(text: bytes) -> bool:
    """Whether brackets are nested too deeply, without recursion and without a look at each byte in Python."""
    if text.count(b"[") + text.count(b"{") <= MAX_DEPTH:
        return False
    if b"\\" in text:
        text = _ESCAPE.sub(b"", text)
    brackets = _STRING.sub(b"", text.translate(None, _NOT_STRUCTURE))
    depth = 0
    for start in range(0, len(brackets), _STRETCH):
        stretch = map(_STEP.__getitem__, brackets[start : start + _STRETCH])
        depths = list(itertools.accumulate(stretch, initial=depth))
        if max(depths) > MAX_DEPTH:
            return True
        depth = depths[-1]
    return False
