"""`_text` and `_content`: words of the narrative, or of everything.  https://hl7.org/fhir/R4/search.html#content

    _text=fall   _content=fall hofte   _text=(bein or hofte) and brudd

Words beside each other must all be there; `and`, `or` and parentheses say more. A comma is an `or`, as everywhere.
"""

import re
from collections.abc import Sequence
from typing import TypeAlias

from fhir_service.search.criteria import BACKSLASH, Outcome, Reading, bad_value
from fhir_service.search.escapes import is_well_formed, split, unescape
from fhir_service.search.query import FullText
from fhir_service.search.strings import normalise

Alternatives: TypeAlias = tuple[tuple[str, ...], ...]
"""Sets of words of which one must be there whole."""

EXPECTED = 'words without * and ", with and, or and parentheses between them if any: at most 64 alternatives'
MAX_ALTERNATIVES = 64
MAX_WORDS = 32
"""In one alternative (SR-8)."""
MAX_DEPTH = 10
_TOKEN = re.compile(r"[()]|[^\s()]+")
_WORD = re.compile(r"[^\W_]+")
_PROMISES = re.compile(r'[*"]')
"""What elsewhere asks for beginnings and phrases: not served, and so not passed over."""
MAX_LENGTH = 100
"""Of a word; of longer ones the beginning is compared."""


def reading(name: str) -> Reading:
    """How the values of `_text` or `_content` are read."""

    def read(at: str, value: str, _: str) -> Outcome:
        if not is_well_formed(value):
            return Outcome(issues=(bad_value(at, BACKSLASH),))
        found = read_words(value)
        return Outcome(issues=(bad_value(at, EXPECTED),)) if found is None else Outcome(FullText(name, found))

    return read


def read_words(text: str) -> Alternatives | None:
    """What an escaped value asks for; None if it is not understood."""
    found: list[tuple[str, ...]] = []
    for part in split(text, ","):
        alternatives = _Reader(_TOKEN.findall(unescape(part))).whole()
        if not alternatives:
            return None
        found += alternatives
    return tuple(dict.fromkeys(found)) if len(found) <= MAX_ALTERNATIVES else None


def words_of(text: str) -> tuple[str, ...]:
    """The words of a text as they are compared, each once, in order."""
    return tuple(dict.fromkeys([word[:MAX_LENGTH] for word in _WORD.findall(normalise(text))]))


class _Reader:
    """Recursive descent over the tokens that are left; nothing where it is not understood."""

    def __init__(self, tokens: list[str]) -> None:
        self.rest = tokens

    def whole(self) -> Alternatives:
        found = self._any(0)
        return () if self.rest or any(len(words) > MAX_WORDS for words in found) else found

    def _any(self, depth: int) -> Alternatives:
        """`a or b`"""
        found = self._all(depth)
        while found and self._next() == "or":
            self.rest.pop(0)
            more = self._all(depth)
            found = (*found, *more) if more and len(found) + len(more) <= MAX_ALTERNATIVES else ()
        return found

    def _all(self, depth: int) -> Alternatives:
        """`a b`, `a and b`"""
        found = self._one(depth)
        while found and self._next() not in ("", ")", "or"):
            if self._next() == "and":
                self.rest.pop(0)
            found = _both(found, self._one(depth))
        return found

    def _one(self, depth: int) -> Alternatives:
        """A word, or parentheses."""
        if self._next() in ("", ")", "and", "or") or depth > MAX_DEPTH:
            return ()
        token = self.rest.pop(0)
        if token != "(":  # noqa: S105 - a parenthesis
            words = () if _PROMISES.search(token) else words_of(token)
            return (words,) if words else ()
        found = self._any(depth + 1)
        return found if self.rest and self.rest.pop(0) == ")" else ()

    def _next(self) -> str:
        return self.rest[0].lower() if self.rest else ""


def _both(left: Alternatives, right: Sequence[tuple[str, ...]]) -> Alternatives:
    if len(left) * len(right) > MAX_ALTERNATIVES:
        return ()
    return tuple(tuple(dict.fromkeys((*one, *other))) for one in left for other in right)
