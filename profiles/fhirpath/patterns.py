"""Regular expressions of others: run only where they cannot take long.

Python's engine tries again on failure. That is bounded where no repetition or choice stands inside a repetition, few
repetitions are open, and the text is the shorter the more of them there are.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, Final, NamedTuple

from profiles.fhirpath.syntax import Unsupported

LONGEST: Final = 500
MANY: Final = 8
"""Repetitions in one pattern."""
SUBJECTS: Final = (20_000, 20_000, 2_000, 400)
"""Longest text for a pattern of so many open repetitions; more of them are not run at all."""
_REPEATS = (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT)


class Pattern(NamedTuple):
    """A pattern and the longest text that it is run over."""

    compiled: re.Pattern[str]
    longest: int

    def over(self, subject: str) -> re.Pattern[str]:
        """The pattern, to be run over a text; raises Unsupported if the text is too long for it."""
        if len(subject) > self.longest:
            raise Unsupported("a text that is too long for its regular expression")
        return self.compiled


@lru_cache(maxsize=256)
def pattern(text: str) -> Pattern:
    """A pattern that runs in a time that its subject bounds; raises Unsupported for others."""
    if len(text) > LONGEST:
        raise Unsupported("a regular expression that is too long")
    try:
        compiled = re.compile(text, re.DOTALL)
        found = list(_risks(parser.parse(text, re.DOTALL), within=False))
    except (re.error, RecursionError, OverflowError) as failure:
        raise Unsupported("a regular expression that cannot be read") from failure
    opened = found.count("open")
    if "nested" in found or len(found) > MANY or opened >= len(SUBJECTS):
        raise Unsupported("a regular expression that could take too long")
    return Pattern(compiled, SUBJECTS[opened])


def _risks(tree: Any, *, within: bool) -> Iterator[str]:
    """`open` or `few` for each repetition, `nested` for what must not stand inside one."""
    for code, content in tree:
        if code is codes.GROUPREF or (within and code in (*_REPEATS, codes.BRANCH)):
            yield "nested"
        repeats = code in _REPEATS and content[1] > 1
        if code in _REPEATS:
            yield "open" if content[1] > MANY and content[0] != content[1] else "few"
        for part in _parts(content):
            yield from _risks(part, within=within or repeats)


def _parts(content: Any) -> Iterator[Any]:
    if isinstance(content, parser.SubPattern):
        yield content
    elif isinstance(content, tuple | list):
        for item in content:
            yield from _parts(item)
