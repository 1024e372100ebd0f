"""NK1 to RelatedPerson and Patient.contact (hl7v2-mapping.md 9).  [NK1[RelatedPerson]], [NK1[Patient]]

Not mapped: NK1-10 to -12, -14, -17 to -19, -21 to -32, -34 to -36, -38, -39, -41.
"""

from typing import Final

from mappings.hl7v2.datatypes import address, human_name, mapped
from mappings.hl7v2.datatypes_identifiers import CX, PERSON, identifier
from mappings.hl7v2.parse import Segment
from mappings.hl7v2.proposals import Proposals, organization, reference
from mappings.hl7v2.reading import Reading, first_item, items, nulled, value
from mappings.hl7v2.segments.person import gender, is_protected, languages, person_number, telecom
from mappings.message import Key, Proposal
from mappings.natural_keys import natural_key
from profiles.resource import Resource

NOT_PERSONS: Final = frozenset({"EMR", "E", "F", "I", "S"})
"""NK1-3 of employers, insurers and authorities."""
EMERGENCY: Final = frozenset({"C", "EP"})
CLEARS: Final = ((4, "address"), (15, "gender"), (16, "birthDate"), (20, "communication"))
TELECOM: Final = ((5, ""), (6, "work"), (40, ""))


def related_persons(found: Proposals) -> list[Resource]:
    """Propose a RelatedPerson per NK1; gives the Patient.contact elements that the same segments state."""
    message = found.reading.message
    hidden = is_protected(message.first("PD1"))
    contacts = []
    for nk1 in message.all("NK1"):
        stated = _stated(nk1, found.reading, hidden)
        if value(nk1, 3).upper() not in NOT_PERSONS:
            _related_person(nk1, stated, found)
        if contact := _contact(nk1, stated, found):
            contacts.append(contact)
    return contacts


def _stated(nk1: Segment, reading: Reading, hidden: bool) -> Resource:
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


def _related_person(nk1: Segment, stated: Resource, found: Proposals) -> None:
    reading = found.reading
    if not stated["name"]:
        reading.warn("field-required", nk1.at(2), "A next of kin without a name was left out.")
        return
    born = reading.time_of(nk1, 16)
    said = [i for item in items(nk1, 33) if (i := identifier(item, CX, PERSON, reading))]  # NK1-33
    said += [i for item in items(nk1, 37)[:1] if (i := person_number(item, PERSON, reading))]  # NK1-37
    values = {
        "resourceType": "RelatedPerson",
        "identifier": [i for k, i in enumerate(said) if i not in said[:k]],
        "active": True,
        "patient": reference("patient"),
        **stated,
        "birthDate": born.date if born else "",
        "communication": languages(nk1, 20, reading),
    }
    values = {k: v for k, v in values.items() if v}
    hidden = is_protected(reading.message.first("PD1"))
    cleared = (*nulled(nk1, CLEARS), *(("address",) if hidden else ()))
    key = Key(natural=natural_key(values), within=(("patient", "patient"),))
    if found.numbered("related-person", Proposal("", key, values, cleared=cleared)) is None:
        reading.aside("unmapped", nk1.at(), "The same next of kin is named twice; the first one was kept.")


def _contact(nk1: Segment, stated: Resource, found: Proposals) -> Resource | None:
    """Patient.contact of those to call (NK1-7 C or EP, NK1-3 EMC) and of organisations (NK1-13)."""
    item = first_item(nk1, 13)
    office = organization(item, found) if item else None
    calls = value(nk1, 7).upper() in EMERGENCY or value(nk1, 3).upper() == "EMC"
    if not (calls and stated["name"]) and office is None:
        return None
    contact = {
        "relationship": stated["relationship"],
        "name": next(iter(stated["name"]), None),
        "telecom": stated["telecom"],
        "address": next(iter(stated["address"]), None),
        "gender": stated["gender"],
        "organization": office,
        "period": stated["period"],
    }
    return {k: v for k, v in contact.items() if v}
