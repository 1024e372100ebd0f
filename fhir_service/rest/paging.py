"""Page tokens: a search and the place in it, sealed so that no national number shows in a link (decision 39).

Encrypt-then-MAC with the standard library only: key stream = SHAKE256(k1 || nonce), tag = HMAC-SHA256(k2, nonce ||
ciphertext) cut to 128 bits, k1 and k2 derived from the key of the installation. The nonce is 128 random bits per
token. Layout: nonce (16) | tag (16) | ciphertext, base64url without padding.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from typing import TypeAlias

import msgspec

from fhir_service.search.query import Cursor
from profiles.issues import Issue, error

PARAMETER = "_page"
_NONCE = _TAG = 16
_LONGEST = 16_384
CHANGED = error(
    "bad-page-token",
    PARAMETER,
    "Use the page link as it was given, with nothing added; this one was changed or made elsewhere",
)


After: TypeAlias = tuple[tuple[int | str | None, ...], int]
"""Where a page ended: sort values and primary key of its last row."""


class PageToken(msgspec.Struct, frozen=True, array_like=True):
    """What a link carries. `place`: the address below the base that it belongs to; `after` None: the first page, for a
    `self` link whose parameters must not show; `total`: of all pages, counted once."""

    place: str
    parameters: tuple[tuple[str, str], ...]
    after: After | None = None
    total: int | None = None

    @property
    def cursor(self) -> Cursor | None:
        """Where the page begins."""
        return None if self.after is None else Cursor(values=self.after[0], pk=self.after[1])


class PageTokens:
    """Seals and opens tokens with the key that `Repository.secret` keeps."""

    def __init__(self, secret: bytes) -> None:
        self._stream_key = hmac.digest(secret, b"page token: key stream", "sha256")
        self._tag_key = hmac.digest(secret, b"page token: tag", "sha256")

    def seal(self, token: PageToken) -> str:
        """The token as it stands in a link."""
        nonce = secrets.token_bytes(_NONCE)
        sealed = self._xor(nonce, msgspec.json.encode(token))
        return base64.urlsafe_b64encode(nonce + self._tag(nonce, sealed) + sealed).rstrip(b"=").decode()

    def open(self, text: str, place: str) -> PageToken | Issue:
        """The token of a link for this address, or why it is none of ours."""
        try:
            if len(text) > _LONGEST:
                return CHANGED
            raw = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except (ValueError, binascii.Error):
            return CHANGED
        nonce, tag, sealed = raw[:_NONCE], raw[_NONCE : _NONCE + _TAG], raw[_NONCE + _TAG :]
        if not hmac.compare_digest(tag, self._tag(nonce, sealed)):
            return CHANGED
        token = msgspec.json.decode(self._xor(nonce, sealed), type=PageToken)
        return token if token.place == place else CHANGED

    def _tag(self, nonce: bytes, sealed: bytes) -> bytes:
        return hmac.digest(self._tag_key, nonce + sealed, "sha256")[:_TAG]

    def _xor(self, nonce: bytes, text: bytes) -> bytes:
        size = len(text)
        stream = hashlib.shake_256(self._stream_key + nonce).digest(size)
        return (int.from_bytes(text, "big") ^ int.from_bytes(stream, "big")).to_bytes(size, "big")
