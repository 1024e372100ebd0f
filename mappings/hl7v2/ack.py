"""The acknowledgement of a message: MSH, MSA and an ERR for each problem (hl7v2-mapping.md 12, HL7 v2.5 2.9).

Own code, no dictionary: this is the reply path. Header fields are repeated as they came, in the sender's delimiters and
character set. Issue texts hold no personal data, and nothing else of the message is repeated.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from mappings.hl7v2.escapes import Delimiters, encode
from mappings.hl7v2.parse import Hl7Message
from mappings.hl7v2.place import Place, read_place
from mappings.message import Answer, Envelope, Issue, Severity, Verdict
from profiles.issue_codes import ISSUE_CODES, IssueCode

APPLICATION: Final = "KNUTEPUNKT"
MAX_TOLD: Final = 10
"""So many problems are told; the inbox shows them all."""
OLDEST_WITH_ERR_2: Final = (2, 5)
LAST_PLAIN_ACK: Final = (2, 3)
FLOOR_VERSION: Final = "2.5"
NEWEST_VERSION: Final = "2.8.2"
VERSIONS: Final = frozenset(
    {"2.1", "2.2", "2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.7.1", "2.8", "2.8.1", NEWEST_VERSION}
)
WANTED: Final[dict[str, frozenset[bool]]] = {
    "AL": frozenset({True, False}),
    "ER": frozenset({False}),
    "SU": frozenset({True}),
    "NE": frozenset(),
    "": frozenset(),
}
"""Table 0155 (MSH-15, MSH-16): which outcomes the sender wants to hear, `True` being acceptance."""
COMMIT: Final = {"AA": "CA", "AE": "CE", "AR": "CR"}
TABLE_0357: Final = {
    "0": "Message accepted",
    "100": "Segment sequence error",
    "101": "Required field missing",
    "102": "Data type error",
    "103": "Table value not found",
    "200": "Unsupported message type",
    "201": "Unsupported event code",
    "202": "Unsupported processing id",
    "203": "Unsupported version id",
    "204": "Unknown key identifier",
    "205": "Duplicate key identifier",
    "206": "Application record locked",
    "207": "Application internal error",
}
_UNLISTED: Final = IssueCode("processing", 500)
_CONTROLS: Final = re.compile("[\x00-\x1f]")


def answer(envelope: Envelope, verdict: Verdict, issues: tuple[Issue, ...], now: datetime, answer_id: str) -> Answer:
    """What is said to the sender. The body is empty when nothing is: to an ACK, or where MSH-15/16 say so."""
    message = envelope.content if isinstance(envelope.content, Hl7Message) else None
    code = _code(verdict, issues)
    if message is None:
        return Answer(verdict, code, _written(_UNREADABLE, code, issues, now, answer_id), issues)
    accept, application = (message.msh.value(field).strip().upper() for field in (15, 16))
    said = None if message.message_type == "ACK" else said_code(code, accept, application)
    body = _written(_header(message), said, issues, now, answer_id) if said else b""
    return Answer(verdict, said or code, body, issues)


def said_code(code: str, accept: str, application: str) -> str | None:
    """`AA`, `AE`, `AR` as MSH-15 (accept) and MSH-16 (application) want it said; None: not at all.

    A sender who wants both gets the application's word alone: we answer after the effects are stored, so that it says
    all that a commit acknowledgement before it would have said.
    """
    accepted = code == "AA"
    if not WANTED.get(accept) and not WANTED.get(application):
        return code
    if accepted in WANTED.get(application, ()):
        return code
    return COMMIT[code] if accepted in WANTED.get(accept, ()) else None


def control_id(unique: str) -> str:
    """An MSH-10 of at most 20 characters (the limit of v2.5 and older) made from a UUID."""
    return unique.replace("-", "")[:20]


def timestamp(now: datetime) -> str:
    """A DTM with offset."""
    return now.strftime("%Y%m%d%H%M%S%z")


@dataclass(frozen=True, slots=True)
class _Header:
    """What an answer takes over from the message that it answers, as it stands there."""

    delimiters: Delimiters = field(default_factory=Delimiters)
    charset: str = "utf-8"
    sending: tuple[str, str] = (APPLICATION, "")
    receiving: tuple[str, str] = ("", "")
    message_type: str = "ACK"
    processing_id: str = "P"
    version: str = FLOOR_VERSION
    number: tuple[int, ...] = OLDEST_WITH_ERR_2
    """Of the version."""
    character_set: str = ""
    control_id: str = ""


_UNREADABLE: Final = _Header()


def _header(message: Hl7Message) -> _Header:
    msh, delimiters = message.msh, message.delimiters

    def repeated(number: int) -> str:
        return on_one_line(msh.field(number), delimiters)

    version = _version(message.version)
    number = tuple(int(part) for part in version.split("."))
    kind = ("ACK", encode(message.event, delimiters), "ACK")
    return _Header(
        delimiters=delimiters,
        charset="utf-16" if message.charset.startswith("utf-16") else message.charset,
        sending=(repeated(5) or APPLICATION, repeated(6)),
        receiving=(repeated(3), repeated(4)),
        message_type=delimiters.component.join(kind) if message.event and number > LAST_PLAIN_ACK else "ACK",
        processing_id=repeated(11) or "P",
        version=repeated(12) if version == message.version else version,
        number=number,
        character_set=repeated(18),
        control_id=on_one_line(message.control_id, delimiters),
    )


def _written(header: _Header, code: str, issues: tuple[Issue, ...], now: datetime, answer_id: str) -> bytes:
    d = header.delimiters
    msh = [
        f"MSH{d.field}{d.encoding_characters}",
        *header.sending,
        *header.receiving,
        timestamp(now),
        "",
        header.message_type,
        control_id(answer_id),
        header.processing_id,
        header.version,
        *[""] * 5,
        header.character_set,
    ]
    told = _told(issues)
    msa = ["MSA", code, header.control_id, _summary(told, d)]
    errors = _errors if header.number >= OLDEST_WITH_ERR_2 else _old_errors
    lines = [msh, msa, *errors(told, d)]
    text = "".join(d.field.join(line).rstrip(d.field) + "\r" for line in lines)
    return text.encode(header.charset, "replace")


def _code(verdict: Verdict, issues: tuple[Issue, ...]) -> str:
    if verdict is not Verdict.REFUSED:
        return "AA"
    return "AR" if any(issue.refuses and _known(issue).ack == "AR" for issue in issues) else "AE"


def _told(issues: Iterable[Issue]) -> list[Issue]:
    """Errors, then warnings. What was merely left aside stands in the inbox."""
    spoken = [issue for issue in issues if issue.severity is not Severity.INFORMATION]
    return sorted(spoken, key=lambda issue: not issue.refuses)[:MAX_TOLD]


def _summary(told: list[Issue], delimiters: Delimiters) -> str:
    """MSA-3: the first error, at most the 80 characters of its type in old versions."""
    first = next((issue for issue in told if issue.refuses), None)
    if first is None:
        return ""
    return "temporary" if first.code == "temporary" else encode(first.text[:80], delimiters)


def _errors(told: list[Issue], d: Delimiters) -> list[list[str]]:
    """One ERR a problem: 2 location, 3 table 0357, 4 severity, 5 our code, 7 diagnostic, 8 text (v2.5 and newer)."""
    lines = []
    for issue in told:
        place = read_place(issue.at)
        number = _known(issue).hl7_0357
        what = d.component.join((number, TABLE_0357.get(number, ""), "HL70357"))
        severity = "E" if issue.refuses else "W"
        texts = [encode(text, d) for text in (issue.code, "", issue.at, issue.text)]
        lines.append(["ERR", "", _location(place, d), what, severity, *texts])
    return lines


def _old_errors(told: list[Issue], d: Delimiters) -> list[list[str]]:
    """One ERR, ERR-1 repeating: segment, sequence, field, code (v2.4 and older, which know no warnings)."""
    repetitions = []
    for issue in (issue for issue in told if issue.refuses):
        place = read_place(issue.at)
        number = _known(issue).hl7_0357
        what = d.subcomponent.join((number, TABLE_0357.get(number, ""), "HL70357"))
        where = (place.segment, str(place.number), str(place.field or "")) if place else ("", "", "")
        repetitions.append(d.component.join((*where, what)))
    return [["ERR", d.repetition.join(repetitions)]] if repetitions else []


def _location(place: Place | None, d: Delimiters) -> str:
    """ERL: `PID^1^3^2^1`, as far as it is known."""
    if place is None:
        return ""
    numbers = [place.number]
    if place.field:
        numbers += [place.field, place.repetition, place.component, place.subcomponent]
    return d.component.join([place.segment, *(str(number) for number in numbers if number)])


def _known(issue: Issue) -> IssueCode:
    return ISSUE_CODES.get(issue.code, _UNLISTED)


def on_one_line(raw: str, delimiters: Delimiters) -> str:
    """A field as it stands in the message, without what would end the line or the frame of the answer."""
    return _CONTROLS.sub(lambda found: encode(found[0], delimiters), raw)


def _version(stated: str) -> str:
    if not stated:
        return FLOOR_VERSION
    return stated if stated in VERSIONS else NEWEST_VERSION
