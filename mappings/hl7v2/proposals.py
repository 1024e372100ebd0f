"""The proposals of one translation while they are found, and the resources that fields point to.

The same practitioner, organisation or place said twice in one message is one proposal. Who has no identifier is kept
as the display of the reference alone: a name must never match across messages (hl7v2-mapping.md 4, XCN).
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote

from mappings.hl7v2.datatypes import human_name_of
from mappings.hl7v2.datatypes_identifiers import (
    OID_FORM,
    ORGANIZATION,
    PERSON,
    XCN,
    XON,
    XON_10,
    hd_system,
    identifier,
    keys_of,
)
from mappings.hl7v2.reading import Item, Reading
from mappings.message import PROPOSAL, Key, Mode, Proposal
from mappings.sources import local_system
from profiles import names
from profiles.national_ids import is_organization_number
from profiles.r4_types import Identifier, Location, Organization, Practitioner, Reference
from profiles.resource import stated

PL_LEVELS: Final = ((4, "si"), (7, "bu"), (8, "lvl"), (1, ""), (2, "ro"), (3, "bd"))
"""PL components from the largest to the smallest place, with their location-physical-type."""


class Proposals:
    """What a message speaks about, by name, in the order in which it is to be found."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self._found: dict[str, Proposal] = {}
        self._names: dict[tuple[str, Key], str] = {}
        self._counts: dict[str, int] = {}

    def all(self) -> tuple[Proposal, ...]:
        return tuple(self._found.values())

    def get(self, name: str) -> Proposal | None:
        return self._found.get(name)

    def named(self, proposal: Proposal) -> str:
        """Add a proposal under its own name."""
        self._found[proposal.name] = proposal
        self._names[(proposal.rtype, proposal.key)] = proposal.name
        return proposal.name

    def numbered(self, kind: str, proposal: Proposal) -> str | None:
        """Add a proposal as `kind-1`, `kind-2`, ..; None when the message has said the same thing before."""
        if (proposal.key.identifiers or proposal.key.natural) and (proposal.rtype, proposal.key) in self._names:
            return None
        count = self._counts[kind] = self._counts.get(kind, 0) + 1
        return self.named(replace(proposal, name=f"{kind}-{count}"))

    def known(self, rtype: str, key: Key) -> str | None:
        """The name of the proposal with that key."""
        return self._names.get((rtype, key))

    def mention(self, kind: str, values: Mapping[str, Any], display: str, mode: Mode = Mode.FILL) -> Reference:
        """A reference to something that is mentioned in passing: it only fills gaps of what is there."""
        key = Key(keys_of(values["identifier"]))
        name = self.known(values["resourceType"], key) or self.numbered(kind, Proposal("", key, values, mode))
        return reference(name or "", display)


def reference(name: str, display: str = "") -> Reference:
    """A reference to another proposal of the translation."""
    found: Reference = {"reference": PROPOSAL + name, "display": display}
    return stated(found)


def practitioner(item: Item, found: Proposals) -> Reference | None:
    """An XCN as a reference to a Practitioner."""
    name = human_name_of(item)
    display = str(name.get("text", "")) if name else ""
    said = identifier(item, XCN, PERSON, found.reading)
    if said is None:
        return {"display": display} if display else None
    values: Practitioner = {"resourceType": "Practitioner", "identifier": [said]}
    if name:
        values["name"] = [name]
    if degree := item.part(7):  # XCN.7
        values["qualification"] = [{"code": {"text": degree}}]
    return found.mention("practitioner", values, display)


def organization(item: Item, found: Proposals) -> Reference | None:
    """An XON as a reference to an Organization: .10, else .3, is its identifier, .1 its name."""
    name = item.part(1)
    columns = XON_10 if item.part(10) else XON
    said = identifier(item, columns, ORGANIZATION, found.reading)
    if said is None and is_organization_number(name):
        said, name = {"system": names.ENH, "value": name}, ""
    if said is None:
        return {"display": name} if name else None
    values: Organization = {"resourceType": "Organization", "identifier": [said]}
    if name:
        values["name"] = name
    return found.mention("organization", values, name)


def sender(found: Proposals) -> Reference | None:
    """MSH-4 (else MSH-3) as the Organization `sender`, and a reference to it."""
    msh = found.reading.message.msh
    number = 4 if msh.field(4) else 3
    hd = tuple(msh.value(number, part).strip() for part in (1, 2, 3))
    if not any(hd):
        return None
    name, uid, form = hd
    values: Organization = {
        "resourceType": "Organization",
        "identifier": [_facility_identifier(name, uid, form, found)],
    }
    if name and not is_organization_number(name):
        values["name"] = name
    key = Key(keys_of(values["identifier"] or ()))
    found.named(Proposal("sender", key, values, Mode.FILL))
    return reference("sender", str(values.get("name", "")))


def _facility_identifier(name: str, uid: str, form: str, found: Proposals) -> Identifier:
    """An organisation number or RESH id where the HD has one; else its URI (4, HD)."""
    number = next((text.replace(" ", "") for text in (uid, name) if is_organization_number(text)), "")
    if number and form.upper() not in ("ISO", "RESH", "RSH"):
        return {"system": names.ENH, "value": number}
    if form.upper() in ("RESH", "RSH") and uid:
        return {"system": names.RESH, "value": uid}
    if uid:
        return {"system": names.RFC_3986, "value": hd_system((name, uid, form), found.reading)}
    oid = names.OID + name if OID_FORM.fullmatch(name) else ""
    return {"system": names.RFC_3986, "value": oid or local_system(name)}


def location(item: Item, found: Proposals, bed_status: str = "") -> Reference | None:
    """A PL as the chain of its Locations, and a reference to the smallest one."""
    levels = [(text, kind) for component, kind in PL_LEVELS if (text := item.part(component))]
    path, display = "", ""
    parent: Reference | None = None
    for index, (text, kind) in enumerate(levels):
        path = f"{path}/{_step(text)}" if path else _step(text)
        last = index == len(levels) - 1
        values: Location = {
            "resourceType": "Location",
            "identifier": [{"system": found.reading.local("location"), "value": path}],
            "name": text,
            "mode": "instance",
        }
        if kind:
            values["physicalType"] = {"coding": [{"system": names.LOCATION_PHYSICAL_TYPE, "code": kind}]}
        if parent:
            values["partOf"] = parent
        if last and item.part(9):  # PL.9
            values["description"] = item.part(9)
        if last and bed_status and kind in ("ro", "bd"):  # PV1-40
            values["operationalStatus"] = {"system": names.V2 + "0116", "code": bed_status}
        display = f"{display}, {text}" if display else text
        mode = Mode.SNAPSHOT if "operationalStatus" in values else Mode.FILL
        parent = found.mention("location", values, display, mode)
    return parent


def _step(text: str) -> str:
    return quote(text, safe=" ()+,.:;-_'ÆØÅæøå") if "/" in text or "%" in text else text


def destination(item: Item, found: Proposals) -> Reference | None:
    """A DLD as the Location somebody is discharged to: one per code or name that the sender uses."""
    code = item.part(1)
    text = item.part(1, 2)
    if not (code or text):
        return None
    values: Location = {
        "resourceType": "Location",
        "identifier": [{"system": found.reading.local("destination"), "value": code or text}],
        "name": text or code,
    }
    return found.mention("location", values, text or code)
