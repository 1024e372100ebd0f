"""RF1, PRD and CTD to ServiceRequest, requester and route (hl7v2-mapping.md 7; all ours, there is no official map).

Every referral is a **need notification**: it opens a case. Which need it is, a code of RF1-3 or RF1-10, or the whole
text of one of them, says by the concept map `v2-0281-request-kind` (case does not matter). A referral that says nothing
we know is a need for coordinated services with the tag `inferred-need`, so that a person looks at it (ADR 0007).

Not mapped: RF1-12 and later; PRD-6, -13; CTD but its telecom; AUT; PRD of other roles than RP, RT and PP (candidates
for a care team, which a message never changes).
"""

from typing import Final

from mappings import codes
from mappings.hl7v2.datatypes import address, concept, contact_point, human_name, mapped_code
from mappings.hl7v2.datatypes_identifiers import (
    ORGANIZATION,
    PERSON,
    PLN,
    coding_of,
    entity_identifier,
    identifier,
    keys_of,
)
from mappings.hl7v2.parse import Segment
from mappings.hl7v2.proposals import Proposals, location, organization, reference
from mappings.hl7v2.reading import Item, Reading, first_item, items, value
from mappings.hl7v2.segments.event import Event
from mappings.hl7v2.times import When
from mappings.message import PROPOSAL, Key, Mode, Proposal
from mappings.natural_keys import plain
from profiles import names
from profiles.code_systems import display
from profiles.national_ids import is_organization_number
from profiles.r4_types import (
    Annotation,
    Coding,
    Extension,
    Identifier,
    Organization,
    Period,
    Practitioner,
    PractitionerRole,
    Reference,
    ServiceRequest,
)
from profiles.resource import stated

KINDS: Final = "v2-0281-request-kind"
NEED: Final[Coding] = {"system": names.REQUEST_CATEGORY, "code": "need-notification"}
SUPPOSED: Final = "coordinated-services"
CONSENT_UNKNOWN: Final[Extension] = {"url": names.IP_CONSENT_STATEMENT, "valueCode": "unknown"}
"""HL7 v2 carries no consent; a message that says nothing must not look as if somebody had been asked."""
NOTED: Final = frozenset({"MSH", "SFT", "RF1", "AUT", "PRD", "CTD", "PID", "PD1", "PV1", "PV2"})
"""An NTE after one of these is about the referral: before the PID as we agree, or at the end as REF_I12 has it."""
PLACER: Final = ((6, "PLAC"), (11, "FILL"))


def identifiers(rf1: Segment, reading: Reading) -> list[Identifier]:
    """RF1-6 and RF1-11, the business key; a referral without any is known by its message (MSH-10)."""
    told = [i for n, kind in PLACER if (i := entity_identifier(first_item(rf1, n), reading, kind))]
    if not told:
        reading.warn("field-required", "RF1-6", "The referral has no number; a change of it cannot be recognised.")
        told = [{"system": reading.local("message"), "value": reading.message.control_id}]
    return told


def request(rf1: Segment, event: Event, reading: Reading) -> ServiceRequest:
    """RF1 as the ServiceRequest's own elements; all references are added by the caller."""
    said = [*items(rf1, 3), *items(rf1, 10)]
    kind = next((k for item in said if (k := _kind(item))), None)
    referral_type = concept(first_item(rf1, 3), reading, "0281")
    effective, expires = reading.time_of(rf1, 7) or event.sent, reading.time_of(rf1, 8)
    place = first_item(rf1, 5)
    values: ServiceRequest = {
        "meta": None if kind else {"tag": [{"system": names.TAG, "code": "inferred-need"}]},
        "extension": [CONSENT_UNKNOWN],
        "identifier": identifiers(rf1, reading),
        "status": "active",
        "intent": "proposal",
        "category": [{"coding": [NEED]}, *([referral_type] if referral_type else [])],
        "priority": mapped_code(first_item(rf1, 2), "v2-0280-request-priority", reading),
        "code": {"coding": [coding_of(kind or _supposed(rf1, reading))]},
        "orderDetail": [c for item in items(rf1, 4) if (c := concept(item, reading, "0282"))],
        "locationCode": [c for c in (concept(place, reading, "0284"),) if c],
        "authoredOn": effective.value if effective else None,
        "occurrencePeriod": _period(expires),
        "reasonCode": [c for item in items(rf1, 10) if (c := concept(item, reading, "0336"))],
        "note": notes(reading),
    }
    return stated(values)


def _kind(item: Item) -> codes.Target | None:
    """Whether a code or text says that coordinated services are needed, and which kind of need it is."""
    table = codes.concept_map(KINDS)
    texts = (item.part(c) for c in (1, 4, 10, 2, 5, 11, 9))
    return next((t for text in texts if text and (t := table.target(plain(text)))), None)


def _supposed(rf1: Segment, reading: Reading) -> codes.Target:
    """What a referral without a known code is taken for."""
    text = (
        "The kind of referral is not known here; it is taken for a need of coordinated services, and a person decides."
    )
    reading.warn("unknown-code", rf1.at(3), text)
    return codes.Target(names.REQUEST_KIND, SUPPOSED, display(names.REQUEST_KIND, SUPPOSED) or "")


def _period(end: When | None) -> Period:
    return {"end": end.value} if end else {}


def notes(reading: Reading) -> list[Annotation]:
    """NTE-3 of the referral itself, lines joined; notes about something else are told as unmapped."""
    lines: list[str] = []
    before = "MSH"
    for segment in reading.message.segments:
        if segment.name != "NTE":
            before = segment.name
        elif before in NOTED:
            lines += [text for r in segment.repetitions(3) if (text := r.text().strip())]
        else:
            reading.aside(
                "unmapped", segment.at(), "A note that is not about the referral was left to the raw message."
            )
    return [{"text": "\n".join(lines)}] if lines else []


def providers(reading: Reading, role: str) -> list[Segment]:
    """The PRD segments of a role (table 0286)."""
    return [prd for prd in reading.message.all("PRD") if value(prd, 1).upper() == role]


def requester(found: Proposals, own: list[Identifier], sender: Reference | None) -> Reference | None:
    """The first PRD of role RP as PractitionerRole `requester`; without one, the sender."""
    reading = found.reading
    prd = next(iter(providers(reading, "RP")), None)
    if prd is None:
        return sender
    said = _numbers(prd, reading)
    who = _person(prd, [i for i in said if i.get("system") not in (names.ENH, names.RESH)], found)
    office = _office(prd, said, found) or sender
    if who is None:
        return office
    place = first_item(prd, 4)
    role = concept(first_item(prd, 1), reading, "0286")
    marks = _marks(who, office, found, own)
    values: PractitionerRole = {
        "resourceType": "PractitionerRole",
        "identifier": [marks],
        "practitioner": who,
        "organization": office,
        "code": [role] if role else [],
        "location": [where] if place and (where := location(place, found)) else [],
        "telecom": [c for item in _contacts(prd, reading) if (c := contact_point(item, reading, "work"))],
        "period": _effective(prd, reading),
    }
    key = Key(keys_of([marks]))
    found.named(Proposal("requester", key, stated(values), Mode.SNAPSHOT))
    return reference("requester", ", ".join(d for r in (who, office) if r and (d := r.get("display"))))


def _marks(who: Reference, office: Reference | None, found: Proposals, own: list[Identifier]) -> Identifier:
    """What the role is known by again: person and organisation, else the referral that names it."""
    targets = [r.get("reference") or "" for r in (who, office) if r]
    keys = [found.get(target.removeprefix(PROPOSAL)) for target in targets if target]
    values = [p.key.identifiers[0][1] for p in keys if p and p.key.identifiers]
    if "reference" in who and values:
        return {"system": found.reading.local("role"), "value": "@".join(values)}
    return {"system": found.reading.local("referrer"), "value": own[0]["value"]}


def _numbers(prd: Segment, reading: Reading) -> list[Identifier]:
    """PRD-7. An organisation number or RESH id there is the organisation's, anything else the person's."""
    told = []
    for item in items(prd, 7):
        untyped = not item.part(2) and is_organization_number(item.part(1))
        owner = ORGANIZATION if untyped else PERSON
        if number := identifier(item, PLN, owner, reading):
            told.append(number)
    return told


def _person(prd: Segment, numbers: list[Identifier], found: Proposals) -> Reference | None:
    """PRD-2, -3, -7."""
    reading = found.reading
    said = [n for item in items(prd, 2) if (n := human_name(item, reading))]
    display = str(said[0]["text"]) if said else ""
    if not numbers:
        return {"display": display} if display else None
    values: Practitioner = {
        "resourceType": "Practitioner",
        "identifier": numbers,
        "name": said,
        "address": [a for item in items(prd, 3) if (a := address(item, reading))],
    }
    return found.mention("practitioner", stated(values), display)


def _office(prd: Segment, numbers: list[Identifier], found: Proposals) -> Reference | None:
    """PRD-10; its number may stand in PRD-7."""
    item = first_item(prd, 10)
    told = organization(item, found) if item else None
    number = [i for i in numbers if i.get("system") in (names.ENH, names.RESH)]
    if not number or (told and "reference" in told):
        return told
    name = (told or {}).get("display") or ""
    values: Organization = {"resourceType": "Organization", "identifier": number, "name": name}
    return found.mention("organization", stated(values), name)


def _contacts(prd: Segment, reading: Reading) -> list[Item]:
    """PRD-5, and CTD-5 of the contacts that follow."""
    told = items(prd, 5)
    for segment in reading.message.segments[prd.line + 1 :]:
        if segment.name != "CTD":
            break
        told += items(segment, 5)
    return told


def _effective(prd: Segment, reading: Reading) -> Period:
    """PRD-8 and PRD-9."""
    start, end = reading.time_of(prd, 8), reading.time_of(prd, 9)
    return reading.period(start, end, prd.at(8))


def route(reading: Reading) -> dict[str, str]:
    """Who is to act (PRD role RT), as the fact `route-to`: an organisation number where there is one."""
    prd = next(iter(providers(reading, "RT")), None)
    if prd is None:
        return {}
    said = [item.part(1) for item in items(prd, 7)]
    said += [text for item in items(prd, 10) for c in (10, 3) if (text := item.part(c))]
    numbers = [text for text in said if is_organization_number(text)]
    first = next((text for text in (*numbers, *said) if text), "")
    return {"route-to": first.replace(" ", "") if first in numbers else first} if first else {}


def general_practitioners(found: Proposals) -> list[Reference]:
    """PRD of role PP; those of other roles are told as unmapped."""
    reading = found.reading
    for prd in reading.message.all("PRD"):
        if value(prd, 1).upper() not in ("RP", "RT", "PP"):
            said = "A provider in another role than RP, RT and PP was left to the raw message."
            reading.aside("unmapped", prd.at(), said)
    told = (_person(prd, _numbers(prd, reading), found) for prd in providers(reading, "PP"))
    return [who for who in told if who]
