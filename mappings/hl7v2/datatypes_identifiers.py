"""CX, XCN.1, XON.3/.10, PLN, EI and HD to Identifier and system (hl7v2-mapping.md 4 and 6.1).

Things that bite: an eleven-digit number is only a national number when something says so or its check digits hold; a
number with wrong check digits must never name a patient.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from mappings import codes
from mappings.hl7v2.reading import Item, Reading
from profiles import names
from profiles.issues import Issue, error, warning
from profiles.national_ids import (
    IdProblem,
    NationalId,
    is_organization_number,
    parse_duf,
    parse_national_id,
    why_not,
)
from profiles.r4_types import CodeableConcept, Coding, Identifier, Period
from profiles.resource import stated

OID_FORM: Final = re.compile(r"[0-2](\.\d+){2,}", re.ASCII)
TYPES: Final = {
    **dict.fromkeys(("FNR", "NNNOR", "NI", "NN"), names.FNR),
    **dict.fromkeys(("DNR",), names.DNR),
    **dict.fromkeys(("FHN",), names.FHN),
    **dict.fromkeys(("DUF",), names.DUF),
    **dict.fromkeys(("HPR",), names.HPR),
    **dict.fromkeys(("ENH", "ORGNR"), names.ENH),
    **dict.fromkeys(("RESH", "RSH"), names.RESH),
    **dict.fromkeys(("HER", "HERID", "HER-ID"), names.HER_ID),
}
"""CX.5, XCN.13, XON.7, PLN.2 -> system."""
AUTHORITIES: Final = {
    **TYPES,
    **dict.fromkeys(("FOLKEREGISTERET", "FREG", "SKATTEETATEN", "SKATTEDIREKTORATET", "SKATT"), names.FNR),
    **dict.fromkeys(("BRREG", "BRØNNØYSUNDREGISTRENE", "ENHETSREGISTERET"), names.ENH),
}
"""CX.4.1 -> system."""
BY_FORM: Final = frozenset({"NNNOR", "NI", "NN", ""})
"""Types that say 'national number', not which one: the number's form tells."""
NORWEGIAN: Final = (names.NATIONAL, names.HER_ID)
"""Systems that say themselves what the number is and who hands it out."""
NATIONAL: Final = frozenset({names.FNR, names.DNR, names.FHN})


@dataclass(frozen=True, slots=True)
class Columns:
    """Which component of a data type holds what; 0: none."""

    value: int = 1
    authority: int = 0
    type: int = 0
    check_digit: int = 0
    start: int = 0
    end: int = 0


CX: Final = Columns(1, authority=4, type=5, check_digit=2, start=7, end=8)
XCN: Final = Columns(1, authority=9, type=13, check_digit=11)
XON: Final = Columns(3, authority=6, type=7, check_digit=4)
XON_10: Final = Columns(10, authority=6, type=7)
PLN: Final = Columns(1, type=2, end=4)


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose identifiers these are, and what a wrong national number means for them."""

    name: str
    refuses: bool = False
    organization: bool = False
    person: bool = True
    """Whether a number that says nothing about itself may be a national one."""

    def system(self, kind: str, reading: Reading) -> str:
        """The sender's own system for a number without authority."""
        return reading.local(kind if kind and (self.person or self.organization) else self.name)


PATIENT: Final = Owner("patient", refuses=True)
PERSON: Final = Owner("person")
ORGANIZATION: Final = Owner("organization", organization=True, person=False)
VISIT: Final = Owner("visit", person=False)


def identifier(item: Item, columns: Columns, owner: Owner, reading: Reading) -> Identifier | None:
    """The Identifier behind a repetition; None when it is empty or must not be used."""
    value = item.part(columns.value)
    if not value:
        return None
    kind = item.part(columns.type).upper() if columns.type else ""
    claimed = _claimed(item, columns, kind, reading)
    system, value = _settled(item, (claimed, kind, value), columns, owner, reading)
    if not system:
        return None
    found: Identifier = {"system": system, "value": value}
    if kind and not system.startswith(NORWEGIAN):
        found["type"] = _type(kind, item.at(columns.type), reading)
    return _with_details(found, item, columns, reading)


def _claimed(item: Item, columns: Columns, kind: str, reading: Reading) -> str:
    """The system that authority and type state (6.1); empty when nothing does. An OID wins over all."""
    name, uid, form = (item.part(columns.authority, s) if columns.authority else "" for s in (1, 2, 3))
    oid = next((text.removeprefix(names.OID) for text in (uid, name) if OID_FORM.fullmatch(text)), "")
    if oid:
        return names.OID + oid
    return TYPES.get(kind) or AUTHORITIES.get(name.upper()) or hd_system((name, uid, form), reading)


def _settled(
    item: Item, said: tuple[str, str, str], columns: Columns, owner: Owner, reading: Reading
) -> tuple[str, str]:
    """System and value after the check digits are looked at; an empty system: leave it out."""
    claimed, kind, value = said
    at = item.at(columns.value)
    if claimed in NATIONAL:
        return _national((claimed, kind, value), at, owner, reading)
    if claimed == names.DUF:
        duf = parse_duf(value)
        return (names.DUF, duf.value) if duf else (reading.local("DUF"), value)
    bare = re.sub(r"[\s.]", "", value)
    if claimed == names.ENH or (owner.organization and not claimed and not kind):
        if is_organization_number(bare):
            return names.ENH, bare
        if claimed:
            reading.warn("bad-check-digit", at, "This is no organisation number; it was kept as the sender's own.")
        return owner.system(kind, reading), value
    if not claimed and not kind and owner.person:
        guessed = parse_national_id(value, synthetic=reading.endpoint.synthetic_persons, form_2032=False)
        if guessed:
            reading.issues.append(_guessed(at))
            return guessed.system, guessed.value
    return claimed or owner.system(kind, reading), value


def _national(said: tuple[str, str, str], at: str, owner: Owner, reading: Reading) -> tuple[str, str]:
    claimed, kind, value = said
    accepted = reading.endpoint.synthetic_persons
    number = parse_national_id(value, synthetic=accepted)
    if number is None:
        reading.issues.append(_wrong_number(why_not(value, synthetic=accepted), at, owner))
        return "", ""
    if number.system != claimed and kind not in BY_FORM:
        reading.issues.append(_guessed(at))
    return number.system, number.value


def _wrong_number(problem: IdProblem | None, at: str, owner: Owner) -> Issue:
    say = error if owner.refuses else warning
    if problem is IdProblem.TEST_PERSON:
        return say("test-person", at, "The number is that of a test person; none are accepted here.")
    return say("bad-check-digit", at, "The national number has wrong check digits; nothing is kept under it.")


def _guessed(at: str) -> Issue:
    said = "What kind of national number this is was told by its form, not by its type."
    return warning("identifier-type-guessed", at, said)


def _type(kind: str, at: str, reading: Reading) -> CodeableConcept:
    target, issue = codes.translate("v2-0203-identifier-type", kind, at)
    if target is None:
        if issue and kind not in TYPES:
            reading.issues.append(issue)
        return {"text": kind}
    return {"coding": [coding_of(target)]}


def _with_details(found: Identifier, item: Item, columns: Columns, reading: Reading) -> Identifier:
    if columns.check_digit and item.part(columns.check_digit):
        extensions = (("identifier-checkDigit", 0), ("namingsystem-checkDigit", 1))
        found["extension"] = [
            {"url": f"{names.HL7_EXTENSION}/{url}", "valueString": text}
            for url, step in extensions
            if (text := item.part(columns.check_digit + step))
        ]
    period = period_of(item, (columns.start, columns.end), reading)
    if period:
        found["period"] = period
    name = item.part(columns.authority) if columns.authority else ""
    if name and not OID_FORM.fullmatch(name) and not (found["system"] or "").startswith(NORWEGIAN):
        found["assigner"] = {"display": name}
    return found


def period_of(item: Item, places: tuple[int, int], reading: Reading) -> Period:
    """A Period from two components; end before start: the start is dropped with a warning (5)."""
    start, end = (reading.time(item, place) if place else None for place in places)
    return reading.period(start, end, item.at(places[0]))


def coding_of(target: codes.Target) -> Coding:
    """A target of a concept map as a Coding."""
    found: Coding = {"system": target.system, "code": target.code, "display": target.display}
    return stated(found)


def hd_system(hd: tuple[str, str, str], reading: Reading) -> str:
    """An HD (name, universal id, its type) as a system uri; empty when the HD is empty (4)."""
    name, uid, form = hd
    if not uid:
        known = AUTHORITIES.get(name.upper())
        return known or (reading.local(name) if name else "")
    if form.upper() in ("ISO", "") and OID_FORM.fullmatch(uid):
        return names.OID + uid
    if form.upper() in ("UUID", "GUID"):
        return "urn:uuid:" + quote(uid.lower(), safe="-")
    if form.upper() in ("DNS", "URI", "URL"):
        return quote(uid, safe=":/?#[]@!$&'()*+,;=%-._~")
    return reading.local(name or uid)


def entity_identifier(item: Item | None, reading: Reading, kind: str = "") -> Identifier | None:
    """An EI as Identifier; `kind` is its v2-0203 type."""
    if item is None or not item.part(1):
        return None
    name, uid, form = item.part(2), item.part(3), item.part(4)
    system = hd_system((name, uid, form), reading) or reading.local(item.segment.name.lower())
    found: Identifier = {"system": system, "value": item.part(1)}
    if kind:
        found["type"] = _type(kind, item.at(), reading)
    return found


def keys_of(identifiers: Iterable[Identifier]) -> tuple[tuple[str, str], ...]:
    """(system, value) of each identifier that has both: what a resource is known by."""
    return tuple((s, v) for i in identifiers if (s := i.get("system")) and (v := i.get("value")))


def national_number(identifiers: list[Identifier], reading: Reading) -> NationalId | None:
    """The first national number among identifiers that were accepted."""
    accepted = reading.endpoint.synthetic_persons
    values = (value for system, value in keys_of(identifiers) if system in NATIONAL)
    return next((number for v in values if (number := parse_national_id(v, synthetic=accepted))), None)
