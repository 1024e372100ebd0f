r"""Escape sequences of HL7 v2 text: `\T\` stands for `&` and so on (hl7v2-mapping.md 3.4, HL7 v2.5 2.7).

Decoding happens at the leaf, after all splitting, so that an escape can never make a field or a segment (SR-21).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
"""Control characters that no FHIR string holds: https://hl7.org/fhir/R4/datatypes.html#string"""


@dataclass(frozen=True, slots=True)
class Delimiters:
    """The five characters a message is split with (MSH-1, MSH-2), and the truncation character of v2.7."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"
    truncation: str = ""
    """Accepted and never split on."""

    @property
    def encoding_characters(self) -> str:
        """MSH-2."""
        return self.component + self.repetition + self.escape + self.subcomponent + self.truncation


def decode(text: str, delimiters: Delimiters, charset: str) -> str:
    """A leaf as text. What is no escape sequence, and what cannot be decoded, stays literally as it is."""
    if delimiters.escape not in text:
        return text
    named = _names(delimiters)

    def replacement(found: re.Match[str]) -> str:
        sequence = found[0]
        body = sequence[1:-1]
        if body[0] == ".":
            return _formatted(body[1:3].lower(), body[3:])
        if body[0] == "X":
            return _characters(sequence, delimiters.escape, charset)
        return named.get(body, sequence)

    return _sequences(delimiters.escape).sub(replacement, text)


def encode(text: str, delimiters: Delimiters) -> str:
    r"""Text as a leaf: delimiters escaped, newlines as `\.br\`, other control characters as `\Xhh\`."""
    return _unsafe(delimiters).sub(lambda found: _written(delimiters)(found[0]), text)


def holds_character_set_switch(text: str, escape: str) -> bool:
    r"""Whether there is a `\Cxxyy\` or `\Mxxyyzz\` (ISO 2022), which is kept as it is."""
    return (escape + "C" in text or escape + "M" in text) and _switches(escape).search(text) is not None


@lru_cache(maxsize=64)
def _names(delimiters: Delimiters) -> dict[str, str]:
    return {
        "F": delimiters.field,
        "S": delimiters.component,
        "T": delimiters.subcomponent,
        "R": delimiters.repetition,
        "E": delimiters.escape,
        "P": delimiters.truncation or "#",
        "H": "",
        "N": "",
    }


@lru_cache(maxsize=64)
def _sequences(escape: str) -> re.Pattern[str]:
    mark = re.escape(escape)
    # A run of \X..\ is one match: the bytes of one character may be spread over several. Kept ones (Z, C, M) are
    # matched too, so that their last backslash does not begin another sequence.
    return re.compile(
        rf"(?:{mark}X(?:[0-9A-Fa-f]{{2}})+{mark})+"
        rf"|{mark}(?:[FSTREPHN]|\.(?i:br|ce|fi|nf|(?:sp|in|ti|sk) ?[+-]?[0-9]{{0,2}})"
        rf"|Z[^{mark}]*|C[0-9A-Fa-f]{{4}}|M[0-9A-Fa-f]{{4}}(?:[0-9A-Fa-f]{{2}})?){mark}"
    )


@lru_cache(maxsize=64)
def _switches(escape: str) -> re.Pattern[str]:
    mark = re.escape(escape)
    return re.compile(rf"{mark}(?:C[0-9A-Fa-f]{{4}}|M[0-9A-Fa-f]{{4}}(?:[0-9A-Fa-f]{{2}})?){mark}")


def _formatted(command: str, number: str) -> str:
    digits = number.strip(" +-")
    count = max(int(digits), 1) if digits else 1
    return {"br": "\n", "ce": "\n", "sp": "\n" * count, "sk": " " * count}.get(command, "")


def _characters(sequence: str, escape: str, charset: str) -> str:
    raw = bytes.fromhex(sequence.replace(escape, "").replace("X", ""))
    try:
        text = raw.decode(charset)
    except (UnicodeDecodeError, LookupError):
        return sequence
    return sequence if FORBIDDEN.search(text) else text


@lru_cache(maxsize=64)
def _unsafe(delimiters: Delimiters) -> re.Pattern[str]:
    marks = delimiters.field + delimiters.encoding_characters
    return re.compile(f"[{re.escape(marks)}\x00-\x08\x0a-\x1f]")


@lru_cache(maxsize=64)
def _written(delimiters: Delimiters) -> Callable[[str], str]:
    mark = delimiters.escape
    known = {value: name for name, value in _names(delimiters).items() if value and name not in "HN"}
    known["\n"] = ".br"

    def written(character: str) -> str:
        return mark + (known.get(character) or f"X{ord(character):02X}") + mark

    return written
