"""Messages as the database keeps them: what came in (decision 36), what became of it, and what goes out (SR-5)."""

from dataclasses import dataclass
from datetime import datetime

from mappings.message import Answer, MessageKey
from profiles.resource import Resource


@dataclass(frozen=True, slots=True)
class Received:
    """T1: raw bytes of a message, kept before anything else happens (decision 36).

    `key` None: it cannot be told apart from others (no control id, or an id that belongs to other content); it is kept
    and listed all the same. `answer` is set when there is nothing to process.
    """

    message_id: str
    format: str
    door: str
    sender: str
    control_id: str
    kind: str
    digest: str
    body: bytes
    received_at: datetime
    key: MessageKey | None = None
    charset: str | None = None
    answer: Answer | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """T2: what became of a received message; written with its effects."""

    message_id: str
    answer: Answer
    settled_at: datetime
    binary: str | None = None
    """`Binary/[id]` of the raw message."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """Something to deliver, written in the transaction that caused it (SR-5)."""

    outgoing_id: str
    channel: str
    """`hl7v2`"""
    kind: str
    """`RRI^I12`"""
    destination: str
    """The sender key of the partner (MSH-3|MSH-4)."""
    payload: Resource
    """What the message says, as plain values; rendered when it is sent."""
    order_key: str
    """Deliveries with the same key keep their order."""
    created_at: datetime


@dataclass(frozen=True, slots=True)
class InboxRow:
    """A message in the inbox. `state`: `received`, `settled`, `quarantined`."""

    message_id: str
    format: str
    door: str
    sender: str
    control_id: str
    kind: str
    digest: str
    received_at: datetime
    state: str
    attempts: int
    answer: Answer | None
    binary: str | None
    body: bytes
    charset: str | None


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A delivery. `state`: `queued`, `acknowledged`, `failed`, `parked`, `withdrawn`."""

    outgoing: Outgoing
    state: str
    attempts: int
    body: bytes | None
    last_error: str | None
