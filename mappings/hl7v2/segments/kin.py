"""NK1 to RelatedPerson and Patient.contact (hl7v2-mapping.md 9).  [NK1[RelatedPerson]], [NK1[Patient]]

Not mapped: NK1-10 to -12, -14, -17 to -19, -21 to -32, -34 to -36, -38, -39, -41.
"""

from typing import Final, TypedDict

from mappings.hl7v2.datatypes import address, human_name, mapped
from mappings.hl7v2.datatypes_identifiers import CX, PERSON, identifier
from mappings.hl7v2.parse import Segment
from mappings.hl7v2.proposals import Proposals, organization, reference
from mappings.hl7v2.reading import Reading, first_item, items, nulled, value
from mappings.hl7v2.segments.person import Fields, gender, is_protected, languages, person_number, telecom
from mappings.message import Key, Proposal
from mappings.natural_keys import natural_key
from profiles.r4_types import (
    Address,
    AdministrativeGenderCode,
    CodeableConcept,
    ContactPoint,
    HumanName,
    PatientContact,
    Period,
    RelatedPerson,
)
from profiles.resource import stated

NOT_PERSONS: Final = frozenset({"EMR", "E", "F", "I", "S"})
"""NK1-3 of employers, insurers and authorities."""
EMERGENCY: Final = frozenset({"C", "EP"})
CLEARS: Final = ((4, "address"), (15, "gender"), (16, "birthDate"), (20, "communication"))
TELECOM: Final[Fields] = ((5, None), (6, "work"), (40, None))


class Told(TypedDict):
    """What a RelatedPerson and a Patient.contact both take over."""

    relationship: list[CodeableConcept]
    name: list[HumanName]
    telecom: list[ContactPoint]
    gender: AdministrativeGenderCode | None
    address: list[Address]
    period: Period


def related_persons(found: Proposals) -> list[PatientContact]:
    """Propose a RelatedPerson per NK1; gives the Patient.contact elements that the same segments state."""
    message = found.reading.message
    hidden = is_protected(message.first("PD1"))
    contacts = []
    for nk1 in message.all("NK1"):
        told = _told(nk1, found.reading, hidden)
        if value(nk1, 3).upper() not in NOT_PERSONS:
            _related_person(nk1, told, found)
        if contact := _contact(nk1, told, found):
            contacts.append(contact)
    return contacts


def _told(nk1: Segment, reading: Reading, hidden: bool) -> Told:
    """What both resources take over."""
    start, end = reading.time_of(nk1, 8), reading.time_of(nk1, 9)
    roles = (("v2-0063-relationship", 3), ("v2-0131-contact-role", 7))
    return {
        "relationship": [c for name, n in roles if (c := mapped(first_item(nk1, n), name, reading))],
        "name": [n for item in items(nk1, 2) if (n := human_name(item, reading))],
        "telecom": telecom(nk1, TELECOM, reading),
        "gender": gender(nk1, 15, reading),
        "address": [] if hidden else [a for item in items(nk1, 4) if (a := address(item, reading))],
        "period": reading.period(start, end, nk1.at(8)),
    }


def _related_person(nk1: Segment, told: Told, found: Proposals) -> None:
    reading = found.reading
    if not told["name"]:
        reading.warn("field-required", nk1.at(2), "A next of kin without a name was left out.")
        return
    born = reading.time_of(nk1, 16)
    said = [i for item in items(nk1, 33) if (i := identifier(item, CX, PERSON, reading))]  # NK1-33
    said += [i for item in items(nk1, 37)[:1] if (i := person_number(item, PERSON, reading))]  # NK1-37
    values: RelatedPerson = {
        "resourceType": "RelatedPerson",
        "identifier": [i for k, i in enumerate(said) if i not in said[:k]],
        "active": True,
        "patient": reference("patient"),
        "relationship": told["relationship"],
        "name": told["name"],
        "telecom": told["telecom"],
        "gender": told["gender"],
        "address": told["address"],
        "period": told["period"],
        "birthDate": born.date if born else None,
        "communication": languages(nk1, 20, reading),
    }
    values = stated(values)
    hidden = is_protected(reading.message.first("PD1"))
    cleared = (*nulled(nk1, CLEARS), *(("address",) if hidden else ()))
    key = Key(natural=natural_key(values), within=(("patient", "patient"),))
    if found.numbered("related-person", Proposal("", key, values, cleared=cleared)) is None:
        reading.aside("unmapped", nk1.at(), "The same next of kin is named twice; the first one was kept.")


def _contact(nk1: Segment, told: Told, found: Proposals) -> PatientContact | None:
    """Patient.contact of those to call (NK1-7 C or EP, NK1-3 EMC) and of organisations (NK1-13)."""
    item = first_item(nk1, 13)
    office = organization(item, found) if item else None
    calls = value(nk1, 7).upper() in EMERGENCY or value(nk1, 3).upper() == "EMC"
    if not (calls and told["name"]) and office is None:
        return None
    contact: PatientContact = {
        "relationship": told["relationship"],
        "name": next(iter(told["name"]), None),
        "telecom": told["telecom"],
        "address": next(iter(told["address"]), None),
        "gender": told["gender"],
        "organization": office,
        "period": told["period"],
    }
    return stated(contact)
