"""The `phonetic` parameter of names: R4 leaves the algorithm to the server, and this is a simple one for Norway.

What sounds alike is written alike: `Christine` and `Kristin` are `krstn.`, `Thorbjørn` and `Torbjorn` are `trbjrn.`

1. Marks and case go (`strings.normalise`); what is no letter parts words.
2. Letters that sound alike become one: the table below, from above to below.
3. Of a letter written twice one is left; `h` goes unless it begins the word; vowels go unless they begin the word.
4. A full stop ends each word, so that a word is found whole and not by how it begins.
"""

import re
from functools import lru_cache

from fhir_service.search.query import StringValue
from fhir_service.search.strings import normalise

PHONETIC = "phonetic"
"""The code of the parameter."""
EXPECTED = "a name with at least one letter"
_ALIKE = (
    (re.compile("schj?|skj|sj"), "s"),
    (re.compile("ch|ck|q|c(?![eiyæ])"), "k"),
    (re.compile("c|z"), "s"),
    (re.compile("gj|hj|lj(?=o)"), "j"),
    (re.compile("hv|w"), "v"),
    (re.compile("ph"), "f"),
    (re.compile("th|dt"), "t"),
    (re.compile("x"), "ks"),
    (re.compile("aa"), "a"),
    (re.compile("ae|ä"), "æ"),
    (re.compile("oe|ö"), "ø"),
)
_TWICE = re.compile(r"(.)\1+")
_SILENT = re.compile("(?<=.)[haeiouyæø]")
_WORD = re.compile(r"[^\W\d_]+")


def key(text: str) -> str:
    """How the words of a name sound; empty if it has none."""
    return " ".join([f"{_sound(word)}." for word in _WORD.findall(normalise(text))])


@lru_cache(maxsize=8192)
def _sound(word: str) -> str:
    for letters, one in _ALIKE:
        word = letters.sub(one, word)
    return _TWICE.sub(r"\1", _SILENT.sub("", _TWICE.sub(r"\1", word)))


def read(text: str) -> StringValue | None:
    """A value, unescaped; None if it has no letter."""
    found = key(text)
    return StringValue(found) if found else None
