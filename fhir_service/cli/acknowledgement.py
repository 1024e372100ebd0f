"""An HL7 v2 acknowledgement for a person to read: MSA and the ERR segments (hl7v2-mapping.md 12)."""

from collections.abc import Iterator
from dataclasses import dataclass

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mappings.hl7v2.parse import Segment, parse
from mappings.hl7v2.place import Place
from mappings.message import Endpoint

MEANINGS = {
    "AA": "accepted",
    "CA": "received",
    "AE": "refused, correct the message",
    "CE": "refused, correct the message",
    "AR": "refused, not served (or not now)",
    "CR": "refused, not served (or not now)",
}
"""HL7 table 0008"""
SEVERITIES = {"E": "error", "F": "error", "W": "warning", "I": "information"}
"""HL7 table 0516"""
_STYLES = {"error": "red", "warning": "yellow"}


@dataclass(frozen=True, slots=True)
class Remark:
    """One ERR segment."""

    severity: str
    place: str
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What a service answered. `code` is empty when it was no acknowledgement; then `text` says what it was."""

    code: str
    control_id: str
    """Of the message that is answered (MSA-2)."""
    text: str
    remarks: tuple[Remark, ...] = ()

    @property
    def accepted(self) -> bool:
        return self.code in ("AA", "CA")


def no_answer(reason: str) -> Acknowledgement:
    """What stands in the place of an answer that did not come."""
    return Acknowledgement("", "", reason)


def read_acknowledgement(body: bytes) -> Acknowledgement:
    """Read an answer; one that is no acknowledgement is told as such, never an exception."""
    message, _ = parse(body, Endpoint())
    msa = message.first("MSA") if message else None
    if message is None or msa is None:
        return no_answer(f"the answer is no HL7 acknowledgement ({len(body)} bytes)")
    remarks = tuple(remark for segment in message.all("ERR") for remark in _remarks(segment))
    return Acknowledgement(msa.value(1), msa.value(2), msa.value(3), remarks)


def _remarks(err: Segment) -> Iterator[Remark]:
    """ERR of version 2.5 and later; before, all stands in the repetitions of ERR-1: `PID^1^3^102&text&HL70357`."""
    for told in err.repetitions(1):
        place = _place(*(told.value(component) for component in (1, 2, 3)))
        yield Remark("error", place, told.value(4), told.value(4, 2))
    if err.field(3):
        place = _place(*(err.value(2, component) for component in range(1, 7)))
        code = " ".join(filter(None, (err.value(3), err.value(5))))
        yield Remark(SEVERITIES.get(err.value(4), err.value(4)), place or err.value(7), code, err.value(8))


def _place(segment: str, *rest: str) -> str:
    numbers = [int(part) if part.isdigit() else 0 for part in rest]
    number, field, repetition, component, subcomponent = (*numbers, *[0] * 5)[:5]
    return str(Place(segment, number or 1, field, repetition or 1, component, subcomponent)) if segment else ""


def show(console: Console, label: str, answer: Acknowledgement) -> None:
    """Print an answer: one line, and a table of its remarks if there are any."""
    style = "green" if answer.accepted else "red"
    line = Text(f"{label}  ")
    line.append(answer.code or "no answer", style=f"bold {style}")
    line.append(f"  {MEANINGS.get(answer.code, answer.text)}")
    if answer.control_id:
        line.append(f"  (control id {answer.control_id})", style="dim")
    console.print(line)
    if answer.code and answer.text and not any(remark.text == answer.text for remark in answer.remarks):
        console.print(Text(f"  {answer.text}"))
    if answer.remarks:
        console.print(_table(answer.remarks))


def _table(remarks: tuple[Remark, ...]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=True)
    for heading in ("severity", "where", "code", "what"):
        table.add_column(heading, overflow="fold")
    for remark in remarks:
        severity = Text(remark.severity, style=_STYLES.get(remark.severity, ""))
        table.add_row(severity, Text(remark.place), Text(remark.code), Text(remark.text))
    return table
