"""The words of a resource, as full text knows them: separated and folded here, so that both databases find the same.

`_text` looks at the narrative, `_content` at everything.  https://hl7.org/fhir/R4/search.html#content
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from html import unescape
from typing import Any

import msgspec

from fhir_service.search.strings import normalise

_WORD = re.compile(r"[^\W_]+")
_TAG = re.compile(r"<[^>]*>")
_NOT_TEXT = frozenset({"data", "system", "profile", "resourceType", "meta", "contentType", "hash"})
"""Elements with bytes, and those that say how something is written rather than what."""
LONGEST_WORD = 100
MOST_WORDS = 20_000
"""Of one resource (SR-8)."""
NOWHERE = "\u2205"
"""A word that no text has: it is no letter."""


def words_of(text: str) -> list[str]:
    """Each word of a text once, in its order; long ones cut."""
    return list(dict.fromkeys(word[:LONGEST_WORD] for word in _WORD.findall(normalise(text))))


def texts_of(body: bytes) -> tuple[str, str]:
    """The words of the narrative and of everything, with a space between them; none of a deleted resource."""
    resource = msgspec.json.decode(body) if body else {}
    narrative = resource.get("text")
    div = narrative.get("div") if isinstance(narrative, dict) else None
    plain = _plain(div) if isinstance(div, str) else ""
    return _joined(plain), _joined(" ".join(_strings(resource)))


def _joined(text: str) -> str:
    return " ".join(words_of(text)[:MOST_WORDS])


def _plain(div: str) -> str:
    return unescape(_TAG.sub(" ", div))


def _strings(value: Any, name: str = "") -> Iterator[str]:
    """All texts within a value; a narrative without its mark-up."""
    if isinstance(value, str):
        yield _plain(value) if name == "div" else value
    elif isinstance(value, dict):
        for key, one in value.items():
            if key not in _NOT_TEXT:
                yield from _strings(one, key)
    elif isinstance(value, list):
        for one in value:
            yield from _strings(one, name)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)


def _sets(asked: Iterable[Sequence[str]]) -> list[list[str]]:
    return [list(dict.fromkeys(word for text in one for word in words_of(text))) or [NOWHERE] for one in asked]


def words_for_sqlite(column: str, asked: Iterable[Sequence[str]]) -> str:
    """All words of one of the sets, in the language of FTS5. Words are letters and digits, so nothing to escape."""
    return f"{column} : (" + " OR ".join("(" + " AND ".join(f'"{w}"' for w in one) + ")" for one in _sets(asked)) + ")"


def words_for_postgres(asked: Iterable[Sequence[str]]) -> str:
    """The same as a `tsquery`."""
    return " | ".join("(" + " & ".join(f"'{w}'" for w in one) + ")" for one in _sets(asked))
