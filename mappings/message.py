"""The shared values of the message path: what comes in, what it means, what is answered.

Formats (`hl7v2`, `kith`, `fhir_message`) know these values and never each other. A format is one package that declares
one `MessageFormat`; a message type is one module that declares one `MessageType`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from profiles.issues import Issue, Severity, error, information, warning

__all__ = [
    "PROPOSAL",
    "Answer",
    "Endpoint",
    "Envelope",
    "InboundMessage",
    "Issue",
    "Key",
    "MessageFormat",
    "MessageKey",
    "MessageType",
    "Mode",
    "Proposal",
    "Severity",
    "Translation",
    "Verdict",
    "error",
    "information",
    "warning",
]

PROPOSAL = "proposal:"
"""A reference to another proposal of the same translation: `{"reference": "proposal:encounter"}`."""


@dataclass(frozen=True, slots=True)
class MessageKey:
    """What makes a message the same message: sender (MSH-3/4) and control id (MSH-10); SR-3."""

    sender: str
    control_id: str


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What is agreed with one sender (hl7v2-mapping.md, "by endpoint"). The defaults are those of `dev`."""

    zone: str = "Europe/Oslo"
    charset: str | None = None
    """Character set when the message names none (3.1, step 4)."""
    force_charset: bool = False
    synthetic_persons: bool = True
    """Whether test persons (+40, +65, +80 months) are accepted."""
    unknown_persons: str = "store"
    """`store`, `need-only` or `drop` (decision 14)."""
    return_address: str | None = None
    """`host:port` for what we send back (RRI)."""


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """Bytes as they came, before anything is known about them."""

    format: str
    """Name of the `MessageFormat`: `hl7v2`."""
    door: str
    """Where they came in: `mllp`, `http`, `file`."""
    body: bytes
    received_at: datetime
    charset: str | None = None
    """Character set named by the transport (HTTP `charset=`)."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message read as far as its envelope. Reading never raises: what is wrong is in `issues`."""

    message: InboundMessage
    key: MessageKey | None
    """None when there is no control id or the header cannot be read."""
    sender: str
    """For people: sending application and facility, empty when unknown."""
    kind: str
    """For people: `ADT^A03`, empty when unknown."""
    control_id: str
    """For people: the message's own id as sent, empty when missing."""
    digest: str
    """SHA-256 (hex) over the content without what a resend may change (MSH-7)."""
    content: object
    """The parsed message in the format's own type."""
    issues: tuple[Issue, ...] = ()


class Mode(StrEnum):
    """How a proposal meets what is already there."""

    SNAPSHOT = "snapshot"
    """What is stated replaces; what is absent stays."""
    FILL = "fill"
    """Only absent elements are set."""
    STATUS = "status"
    """As snapshot, for a resource that must exist already; nothing is made."""


@dataclass(frozen=True, slots=True)
class Key:
    """How a proposal finds its resource (hl7v2-mapping.md 6.2).

    `identifiers`: any of these (system, value) is it. Otherwise `natural`: the value of
    `mappings.natural_keys.natural_key(resource)` among the resources of this type whose references named in `within`
    (element -> proposal) are the same, e.g. `{"subject": "patient", "encounter": "encounter"}`.
    Neither: always a new resource.
    """

    identifiers: tuple[tuple[str, str], ...] = ()
    natural: str | None = None
    within: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """One resource that a message speaks about (decision 37)."""

    name: str
    """Unique within the translation: `patient`, `encounter`, `condition-2`; the target of `proposal:` references."""
    key: Key
    values: Mapping[str, Any]
    """With `resourceType`; the elements that the message states."""
    mode: Mode = Mode.SNAPSHOT
    at: datetime | None = None
    """Event time (EVN-6, EVN-2, MSH-7); orders the events of a stay."""
    cleared: tuple[str, ...] = ()
    """Element paths that the message deletes (`""` or a cancellation): `period.end`."""
    states: bool = False
    """Whether the message's event sets `status` (A03 does, A08 does not): such events have a clock of their own."""
    cancels: bool = False
    """Whether the event takes back an earlier one (A11, A13): where that one never came, the sender is told."""

    @property
    def rtype(self) -> str:
        return str(self.values["resourceType"])


@dataclass(frozen=True, slots=True)
class Translation:
    """What a message means. `issues` with an error refuse the message; warnings ride along in the answer."""

    proposals: tuple[Proposal, ...] = ()
    issues: tuple[Issue, ...] = ()
    event: str = ""
    """For Provenance.activity: `A03`, `I12`."""
    occurred_at: datetime | None = None
    sender: str | None = None
    """Name of the proposal of the sending Organization (Provenance.agent)."""
    author: str | None = None
    """Name of the proposal of the person behind the event (EVN-5)."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """Further plain facts for the workflow, by name: `route-to` (organisation number or id named by PRD role RT);
    `about` (name of a proposal that must be found: without it a person looks at the message)."""


class Verdict(StrEnum):
    """What became of a message."""

    APPLIED = "applied"
    MANUAL = "manual"
    """Kept, and a person at the koordinerende enhet has a Task."""
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said to the sender: the same bytes again for every resend."""

    verdict: Verdict
    code: str
    """In the format's own words: `AA`, `AE`, `AR`."""
    body: bytes
    issues: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True)
class MessageFormat:
    """A way of writing messages. All functions are pure and never raise on what a sender sent."""

    name: str
    content_type: str
    key_place: str
    """Where the message id stands, in the sender's terms: `MSH-10`."""
    read: Callable[[InboundMessage, Endpoint], Envelope]
    translate: Callable[[Envelope, Endpoint], Translation]
    answer: Callable[[Envelope, Verdict, tuple[Issue, ...], datetime, str], Answer]
    """(envelope, verdict, issues, now, id of the answer) -> the answer in the sender's form."""


@dataclass(frozen=True, slots=True)
class MessageType:
    """One kind of message and its meaning; the one constant `MESSAGE` of a module in `messages/`."""

    key: tuple[str, ...]
    """`("ADT", "A03")`."""
    title: str
    requires: tuple[str, ...]
    """Segments without which it means nothing: refused with `segment-missing`."""
    translate: Callable[..., Translation]
