"""One malformed HTTP request as bytes, and what it may be answered."""

from dataclasses import dataclass

SECRET = "15918512397"
"""Stands wherever a value about a person could stand; it must never come back."""
PATIENT = b'{"resourceType":"Patient","active":true,"identifier":[{"value":"' + SECRET.encode() + b'"}]}'
FHIR_JSON = ("Content-Type", "application/fhir+json")
PATCH_JSON = ("Content-Type", "application/json-patch+json")
FORM = ("Content-Type", "application/x-www-form-urlencoded")
Headers = tuple[tuple[str, str | bytes], ...]


@dataclass(frozen=True)
class Malformed:
    """`statuses`: what may be answered. `ends`: the client ends its side after the bytes; silence is an answer too."""

    kind: str
    wire: bytes
    statuses: range | tuple[int, ...] = range(400, 500)
    ends: bool = False


def request(
    method: str, target: str | bytes, headers: Headers = (), body: bytes = b"", *, length: bool = True
) -> bytes:
    """The bytes of a request as they stand, nothing escaped or mended."""
    sent: list[tuple[str, str | bytes]] = [("Host", "localhost"), ("Connection", "close"), *headers]
    if length and (body or method in ("POST", "PUT", "PATCH")):
        sent.append(("Content-Length", str(len(body))))
    lines = [b" ".join((method.encode(), _bytes(target), b"HTTP/1.1"))]
    lines += [name.encode() + b": " + _bytes(value) for name, value in sent]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def _bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text
