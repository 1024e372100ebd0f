r"""Separators in a search value and how they are escaped.  https://hl7.org/fhir/R4/search.html#escaping

`\,` `\|` `\$` `\\` stand for the character itself; any other backslash is an error, not a guess.
"""

import re

_ESCAPABLE = frozenset(",|$\\")
_PIECE = re.compile(r"\\(.)|([^\\])", re.DOTALL)


def is_well_formed(text: str) -> bool:
    """Whether every backslash stands before a character that may be escaped."""
    if "\\" not in text:
        return True
    pieces = list(_PIECE.finditer(text))
    whole = sum(len(piece[0]) for piece in pieces) == len(text)
    return whole and all(piece[1] is None or piece[1] in _ESCAPABLE for piece in pieces)


def split(text: str, separator: str) -> list[str]:
    """The parts between unescaped separators, still escaped. `text` is well formed."""
    if "\\" not in text:
        return text.split(separator)
    parts = [""]
    for piece in _PIECE.finditer(text):
        if piece[2] == separator:
            parts.append("")
        else:
            parts[-1] += piece[0]
    return parts


def unescape(text: str) -> str:
    """The value itself. `text` is well formed."""
    return text if "\\" not in text else _PIECE.sub(lambda piece: piece[1] or piece[2], text)


def escape(text: str) -> str:
    """The text as one value of a search parameter."""
    return re.sub(r"([,|$\\])", r"\\\1", text)
