"""String parameters: names, addresses, texts.  https://hl7.org/fhir/R4/search.html#string"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from fhir_service.search.escapes import unescape
from fhir_service.search.paths import Branch
from fhir_service.search.query import StringValue

Index: TypeAlias = Callable[[Any], Iterator[str]]

EXPECTED = "a text with at least one letter, digit or sign"
_SPACE = re.compile(r"\s+")
_APOSTROPHES = "'\u2018\u2019\u02bc"
_SIGNS = str.maketrans('!"#%&()*,-./:;?@[\\]_{}', " " * 22, _APOSTROPHES[0])
"""Punctuation as Unicode has it; signs such as + and $ are none."""


def normalise(text: str) -> str:
    """Without marks and case, white space collapsed: `Kåre  BJØRN` -> `kare bjørn`.

    Marks are what Unicode composes: å becomes a, while ø and æ are letters of their own.
    """
    if text.isascii():
        return _SPACE.sub(" ", text.casefold()).strip()
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return _SPACE.sub(" ", "".join(c for c in folded if unicodedata.category(c)[0] != "M")).strip()


def comparable(text: str) -> str:
    """As a string search compares it: normalised, and punctuation parts words and counts for nothing else.

    `Anne-Marie` is `anne marie`, `O'Brien` is `obrien`; what is nothing but punctuation stays.
    """
    plain = normalise(text)
    if plain.isalnum():
        return plain
    bare = plain.translate(_SIGNS) if plain.isascii() else "".join(_bare(c) for c in plain)
    return _SPACE.sub(" ", bare).strip() or plain


def _bare(character: str) -> str:
    if character in _APOSTROPHES:
        return ""
    return " " if unicodedata.category(character)[0] == "P" else character


def later_words(compared: str) -> Iterator[str]:
    """What begins at the second word of a name and at each one after it: `van der berg` -> `der berg`, `berg`."""
    at = compared.find(" ") + 1
    while at:
        yield compared[at:]
        at = compared.find(" ", at) + 1


def read(text: str, *, exact: bool) -> StringValue | None:
    """An escaped value; None if nothing is left to compare with: it would match everything."""
    plain = unescape(text)
    found = comparable(plain)
    if not found:
        return None
    return StringValue(plain if exact else found)


def _text(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value


def _parts(value: Any, names: tuple[str, ...]) -> Iterator[str]:
    if isinstance(value, dict):
        for name in names:
            found = value.get(name)
            yield from (part for part in (found if isinstance(found, list) else (found,)) if isinstance(part, str))


def _human_name(value: Any) -> Iterator[str]:
    """Each part, and the whole name, which a client may have typed in one."""
    yield from _parts(value, ("text", "family", "given", "prefix", "suffix"))
    whole = " ".join(_parts(value, ("given", "family")))
    if whole:
        yield whole


def _address(value: Any) -> Iterator[str]:
    yield from _parts(value, ("text", "line", "city", "district", "state", "postalCode", "country"))


_INDEX: Mapping[str, Index] = {
    "string": _text,
    "markdown": _text,
    "HumanName": _human_name,
    "Address": _address,
}


def indexer(branch: Branch) -> Index | None:
    """How values of the branch become texts; None: a string parameter does not index that type."""
    return _INDEX.get(branch.type)
