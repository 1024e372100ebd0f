"""HL7 v2 as a `MessageFormat`: read the envelope, translate by message type, answer with an ACK.

Reading tells what is wrong with the message as a whole (hl7v2-mapping.md 12, table 0357: 100, 101, 200-202); what its
fields mean, and what is wrong with them, is the matter of the modules in `messages/`.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from hashlib import sha256
from typing import Final

from mappings.hl7v2.ack import answer
from mappings.hl7v2.parse import Hl7Message, parse
from mappings.message import (
    Endpoint,
    Envelope,
    InboundMessage,
    Issue,
    MessageFormat,
    MessageKey,
    MessageType,
    Translation,
    error,
    warning,
)
from mappings.registry import discover
from profiles.names import RAW_HL7V2

__all__ = ["FORMAT", "message_types", "read", "sender_of", "translate"]

PROCESSING_IDS: Final = frozenset({"P", "T", "D"})
ONE_PATIENT: Final = frozenset({"ADT", "REF"})
"""Message types whose supported events are about one person."""
_LINE: Final = re.compile(rb"[\r\n]")


@cache
def message_types() -> dict[tuple[str, str], MessageType]:
    """The messages that are understood, by (MSH-9.1, MSH-9.2)."""
    found = discover("mappings.hl7v2.messages", "MESSAGE", MessageType, lambda message: message.key)
    return {(message.key[0], message.key[1]): message for message in found.values()}


def read(message: InboundMessage, endpoint: Endpoint) -> Envelope:
    """Who sent what under which id, and what is wrong with it as a whole."""
    content, issues = parse(message.body, endpoint, message.charset)
    if content is None:
        return Envelope(
            message=message, key=None, sender="", kind="", control_id="",
            digest=sha256(message.body).hexdigest(), content=None, issues=issues,
        )  # fmt: skip
    sender, control_id = sender_of(content), content.control_id
    over_mllp = _utf_16_over_mllp(message, content)
    return Envelope(
        message=message,
        key=MessageKey(sender, control_id) if control_id else None,
        sender=sender,
        kind="^".join(part for part in (content.message_type, content.event) if part)[:40],
        control_id=control_id,
        digest=digest(message.body, content),
        content=content,
        issues=(*issues, *over_mllp, *_checked(content)),
    )


def translate(envelope: Envelope, endpoint: Endpoint) -> Translation:
    """What the message means. Empty, with the issues of its envelope, when those refuse it or when it is an ACK."""
    content = envelope.content
    if not isinstance(content, Hl7Message) or any(issue.refuses for issue in envelope.issues):
        return Translation(issues=envelope.issues)
    kind = message_types().get((content.message_type, content.event))
    if kind is None:
        return Translation(issues=envelope.issues, event=content.event)
    meaning: Translation = kind.translate(content, endpoint, envelope.message.received_at)
    return replace(meaning, issues=(*envelope.issues, *meaning.issues))


def sender_of(content: Hl7Message) -> str:
    """`MSH-3|MSH-4` as they stand in the message; empty when both are."""
    application, facility = content.msh.field(3).strip(), content.msh.field(4).strip()
    return f"{application}|{facility}" if application or facility else ""


def digest(body: bytes, content: Hl7Message) -> str:
    """SHA-256 over the bytes without MSH-7 and without what surrounds the segments: what a resend may change."""
    raw = body.decode(content.charset).encode() if content.charset.startswith("utf-16") else body
    raw = raw.strip(b" \t\r\n\x0b\x1c")
    line = _LINE.split(raw, maxsplit=1)[0]
    separator = content.delimiters.field.encode(_byte_charset(content))
    fields = line.split(separator)
    without = separator.join((*fields[:6], *fields[7:]))
    return sha256(without + raw[len(line) :]).hexdigest()


def _byte_charset(content: Hl7Message) -> str:
    return "utf-8" if content.charset.startswith("utf-16") else content.charset


def _checked(content: Hl7Message) -> Iterator[Issue]:
    for check in _CHECKS:
        yield from check(content)


def _control_id(content: Hl7Message) -> Iterator[Issue]:
    if not content.control_id:
        yield error("control-id-missing", "MSH-10", "The message has no control id; it cannot be told from others.")


def _kind(content: Hl7Message) -> Iterator[Issue]:
    name, event = content.message_type, content.event
    if name == "ACK" or (name, event) in message_types():
        return
    if not name:
        yield error("unsupported-message-type", "MSH-9.1", "The message does not say what type it is.")
    elif name not in {known for known, _ in message_types()}:
        yield error("unsupported-message-type", "MSH-9.1", "This type of message is not received here.")
    else:
        yield error("unsupported-event", "MSH-9.2", "This event is not received here.")


def _processing_id(content: Hl7Message) -> Iterator[Issue]:
    if not content.processing_id:
        yield warning("defaulted", "MSH-11", "The processing id is missing; the message was taken as production (P).")
    elif content.processing_id not in PROCESSING_IDS:
        yield error("unsupported-processing-id", "MSH-11.1", "The processing id must be P, T or D.")


def _required_segments(content: Hl7Message) -> Iterator[Issue]:
    kind = message_types().get((content.message_type, content.event))
    for name in kind.requires if kind else ():
        if content.first(name) is None:
            yield error("segment-missing", name, f"The segment {name} is required in this message.")


def _single_segments(content: Hl7Message) -> Iterator[Issue]:
    """One header a message, one person an event: which of two is meant is not for us to guess."""
    known = (content.message_type, content.event) in message_types()
    names = ("MSH", "PID") if known and content.message_type in ONE_PATIENT else ("MSH",)
    for name in names:
        for second in content.all(name)[1:2]:
            yield error("duplicate-segment", second.at(), f"There must be one {name} in this message.")


_CHECKS: Final[tuple[Callable[[Hl7Message], Iterator[Issue]], ...]] = (
    _control_id,
    _kind,
    _processing_id,
    _required_segments,
    _single_segments,
)


def _utf_16_over_mllp(message: InboundMessage, content: Hl7Message) -> Iterator[Issue]:
    if message.door == "mllp" and content.charset.startswith("utf-16"):
        yield error("unreadable", "MSH-18", "UTF-16 cannot be sent over MLLP: its bytes may look like a frame.")


FORMAT: Final = MessageFormat(
    name="hl7v2",
    content_type=RAW_HL7V2,
    key_place="MSH-10",
    read=read,
    translate=translate,
    answer=answer,
)
