"""DG1 to Condition and Encounter.diagnosis, AL1 to AllergyIntolerance (hl7v2-mapping.md 9).

[DG1[Condition]], [DG1[Encounter]], [AL1[AllergyIntolerance]]
Not mapped: DG1-1, -7 to -14, -17, -18, -23 and later; AL1-1.
"""

from typing import Final, cast

from mappings import codes
from mappings.hl7v2.datatypes import CODE_SYSTEMS, concept, mapped, mapped_code
from mappings.hl7v2.datatypes_identifiers import coding_of, entity_identifier, keys_of
from mappings.hl7v2.parse import Segment
from mappings.hl7v2.proposals import Proposals, practitioner, reference
from mappings.hl7v2.reading import Reading, first_item, items, nulled, value
from mappings.message import Key, Proposal
from mappings.natural_keys import condition_key, natural_key
from profiles import names
from profiles.r4_types import (
    AllergyIntolerance,
    AllergyIntoleranceCategoryCode,
    AllergyIntoleranceReaction,
    AllergyIntoleranceTypeCode,
    CodeableConcept,
    Coding,
    Condition,
    Element,
    EncounterDiagnosis,
    Extension,
    Identifier,
    Reference,
)
from profiles.resource import stated

ACTIVE: Final = "active"
ENCOUNTER_DIAGNOSIS: Final[Coding] = {"system": names.CONDITION_CATEGORY, "code": "encounter-diagnosis"}
CONDITION_CLEARS: Final = ((5, "onsetDateTime"), (16, "asserter"), (19, "recordedDate"))


def diagnoses(found: Proposals, discharge: bool) -> list[EncounterDiagnosis]:
    """Propose a Condition per DG1; gives the Encounter.diagnosis elements. `discharge`: F is a discharge diagnosis."""
    stay = found.get("encounter")
    rows: list[EncounterDiagnosis] = []
    for dg1 in found.reading.message.all("DG1"):
        code = _code(dg1, found.reading)
        if code is None:
            found.reading.warn("field-required", dg1.at(3), "A diagnosis without code and text was left out.")
            continue
        name = _condition(dg1, code, found)
        if name and value(dg1, 21).upper() != "D":
            rows.append(_row(dg1, reference(name, _display(code)), found.reading, discharge))
    return rows if stay else []


def _code(dg1: Segment, reading: Reading) -> CodeableConcept | None:
    """DG1-3; its system from DG1-2 when DG1-3 names none; DG1-4 is the text."""
    code = concept(first_item(dg1, 3), reading)
    text = dg1.repetitions(4)[0].text().strip() if dg1.repetitions(4) else ""
    if code is None:
        return {"text": text} if text else None
    method = CODE_SYSTEMS.get(value(dg1, 2).upper())
    codings = code.get("coding") or []
    if method and codings and "system" not in codings[0]:
        codings = [{"system": method, **codings[0]}, *codings[1:]]
    told: CodeableConcept = {"coding": codings, "text": text or code.get("text")}
    return stated(told)


def _condition(dg1: Segment, code: CodeableConcept, found: Proposals) -> str | None:
    reading = found.reading
    kind = mapped_code(first_item(dg1, 6), "v2-0052-verification-status", reading)  # DG1-6
    deleted = value(dg1, 21).upper() == "D"  # DG1-21
    onset, recorded = reading.time_of(dg1, 5), reading.time_of(dg1, 19)
    said = entity_identifier(first_item(dg1, 20), reading)  # DG1-20
    asserter = first_item(dg1, 16)
    values: Condition = {
        "resourceType": "Condition",
        "identifier": [said] if said else [],
        "clinicalStatus": {} if deleted else _status(names.CONDITION_CLINICAL, ACTIVE),
        "verificationStatus": _status(names.CONDITION_VER_STATUS, "entered-in-error" if deleted else kind),
        "category": [{"coding": [ENCOUNTER_DIAGNOSIS]}],
        "code": code,
        "subject": reference("patient"),
        "encounter": reference("encounter") if found.get("encounter") else None,
        "onsetDateTime": onset.value if onset else None,
        "recordedDate": recorded.value if recorded else None,
        "asserter": practitioner(asserter, found) if asserter else None,
        "extension": _due_to(dg1, reading),
    }
    values = stated(values)
    key = _condition_key(said, code, kind, found)
    cleared = (*nulled(dg1, CONDITION_CLEARS), *(("clinicalStatus",) if deleted else ()))
    name = found.numbered("condition", Proposal("", key, values, cleared=cleared))
    if name is None:
        reading.aside("unmapped", dg1.at(), "The same diagnosis is sent twice; the first one was kept.")
    return name


def _status(system: str, code: str) -> CodeableConcept:
    return {"coding": [{"system": system, "code": code}]} if code else {}


def _condition_key(said: Identifier | None, code: CodeableConcept, kind: str, found: Proposals) -> Key:
    """DG1-20 when valued, else patient, stay, code and DG1-6 (6.2)."""
    if said:
        return Key(keys_of([said]))
    within = [("subject", "patient")] + ([("encounter", "encounter")] if found.get("encounter") else [])
    return Key(natural=condition_key(code, kind), within=tuple(within))


def _due_to(dg1: Segment, reading: Reading) -> list[Extension]:
    """DG1-22: the diagnosis that this one is due to, by its identifier."""
    parent = entity_identifier(first_item(dg1, 22), reading)
    if parent is None:
        return []
    return [{"url": f"{names.HL7_EXTENSION}/condition-dueTo", "valueReference": {"identifier": parent}}]


def _display(code: CodeableConcept) -> str:
    return code.get("text") or next((text for c in code.get("coding") or () if (text := c.get("display"))), "")


def _row(dg1: Segment, condition: Reference, reading: Reading, discharge: bool) -> EncounterDiagnosis:
    """DG1-6 as use, DG1-15 as rank."""
    table = "v2-0052-discharge-diagnosis-role" if discharge else "v2-0052-diagnosis-role"
    use = codes.concept_map(table).target(value(dg1, 6))
    row: EncounterDiagnosis = {"condition": condition}
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
        category: AllergyIntoleranceCategoryCode = mapped_code(kind, "v2-0127-allergy-category", reading)
        values: AllergyIntolerance = {
            "resourceType": "AllergyIntolerance",
            "clinicalStatus": _status(names.ALLERGY_CLINICAL, ACTIVE),
            "type": _allergy_type(al1),
            "category": [category] if category else [],
            "code": code,
            "patient": reference("patient"),
            "onsetDateTime": onset.value if onset else None,
            "reaction": _reaction(al1, reading),
        }
        values = stated(values)
        if category and (original := mapped(kind, "v2-0127-allergy-category", reading)):
            values["_category"] = _alternate({"coding": (original.get("coding") or [])[1:]})
        key = Key(natural=natural_key(values), within=(("patient", "patient"),))
        if found.numbered("allergy", Proposal("", key, values)) is None:
            reading.aside("unmapped", al1.at(), "The same allergy is sent twice; the first one was kept.")


def _allergy_type(al1: Segment) -> AllergyIntoleranceTypeCode | None:
    """AL1-2; an unknown code is told where the category is read."""
    known = codes.concept_map("v2-0127-allergy-type").target(value(al1, 2))
    return cast(AllergyIntoleranceTypeCode, known.code) if known else None


def _alternate(original: CodeableConcept) -> list[Element | None]:
    """The category's code as sent."""
    url = f"{names.HL7_EXTENSION}/alternate-codes"
    return [{"extension": [{"url": url, "valueCodeableConcept": original}]}]


def _reaction(al1: Segment, reading: Reading) -> list[AllergyIntoleranceReaction]:
    """AL1-5 and AL1-4; a severity without any manifestation has no place in FHIR."""
    manifestations: list[CodeableConcept] = [
        {"text": text} for item in items(al1, 5) if (text := item.content.text().strip())
    ]
    severity = mapped_code(first_item(al1, 4), "v2-0128-reaction-severity", reading)
    if not manifestations:
        if severity:
            reading.aside("unmapped", al1.at(4), "A severity without a reaction has no place; left to the raw message.")
        return []
    reaction: AllergyIntoleranceReaction = {"manifestation": manifestations, "severity": severity}
    return [stated(reaction)]
