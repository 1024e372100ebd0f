"""HL7 v2 messages as a Norwegian hospital writes them; synthetic persons only (decision 20)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4


@dataclass(frozen=True, slots=True)
class Hospital:
    """Who sends: MSH-3, MSH-4 with its organisation number."""

    system: str
    name: str
    number: str


@dataclass(frozen=True, slots=True)
class Person:
    """Who it is about. `number`: national number with its id type; `municipality`: kommunenummer."""

    number: str
    family: str
    given: str
    born: str
    gender: str
    street: str
    postal: str
    city: str
    municipality: str
    number_type: str = "FNR"


ST_OLAVS = Hospital("DIPS", "St. Olavs hospital", "883974832")


def admission(person: Person, hospital: Hospital, visit: str, at: datetime, diagnosis: str = "") -> str:
    """ADT^A01; `diagnosis`: DG1-3."""
    pv1 = _stay(hospital, visit) | {44: _time(at)}
    segments = [_event(at), _pid(person), _segment("PV1", pv1), *_diagnoses(diagnosis, at)]
    return _message("ADT^A01^ADT_A01", hospital, at, segments)


def discharge(person: Person, hospital: Hospital, visit: str, times: tuple[datetime, datetime], to: str) -> str:
    """ADT^A03; `times`: admitted, discharged; `to`: where to (PV1-36 and -37: `rehab|Lian rehabilitering`)."""
    admitted, at = times
    disposition, _, destination = to.partition("|")
    pv1 = _stay(hospital, visit) | {36: disposition, 37: destination, 44: _time(admitted), 45: _time(at)}
    return _message("ADT^A03^ADT_A03", hospital, at, [_event(at), _pid(person), _segment("PV1", pv1)])


def death(person: Person, hospital: Hospital, at: datetime) -> str:
    """ADT^A08 without a stay: the person is dead (PID-29, -30)."""
    pid = _segment("PID", _identity(person) | {29: _time(at), 30: "Y"})
    return _message("ADT^A08^ADT_A01", hospital, at, [_event(at), pid])


def referral(person: Person, hospital: Hospital, visit: str, at: datetime, text: str) -> str:
    """REF^I12: a need for coordinated services; no receiver named, so the person's municipality gets it."""
    rf1 = {
        1: "P",
        2: "R",
        3: "KOORD^Behov for koordinerte tjenester^L",
        6: f"{uuid4().hex[:12]}^{hospital.system}",
        7: _time(at),
    }
    prd = {1: "RP", 2: "Lie^Ingrid", 5: "73800000^WPN^PH", 10: f"{hospital.name}^L^{hospital.number}^^^^ENH"}
    segments = [
        _segment("RF1", rf1),
        _segment("PRD", prd),
        _pid(person),
        _segment("PV1", _stay(hospital, visit)),
        _segment("NTE", {1: "1", 3: text}),
    ]
    return _message("REF^I12^REF_I12", hospital, at, segments)


def _stay(hospital: Hospital, visit: str) -> dict[int, str]:
    return {
        1: "1",
        2: "I",
        3: f"NEVRO^201^1^{hospital.name}",
        7: "^Lie^Ingrid^^^Dr",
        19: f"{visit}^^^{hospital.system}",
    }


def _event(at: datetime) -> str:
    return _segment("EVN", {2: _time(at)})


def _diagnoses(diagnosis: str, at: datetime) -> list[str]:
    return [_segment("DG1", {1: "1", 3: diagnosis, 5: _time(at), 6: "F"})] if diagnosis else []


def _segment(name: str, fields: dict[int, str]) -> str:
    return "|".join([name, *(fields.get(n, "") for n in range(1, max(fields) + 1))])


def _message(kind: str, hospital: Hospital, at: datetime, segments: list[str]) -> str:
    facility = f"{hospital.name}^{hospital.number}^ENH"
    control = uuid4().hex[:20]
    head = (
        f"MSH|^~\\&|{hospital.system}|{facility}|KNUTEPUNKT|KE|{_time(at)}||{kind}|{control}|T|2.5.1||||||UNICODE UTF-8"
    )
    return "\r".join([head, *segments]) + "\r"


def _pid(person: Person) -> str:
    return _segment("PID", _identity(person))


def _identity(person: Person) -> dict[int, str]:
    return {
        1: "1",
        3: f"{person.number}^^^{person.number_type}^{person.number_type}",
        5: f"{person.family}^{person.given}^^^^^L",
        7: person.born,
        8: person.gender,
        11: f"{person.street}^^{person.city}^^{person.postal}^NOR^H^^{person.municipality}",
    }


def _time(at: datetime) -> str:
    return at.strftime("%Y%m%d%H%M%S%z")
