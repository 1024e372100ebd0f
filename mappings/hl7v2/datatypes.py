"""CWE, XPN, XAD and XTN to FHIR data types (hl7v2-mapping.md 4). Each takes one repetition with its place."""

import re
from typing import Any, Final

from mappings import codes
from mappings.hl7v2.datatypes_identifiers import OID_FORM, coding_of, period_of
from mappings.hl7v2.reading import Item, Reading
from profiles import names
from profiles.definitions import hl7_table
from profiles.r4_types import (
    Address,
    CodeableConcept,
    Coding,
    ContactPoint,
    ContactPointSystemCode,
    ContactPointUseCode,
    HumanName,
)
from profiles.resource import stated

CODINGS: Final = ((1, 2, 3, 7, 14), (4, 5, 6, 8, 17), (10, 11, 12, 13, 20))
"""CWE: code, text, system name, version, system OID of the three codings."""
CODE_SYSTEMS: Final = {
    **dict.fromkeys(("I10", "ICD10", "ICD-10", "7110", names.ICD_10.removeprefix(names.OID)), names.ICD_10),
    **dict.fromkeys(("ICPC2", "ICPC-2", "7170", names.ICPC_2.removeprefix(names.OID)), names.ICPC_2),
    **dict.fromkeys(("SCT", "SNM", "SNOMED", "SNOMED CT", names.SNOMED_CT_OID), names.SNOMED_CT),
    **dict.fromkeys(("LN", "LOINC", names.LOINC_OID), names.LOINC),
    **dict.fromkeys(("ISO3166_1", "ISO3166"), names.ISO_3166),
}
_HL7_TABLE: Final = re.compile(r"HL7-?(\d{4})", re.ASCII | re.IGNORECASE)
_MUNICIPALITY: Final = re.compile(r"\d{4}", re.ASCII)
EMAIL_FORMS: Final = frozenset({"INTERNET", "X.400"})


def concept(item: Item | None, reading: Reading, table: str = "") -> CodeableConcept | None:
    """A CWE/CE/CNE as CodeableConcept. `table`: HL7 table of the field, the system of a code that names none."""
    if item is None:
        return None
    found = [c for columns in CODINGS if (c := _coding(item, columns, reading, table))]
    text = item.part(9) or ("" if found else item.part(2))
    told: CodeableConcept = {"coding": found, "text": text}
    return stated(told) or None


def _coding(item: Item, columns: tuple[int, ...], reading: Reading, table: str) -> Coding | None:
    code, text, name, version, oid = (item.part(c) for c in columns)
    if not code or any(c.isspace() for c in code):
        return {"display": code} if code else None
    said = code_system(name, oid, reading) or (names.V2 + table if table and columns[0] == 1 else "")
    system = _whose(said, code, reading)
    found: Coding = {"system": system, "version": version, "code": code, "display": text}
    return stated(found)


def _whose(system: str, code: str, reading: Reading) -> str:
    """`system`, or the sender's own one for a code that is in no HL7 table: most tables are filled in by each site."""
    number = system.removeprefix(names.V2)
    table = hl7_table(number) if number != system else None
    return system if table is None or code.casefold() in table else reading.local(f"HL7{number}")


def code_system(name: str, oid: str, reading: Reading) -> str:
    """The system of a coding: the OID wins over the name; an unknown name is the sender's own system."""
    for said in (oid, name):
        if known := CODE_SYSTEMS.get(said.upper()):
            return known
        if OID_FORM.fullmatch(said):
            return names.OID + said
    table = _HL7_TABLE.fullmatch(name)
    if table:
        return names.V2 + table[1]
    return reading.local(name) if name else ""


def mapped(item: Item | None, name: str, reading: Reading) -> CodeableConcept | None:
    """A CWE with the coding of a concept map put before the original one (11)."""
    if item is None:
        return None
    table = codes.concept_map(name).source.removeprefix(names.V2)
    found = concept(item, reading, table)
    code = item.part(1)
    if not code or found is None:
        return found
    target, issue = codes.translate(name, code, item.at(1))
    if issue:
        reading.issues.append(issue)
    if target is None:
        return found
    original = [
        c for c in found.get("coding") or () if (c.get("system"), c.get("code")) != (target.system, target.code)
    ]
    return {**found, "coding": [coding_of(target), *original]}


def mapped_code(item: Item | None, name: str, reading: Reading, component: int = 1) -> Any:
    """The code of an element with a required binding; empty when there is none, with a warning when it is unknown.

    Which code it is, the map says: one of the value set of the element.
    """
    code = item.part(component) if item else ""
    if not item or not code:
        return ""
    target, issue = codes.translate(name, code, item.at(component))
    if issue:
        reading.issues.append(issue)
    return target.code if target else ""


def human_name(item: Item, reading: Reading, first: bool = False) -> HumanName | None:
    """An XPN as HumanName. `first`: the first name of a person is the official one unless its type says else."""
    found = human_name_of(item, family=1)
    if found is None:
        return None
    use = mapped_code(item, "v2-0200-name-use", reading, 7)  # XPN.7
    if first and not item.part(7):
        use = "official"
    found = {"use": use, **found, "period": period_of(item, (12, 13), reading)}  # XPN.12, .13
    return stated(found)


def human_name_of(item: Item, family: int = 2) -> HumanName | None:
    """The names in an XPN (`family` 1) or in an XCN (`family` 2, the components one further on)."""
    first, middle, after, before = (item.part(family + step) for step in (1, 2, 3, 4))  # XPN.2, .3, .4, .5
    # FN: .1 surname, else own prefix .2 and own surname .3
    surname = item.part(family, 1) or " ".join(p for p in (item.part(family, 2), item.part(family, 3)) if p)
    given = [p for p in (first, middle) if p]
    suffix = [after, item.part(6), item.part(14)] if family == 1 else [after, item.part(21)]
    found: HumanName = {"text": " ".join([*given, surname]).strip(), "family": surname, "given": given}
    if middle:  # Norwegian mellomnavn
        found["extension"] = [{"url": f"{names.NO_BASIS}/no-basis-middlename", "valueString": middle}]
    found["prefix"] = [p for p in (before,) if p]
    found["suffix"] = [p for p in suffix if p]
    return stated(found) if found["text"] else None


def address(item: Item, reading: Reading) -> Address | None:
    """An XAD as Address (no-basis-Address where a municipality number is given)."""
    found: Address = {
        "use": mapped_code(item, "v2-0190-address-use", reading, 7),  # XAD.7
        "type": _address_type(item.part(7)),
        "line": [p for p in (item.part(1, 1), item.part(2), item.part(19)) if p],  # XAD.1.1, .2, .19
        "city": item.part(3),  # XAD.3
        "state": item.part(4),  # XAD.4
        "postalCode": item.part(5),  # XAD.5
        "country": item.part(6),  # XAD.6
        **district(item.part(9)),  # XAD.9
    }
    if not any(v for k, v in found.items() if k not in ("use", "type", "country")):
        return None
    found["period"] = period_of(item, (13, 14), reading)  # XAD.13, .14
    return stated(found)


def _address_type(code: str) -> Any:
    """XAD.7 M and SH; an unknown code is told where the use is read."""
    target = codes.concept_map("v2-0190-address-type").target(code)
    return target.code if target else ""


def district(text: str) -> Address:
    """County or municipality of an address: a municipality number as no-basis-municipalitycode, else the text."""
    if not _MUNICIPALITY.fullmatch(text):
        return {"district": text} if text else {}
    coding: Coding = {"system": names.MUNICIPALITY, "code": text}
    return {"_district": {"extension": [{"url": f"{names.NO_BASIS}/no-basis-municipalitycode", "valueCoding": coding}]}}


def municipality_number(text: str) -> str:
    """The text if it has the form of a municipality number, else empty."""
    return text if _MUNICIPALITY.fullmatch(text) else ""


def contact_point(item: Item, reading: Reading, use: ContactPointUseCode | None = None) -> ContactPoint | None:
    """An XTN as ContactPoint; `use` when XTN.2 says nothing."""
    form = item.part(3).upper()
    value = _contact_value(item, form)
    if not value:
        return None
    system: ContactPointSystemCode = mapped_code(item, "v2-0202-telecom-system", reading, 3)
    otherwise: ContactPointSystemCode = "email" if "@" in value else "phone"
    said: ContactPointUseCode = mapped_code(item, "v2-0201-telecom-use", reading, 2)  # XTN.2
    found: ContactPoint = {
        "system": system or otherwise,
        "value": value,
        "use": "mobile" if form == "CP" else said or use,
    }
    if item.part(18).isdecimal() and int(item.part(18)) > 0:  # XTN.18
        found["rank"] = int(item.part(18))
    found["period"] = period_of(item, (13, 14), reading)  # XTN.13, .14
    return stated(found)


def _contact_value(item: Item, form: str) -> str:
    """XTN.4 for e-mail; else .12, .1, or country, area and local number joined."""
    if form in EMAIL_FORMS or (not form and item.part(4)):
        return item.part(4) or item.part(1)
    joined = " ".join(p for p in (f"+{item.part(5)}" if item.part(5) else "", item.part(6), item.part(7)) if p)
    if item.part(7) and item.part(8):
        joined += f" X{item.part(8)}"
    return item.part(12) or item.part(1) or (joined if item.part(7) else "") or item.part(4)
