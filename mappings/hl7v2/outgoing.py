r"""Feedback to a referrer as RRI^I12, built and checked with hl7apy (decision 22, workflow.md 11; HL7 v2.5 11.3.1).

| Payload | Field |
|---|---|
| training | MSH-11: T, else P |
| status | RF1-1 (table 0283) |
| referral | RF1-6: the referrer's own id, as it came |
| case_number | RF1-11 |
| coordinator | PRD, role CP: PRD-2 name, PRD-4.9 unit, PRD-5 phone |
| ke | PRD, role RT: PRD-4.9 name, PRD-5 phone, PRD-7 organisation number |
| patient | PID-3, PID-5 |
| text, outcome | NTE-3 (an NTE a line), NTE-4 |

v2.5, so that the oldest systems that know RRI can read it: a unit has no field of its own there (PRD-10 is of v2.7).
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Final
from urllib.parse import unquote

from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.core import Message
from hl7apy.exceptions import HL7apyException

from mappings.feedback import CoordinatorValue, FeedbackPayload, IdentifierValue, PatientValue, UnitValue
from mappings.hl7v2.ack import APPLICATION, control_id, timestamp
from mappings.hl7v2.escapes import Delimiters, encode
from mappings.message import Issue, error
from mappings.sources import HL7V2
from profiles import names

VERSION: Final = "2.5"
_D: Final = Delimiters()
_STATUS: Final = {"P": "Pending", "A": "Accepted", "R": "Rejected", "E": "Expired"}
_PERSON_TYPES: Final = {names.FNR: "FNR", names.DNR: "DNR", names.FHN: "FHN", names.DUF: "DUF"}
_NO_NAMESPACE: Final = "rf1"
"""Last part of the system of an id that came without an assigning authority (`datatypes_identifiers`)."""
_Field = tuple[str, str]


def build(payload: FeedbackPayload, destination: str, now: datetime, unique: str) -> tuple[bytes, tuple[Issue, ...]]:
    """The message in UTF-8, and what keeps it from being sent.

    `destination`: MSH-3|MSH-4 of the one it goes to; `unique`: a UUID for MSH-10, the same on every repeat.
    """
    try:
        # Tolerant of lengths only: names of units and of senders outgrow the 20 characters that v2.5 gives an HD.
        message = Message("RRI_I12", version=VERSION, validation_level=VALIDATION_LEVEL.TOLERANT)
        _fill(message.msh, _msh(payload, destination, now, unique))
        _fill(message.rf1, _rf1(payload, now))
        for fields in _providers(payload):
            _fill(message.add_group("RRI_I12_PROVIDER_CONTACT").add_segment("PRD"), fields)
        _fill(message.pid, _pid(payload["patient"]))
        for fields in _notes(payload):
            _fill(message.add_segment("NTE"), fields)
        message.validate()
        return str(message.to_er7()).encode(), ()
    except (HL7apyException, KeyError) as problem:
        said = f"The feedback cannot be written as RRI^I12: {type(problem).__name__}."
        return b"", (error("not-representable", "RRI^I12", said),)


def _fill(segment: object, fields: Iterator[_Field]) -> None:
    """Set fields by name; empty ones are left out."""
    for name, value in fields:
        if value:
            setattr(segment, name, value)


def _msh(payload: FeedbackPayload, destination: str, now: datetime, unique: str) -> Iterator[_Field]:
    application, _, facility = destination.partition("|")
    organization = payload["ke"].get("identifier", {}).get("value", "")
    yield "msh_3", APPLICATION
    yield "msh_4", _said(organization or payload["ke"]["name"])
    # Already in the receiver's own words, delimiters included.
    yield "msh_5", application
    yield "msh_6", facility
    yield "msh_7", timestamp(now)
    yield "msh_9", "RRI^I12^RRI_I12"
    yield "msh_10", control_id(unique)
    yield "msh_11", "T" if payload.get("training") else "P"
    yield "msh_12", VERSION
    yield "msh_18", "UNICODE UTF-8"


def _rf1(payload: FeedbackPayload, now: datetime) -> Iterator[_Field]:
    status = payload["status"]
    yield "rf1_1", _components(status, _STATUS[status], "HL70283")
    yield "rf1_6", _entity(payload["referral"])
    yield "rf1_9", timestamp(now)
    yield "rf1_11", _components(payload["case_number"], APPLICATION)


def _providers(payload: FeedbackPayload) -> Iterator[Iterator[_Field]]:
    coordinator = payload.get("coordinator")
    if coordinator:
        yield _coordinator(coordinator)
    yield _unit(payload["ke"])


def _coordinator(who: CoordinatorValue) -> Iterator[_Field]:
    yield "prd_1", _components("CP", "Consulting Provider", "HL70286", "", who.get("role", "Koordinator"))
    given, _, family = who["name"].rpartition(" ")
    yield "prd_2", _components(family, given)
    yield "prd_4", _place(who.get("unit", ""))
    yield "prd_5", _phone(who.get("phone", ""))


def _unit(unit: UnitValue) -> Iterator[_Field]:
    yield "prd_1", _components("RT", "Referred to Provider", "HL70286", "", "Koordinerende enhet")
    yield "prd_4", _place(unit["name"])
    yield "prd_5", _phone(unit.get("phone", ""))
    identifier = unit.get("identifier")
    if identifier:
        yield "prd_7", _components(identifier["value"], "ENH" if identifier.get("system") == names.ENH else "")


def _pid(patient: PatientValue) -> Iterator[_Field]:
    system = patient.get("system", "")
    kind = _PERSON_TYPES.get(system, "")
    _, *authority = _entity({"value": "", "system": system}).split(_D.component)
    yield "pid_3", _joined(encode(patient["identifier"], _D), "", "", _D.subcomponent.join(authority), kind or "MR")
    # PID-5 is required; U is the code for a name that is not stated.
    name = _components(patient.get("family", ""), patient.get("given", ""), *[""] * 4, "L")
    yield "pid_5", name if patient.get("family") else _components(*[""] * 6, "U")


def _notes(payload: FeedbackPayload) -> Iterator[Iterator[_Field]]:
    """An NTE a line: hl7apy would escape the `\\.br\\` of a line break once more."""
    outcome = payload.get("outcome", "")
    lines = [line for line in payload.get("text", "").splitlines() if line.strip()]
    for number, line in enumerate(lines or ([""] if outcome else []), start=1):
        yield _note(number, line, outcome if number == 1 else "")


def _note(number: int, line: str, outcome: str) -> Iterator[_Field]:
    yield "nte_1", str(number)
    yield "nte_3", _said(line)
    yield "nte_4", _components(outcome, "", APPLICATION) if outcome else ""


def _entity(identifier: IdentifierValue) -> str:
    """An EI: value, namespace, universal id and its type, back from the system that was made of them."""
    value, system = identifier["value"], identifier.get("system", "")
    if system.startswith(names.OID):
        return _components(value, "", system.removeprefix(names.OID), "ISO")
    if system.startswith(HL7V2):
        namespace = unquote(system.rpartition(":")[2])
        return _components(value, "" if namespace == _NO_NAMESPACE else namespace)
    if system.startswith("urn:uuid:"):
        return _components(value, "", system.removeprefix("urn:uuid:"), "UUID")
    return _components(value, "", system, "URI") if system else _components(value)


def _place(name: str) -> str:
    """A PL by its description (PL.9)."""
    return _components(*[""] * 8, name) if name else ""


def _phone(number: str) -> str:
    """An XTN: a phone at work."""
    return _components(number, "WPN", "PH") if number else ""


def _said(text: str) -> str:
    return encode(text, _D)


def _components(*values: str) -> str:
    return _joined(*(encode(value, _D) for value in values))


def _joined(*written: str) -> str:
    return _D.component.join(written).rstrip(_D.component)
