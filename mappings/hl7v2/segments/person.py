"""PID and PD1 to Patient (hl7v2-mapping.md 9).  [PID[Patient]], [PD1[Patient]]

Not stored on purpose: PID-10, -17, -22 (race, religion, ethnicity: special categories nobody here needs), PD1-7, -8,
-15. Not mapped: PID-21, -23, -27, -32 to -39, PD1-1, -2, -5, -9 to -11, -13, -14, -16 and later.
"""

from typing import Final, TypeAlias

from mappings.hl7v2.datatypes import (
    address,
    concept,
    contact_point,
    district,
    human_name,
    mapped,
    mapped_code,
    municipality_number,
)
from mappings.hl7v2.datatypes_identifiers import CX, NATIONAL, PATIENT, Owner, identifier, keys_of, national_number
from mappings.hl7v2.parse import Segment
from mappings.hl7v2.proposals import Proposals, organization, practitioner
from mappings.hl7v2.reading import Item, Reading, first_item, items, nulled, value
from mappings.message import Key
from profiles import names
from profiles.national_ids import parse_national_id
from profiles.r4_types import (
    Address,
    AdministrativeGenderCode,
    Coding,
    ContactPoint,
    ContactPointUseCode,
    Extension,
    HumanName,
    Identifier,
    Meta,
    Patient,
    PatientCommunication,
    Reference,
)
from profiles.resource import stated

Fields: TypeAlias = tuple[tuple[int, ContactPointUseCode | None], ...]
"""XTN fields with the use that each of them says."""
MATCHING_TYPES: Final = frozenset({"", "MR", "PI", "PT", "HNR"})
"""CX.5 of numbers that name a patient at the sender for good; others (account, licence ..) match nobody."""
CLEARS: Final = (
    (5, "name"),
    (7, "birthDate"),
    (8, "gender"),
    (11, "address"),
    (15, "communication"),
    (16, "maritalStatus"),
    (24, "multipleBirthBoolean"),
    (25, "multipleBirthInteger"),
    (29, "deceasedDateTime"),
    (30, "deceasedBoolean"),
)
TELECOM: Final[Fields] = ((13, "home"), (14, "work"), (40, None))
IDENTITY_UNKNOWN: Final[Coding] = {"system": names.TAG, "code": "identity-unknown"}
RESTRICTED: Final[Coding] = {"system": names.V3_CONFIDENTIALITY, "code": "R", "display": "restricted"}


def patient(found: Proposals) -> tuple[Key, Patient, tuple[str, ...]]:
    """The Patient's key, values and cleared paths; an empty key when no identifier can be used."""
    reading = found.reading
    pid = reading.message.first("PID")
    pd1 = reading.message.first("PD1")
    said = _identifiers(pid, reading)
    hidden = is_protected(pd1)
    values: Patient = {
        "resourceType": "Patient",
        "meta": _meta(pid, hidden),
        "extension": _extensions(pid, pd1, reading),
        "identifier": [i for i, _ in said],
        "name": _names(pid, reading),
        "telecom": [] if hidden else telecom(pid, TELECOM, reading),
        **_birth(pid, reading),
        "gender": gender(pid, 8, reading),
        **_death(pid, reading),
        "address": [] if hidden else _addresses(pid, reading),
        "maritalStatus": mapped(first_item(pid, 16), "v2-0002-marital-status", reading),
        "communication": languages(pid, 15, reading),
        "generalPractitioner": _general_practitioner(pd1, found),
    }
    _compare(said, values, reading)
    key = Key(_matching(said))
    told = stated(values)
    return key, told, (*nulled(pid, CLEARS), *_cleared(pid, told, hidden))


def _meta(pid: Segment | None, hidden: bool) -> Meta:
    """PD1-12 as security label, PID-31 (identity unknown) as tag."""
    unknown = value(pid, 31).upper() == "Y"
    meta: Meta = {"security": [RESTRICTED] if hidden else None, "tag": [IDENTITY_UNKNOWN] if unknown else None}
    return stated(meta)


def is_protected(pd1: Segment | None) -> bool:
    """PD1-12 = Y: the address is protected; neither it nor telecom is stored."""
    return value(pd1, 12).upper() == "Y"


def _identifiers(pid: Segment | None, reading: Reading) -> list[tuple[Identifier, str]]:
    """PID-3, -2, -4, -19, -20 as Identifiers, each with its v2 type."""
    said = [(i, item.part(5).upper()) for n in (3, 2, 4) for item in items(pid, n) if (i := _cx(item, reading))]
    said += [(i, "SS") for item in items(pid, 19)[:1] if (i := person_number(item, PATIENT, reading))]  # PID-19
    if licence := value(pid, 20):  # PID-20
        coding: Coding = {"system": names.V2 + "0203", "code": "DL"}
        said.append(({"system": reading.local("DL"), "value": licence, "type": {"coding": [coding]}}, "DL"))
    unique = {keys_of([i]): (i, kind) for i, kind in reversed(said)}
    return list(reversed(unique.values()))


def _cx(item: Item, reading: Reading) -> Identifier | None:
    return identifier(item, CX, PATIENT, reading)


def person_number(item: Item, owner: Owner, reading: Reading) -> Identifier | None:
    """A field that holds a national number without saying so (PID-19, NK1-37): the number tells its type."""
    digits = item.part(1)
    accepted = reading.endpoint.synthetic_persons
    if number := parse_national_id(digits, synthetic=accepted):
        return {"system": number.system, "value": number.value}
    if len("".join(c for c in digits if c.isdecimal())) == 11:
        say = reading.refuse if owner.refuses else reading.warn
        say("bad-check-digit", item.at(1), "The national number has wrong check digits; nothing is kept under it.")
        return None
    return {"system": reading.local("SS"), "value": digits} if digits else None


def _matching(said: list[tuple[Identifier, str]]) -> tuple[tuple[str, str], ...]:
    """National numbers first, then the sender's own patient numbers; without any of these, whatever there is."""
    national = [i for i, _ in said if i["system"] in NATIONAL]
    own = [i for i, kind in said if kind in MATCHING_TYPES and i not in national]
    return keys_of((national + own) or [i for i, _ in said])


def _names(pid: Segment | None, reading: Reading) -> list[HumanName]:
    """PID-5 and PID-9; the first name without type is the official one."""
    own = [n for k, item in enumerate(items(pid, 5)) if (n := human_name(item, reading, first=k == 0))]
    return own + [n for item in items(pid, 9) if (n := human_name(item, reading))]


def telecom(segment: Segment | None, fields: Fields, reading: Reading) -> list[ContactPoint]:
    """XTN fields as ContactPoints, each once; the field tells the use where XTN.2 does not."""
    found = [c for n, use in fields for item in items(segment, n) if (c := contact_point(item, reading, use))]
    return [c for k, c in enumerate(found) if c not in found[:k]]


def _birth(pid: Segment | None, reading: Reading) -> Patient:
    """PID-7, PID-24, PID-25."""
    told: Patient = {}
    when = reading.time_of(pid, 7, critical=True)
    if when:
        told["birthDate"] = when.date
        if when.has_time:
            extension: Extension = {"url": f"{names.HL7_EXTENSION}/patient-birthTime", "valueDateTime": when.value}
            told["_birthDate"] = {"extension": [extension]}
    if value(pid, 25).isdecimal():
        told["multipleBirthInteger"] = int(value(pid, 25))
    elif value(pid, 24).upper() in ("Y", "N"):
        told["multipleBirthBoolean"] = value(pid, 24).upper() == "Y"
    return told


def gender(segment: Segment | None, number: int, reading: Reading) -> AdministrativeGenderCode | None:
    """Table 0001; a code that is not in it becomes `unknown`, with a warning."""
    item = first_item(segment, number)
    if item is None or not item.part(1):
        return None
    told: AdministrativeGenderCode = mapped_code(item, "v2-0001-administrative-gender", reading)
    return told or "unknown"


def _death(pid: Segment | None, reading: Reading) -> Patient:
    """PID-29, else PID-30."""
    when = reading.time_of(pid, 29)
    if when:
        return {"deceasedDateTime": when.value}
    said = value(pid, 30).upper()
    return {"deceasedBoolean": said == "Y"} if said in ("Y", "N") else {}


def _addresses(pid: Segment | None, reading: Reading) -> list[Address]:
    """PID-11; PID-12 is the district of the first address when PID-11.9 is empty."""
    found = [a for item in items(pid, 11) if (a := address(item, reading))]
    county = district(value(pid, 12))
    if not found:
        return [county] if county else []
    if not (found[0].keys() & {"district", "_district"}):
        found[0] = {**found[0], **county}
    return found


def languages(segment: Segment | None, number: int, reading: Reading) -> list[PatientCommunication]:
    """The preferred language."""
    said = mapped(first_item(segment, number), "v2-0296-language", reading)
    return [{"language": said, "preferred": True}] if said else []


def _extensions(pid: Segment | None, pd1: Segment | None, reading: Reading) -> list[Extension]:
    """PID-6, -26, -28, PD1-6."""
    found: list[Extension] = []
    if (item := first_item(pid, 6)) and (name := human_name(item, reading)):
        url = f"{names.HL7_EXTENSION}/patient-mothersMaidenName"
        found.append({"url": url, "valueString": name.get("family") or name["text"]})
    for number, extension in ((26, "patient-citizenship"), (28, "patient-nationality")):
        for item in items(pid, number):
            if code := concept(item, reading):
                inner: Extension = {"url": "code", "valueCodeableConcept": code}
                found.append({"url": f"{names.HL7_EXTENSION}/{extension}", "extension": [inner]})
    if handicap := concept(first_item(pd1, 6), reading, "0295"):
        found.append({"url": f"{names.HL7_EXTENSION}/patient-disability", "valueCodeableConcept": handicap})
    return found


def _general_practitioner(pd1: Segment | None, found: Proposals) -> list[Reference]:
    """PD1-4 (fastlege), PD1-3 (her or his office)."""
    who = [r for item in items(pd1, 4) if (r := practitioner(item, found))]
    return who + [r for item in items(pd1, 3) if (r := organization(item, found))]


def _compare(said: list[tuple[Identifier, str]], values: Patient, reading: Reading) -> None:
    """Number against PID-7 and PID-8 (6.1)."""
    number = national_number([i for i, _ in said], reading)
    if number is None:
        return
    born = values.get("birthDate") or ""
    if number.birth_date and len(born) == 10 and born != number.birth_date.isoformat():
        reading.warn("birthdate-mismatch", "PID-7", "The date of birth is not that of the national number.")
    if number.sex and values["gender"] in ("female", "male") and values["gender"] != number.sex:
        reading.warn("birthdate-mismatch", "PID-8", "The sex is not that of the national number.")


def _cleared(pid: Segment | None, told: Patient, hidden: bool) -> tuple[str, ...]:
    """What must go because something else is stated now: the other half of a choice, a protected address."""
    paths = ["address", "telecom"] if hidden else []
    if not hidden and pid and any(pid.is_null(n) for n, _ in TELECOM) and "telecom" not in told:
        paths.append("telecom")
    for one, other in (("deceasedBoolean", "deceasedDateTime"), ("multipleBirthBoolean", "multipleBirthInteger")):
        paths += [gone for kept, gone in ((one, other), (other, one)) if kept in told]
    return tuple(paths)


def residence(pid: Segment | None) -> dict[str, str]:
    """Facts for routing: `municipality` (PID-11.9, else PID-12) and `district`. Kept nowhere."""
    said = [text for item in items(pid, 11) if item.part(7).upper() != "BA" and (text := item.part(9))]
    numbers = [n for text in (*said, value(pid, 12)) if (n := municipality_number(text))]
    names_ = [text for text in (*said, value(pid, 12)) if text and not municipality_number(text)]
    return {k: v[0] for k, v in (("municipality", numbers), ("district", names_)) if v}
