"""How long a text in an index may be: PostgreSQL takes no row of 2,704 bytes or more into one.

A longer one is cut, on both databases alike. What is compared as a whole gets a digest of the whole in place of what is
cut off; a text that is looked through is just cut: what stands further on is not found by it.
"""

from hashlib import blake2b

LONGEST_KEY = 400
LONGEST_TEXT = 1_500
"""Bytes of UTF-8. The widest keys have five texts, or one that is looked through and one that is compared."""
_KEPT = 300
_WIDEST = 4
"""Bytes of a character at most."""


def key(text: str) -> str:
    """A text that is compared as a whole: equal ones stay equal, others stay different."""
    if len(text) <= LONGEST_KEY // _WIDEST:
        return text
    written = text.encode()
    if len(written) <= LONGEST_KEY:
        return text
    return f"{written[:_KEPT].decode(errors='ignore')}~{blake2b(written, digest_size=24).hexdigest()}"


def searched(text: str) -> str:
    """A text that is looked through from its beginning."""
    if len(text) <= LONGEST_TEXT // _WIDEST:
        return text
    return text.encode()[:LONGEST_TEXT].decode(errors="ignore")
