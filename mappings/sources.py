"""The sender of a message as a URI, for `meta.source`: feedback goes back on the channel a need came in by.

`urn:hl7v2:` and the percent-encoded `MSH-3|MSH-4`.
"""

from urllib.parse import quote, unquote

HL7V2 = "urn:hl7v2:"


def source_uri(sender: str) -> str:
    """The URI of a sender, named as in `MessageKey.sender`."""
    return HL7V2 + quote(sender, safe="")


def sender_of(source: str | None) -> str | None:
    """The sender behind a `meta.source`; None when the resource did not come by an HL7 v2 message."""
    if not source or not source.startswith(HL7V2):
        return None
    return unquote(source.removeprefix(HL7V2))


def local_system(facility: str, *parts: str) -> str:
    """Identifier system of a sender's own numbers: `urn:hl7v2:<facility>:<part>` (hl7v2-mapping.md 4, HD)."""
    return HL7V2 + ":".join(quote(part, safe="") for part in (facility, *parts))
