"""DG1 to Condition and Encounter.diagnosis, AL1 to AllergyIntolerance (hl7v2-mapping.md 9).

[DG1[Condition]], [DG1[Encounter]], [AL1[AllergyIntolerance]]
Not mapped: DG1-1, -7 to -14, -17, -18, -23 and later; AL1-1.
"""

from typing import Final

from mappings import codes
from mappings.hl7v2.datatypes import CODE_SYSTEMS, concept, mapped, mapped_code
from mappings.hl7v2.datatypes_identifiers import coding_of, entity_identifier
from mappings.hl7v2.parse import Segment
from mappings.hl7v2.proposals import Proposals, practitioner, reference
from mappings.hl7v2.reading import Reading, first_item, items, nulled, value
from mappings.message import Key, Proposal
from mappings.natural_keys import condition_key, natural_key
from profiles import names
from profiles.resource import Resource

ACTIVE: Final = "active"
ENCOUNTER_DIAGNOSIS: Final[Resource] = {"system": names.CONDITION_CATEGORY, "code": "encounter-diagnosis"}
CONDITION_CLEARS: Final = ((5, "onsetDateTime"), (16, "asserter"), (19, "recordedDate"))


def diagnoses(found: Proposals, discharge: bool) -> list[Resource]:
    """Propose a Condition per DG1; gives the Encounter.diagnosis elements. `discharge`: F is a discharge diagnosis."""
    stay = found.get("encounter")
    rows = []
    for dg1 in found.reading.message.all("DG1"):
        code = _code(dg1, found.reading)
        if code is None:
            found.reading.warn("field-required", dg1.at(3), "A diagnosis without code and text was left out.")
            continue
        name = _condition(dg1, code, found)
        if name and value(dg1, 21).upper() != "D":
            rows.append(_row(dg1, reference(name, _display(code)), found.reading, discharge))
    return rows if stay else []


def _code(dg1: Segment, reading: Reading) -> Resource | None:
    """DG1-3; its system from DG1-2 when DG1-3 names none; DG1-4 is the text."""
    code = concept(first_item(dg1, 3), reading)
    text = dg1.repetitions(4)[0].text().strip() if dg1.repetitions(4) else ""
    if code is None:
        return {"text": text} if text else None
    method = CODE_SYSTEMS.get(value(dg1, 2).upper())
    codings = code.get("coding", [])
    if method and codings and "system" not in codings[0]:
        codings = [{"system": method, **codings[0]}, *codings[1:]]
    stated = {"coding": codings, "text": text or code.get("text", "")}
    return {k: v for k, v in stated.items() if v}


def _condition(dg1: Segment, code: Resource, found: Proposals) -> str | None:
    reading = found.reading
    kind = mapped_code(first_item(dg1, 6), "v2-0052-verification-status", reading)  # DG1-6
    deleted = value(dg1, 21).upper() == "D"  # DG1-21
    onset, recorded = reading.time_of(dg1, 5), reading.time_of(dg1, 19)
    said = entity_identifier(first_item(dg1, 20), reading)  # DG1-20
    asserter = first_item(dg1, 16)
    values: Resource = {
        "resourceType": "Condition",
        "identifier": [said] if said else [],
        "clinicalStatus": {} if deleted else _status(names.CONDITION_CLINICAL, ACTIVE),
        "verificationStatus": _status(names.CONDITION_VER_STATUS, "entered-in-error" if deleted else kind),
        "category": [{"coding": [ENCOUNTER_DIAGNOSIS]}],
        "code": code,
        "subject": reference("patient"),
        "encounter": reference("encounter") if found.get("encounter") else None,
        "onsetDateTime": onset.value if onset else "",
        "recordedDate": recorded.value if recorded else "",
        "asserter": practitioner(asserter, found) if asserter else None,
        "extension": _due_to(dg1, reading),
    }
    values = {k: v for k, v in values.items() if v}
    key = _condition_key(said, code, kind, found)
    cleared = (*nulled(dg1, CONDITION_CLEARS), *(("clinicalStatus",) if deleted else ()))
    name = found.numbered("condition", Proposal("", key, values, cleared=cleared))
    if name is None:
        reading.aside("unmapped", dg1.at(), "The same diagnosis is sent twice; the first one was kept.")
    return name


def _status(system: str, code: str) -> Resource:
    return {"coding": [{"system": system, "code": code}]} if code else {}


def _condition_key(said: Resource | None, code: Resource, kind: str, found: Proposals) -> Key:
    """DG1-20 when valued, else patient, stay, code and DG1-6 (6.2)."""
    if said:
        return Key(((said["system"], said["value"]),))
    within = [("subject", "patient")] + ([("encounter", "encounter")] if found.get("encounter") else [])
    return Key(natural=condition_key(code, kind), within=tuple(within))


def _due_to(dg1: Segment, reading: Reading) -> list[Resource]:
    """DG1-22: the diagnosis that this one is due to, by its identifier."""
    parent = entity_identifier(first_item(dg1, 22), reading)
    if parent is None:
        return []
    return [{"url": f"{names.HL7_EXTENSION}/condition-dueTo", "valueReference": {"identifier": parent}}]


def _display(code: Resource) -> str:
    said = code.get("text") or next((c["display"] for c in code.get("coding", ()) if c.get("display")), "")
    return str(said)


def _row(dg1: Segment, condition: Resource, reading: Reading, discharge: bool) -> Resource:
    """DG1-6 as use, DG1-15 as rank."""
    table = "v2-0052-discharge-diagnosis-role" if discharge else "v2-0052-diagnosis-role"
    use = codes.concept_map(table).target(value(dg1, 6))
    row: Resource = {"condition": condition}
    if use:
        row["use"] = {"coding": [coding_of(use)]}
    if value(dg1, 15).isdecimal() and int(value(dg1, 15)) > 0:
        row["rank"] = int(value(dg1, 15))
    return row


def allergies(found: Proposals) -> None:
    """Propose an AllergyIntolerance per AL1."""
    reading = found.reading
    for al1 in reading.message.all("AL1"):
        code = concept(first_item(al1, 3), reading)
        if code is None:
            reading.warn("field-required", al1.at(3), "An allergy without code and text was left out.")
            continue
        kind = first_item(al1, 2)
        onset = reading.time_of(al1, 6)
        category = mapped_code(kind, "v2-0127-allergy-category", reading)
        known = codes.concept_map("v2-0127-allergy-type").target(value(al1, 2))
        values: Resource = {
            "resourceType": "AllergyIntolerance",
            "clinicalStatus": _status(names.ALLERGY_CLINICAL, ACTIVE),
            "type": known.code if known else "",
            "category": [category] if category else [],
            "code": code,
            "patient": reference("patient"),
            "onsetDateTime": onset.value if onset else "",
            "reaction": _reaction(al1, reading),
        }
        values = {k: v for k, v in values.items() if v}
        if category and (original := mapped(kind, "v2-0127-allergy-category", reading)):
            values |= _alternate({"coding": original["coding"][1:]})
        key = Key(natural=natural_key(values), within=(("patient", "patient"),))
        if found.numbered("allergy", Proposal("", key, values)) is None:
            reading.aside("unmapped", al1.at(), "The same allergy is sent twice; the first one was kept.")


def _alternate(original: Resource) -> Resource:
    """The category's code as sent."""
    url = f"{names.HL7_EXTENSION}/alternate-codes"
    return {"_category": [{"extension": [{"url": url, "valueCodeableConcept": original}]}]}


def _reaction(al1: Segment, reading: Reading) -> list[Resource]:
    """AL1-5 and AL1-4; a severity without any manifestation has no place in FHIR."""
    manifestations = [{"text": text} for item in items(al1, 5) if (text := item.content.text().strip())]
    severity = mapped_code(first_item(al1, 4), "v2-0128-reaction-severity", reading)
    if not manifestations:
        if severity:
            reading.aside("unmapped", al1.at(4), "A severity without a reaction has no place; left to the raw message.")
        return []
    return [{"manifestation": manifestations} | ({"severity": severity} if severity else {})]
