"""R4 4.0.1 as the checker knows it agrees with fhir.resources R4B on every declared type (decision 3)."""

import pytest
from fhir.resources.R4B import get_fhir_model_class

from profiles.definitions import Element, codes, elements

# fmt: off
DECLARED = [
    "Patient", "RelatedPerson", "Practitioner", "PractitionerRole", "Organization", "HealthcareService", "Location",
    "Encounter", "Condition", "AllergyIntolerance", "ServiceRequest", "Task", "CareTeam", "CarePlan", "Goal", "Consent",
    "Communication", "DocumentReference", "Binary", "Provenance", "AuditEvent", "Flag", "Bundle", "OperationOutcome",
]
DATA_TYPES = [
    "Address", "Age", "Annotation", "Attachment", "CodeableConcept", "Coding", "ContactPoint", "Dosage", "Duration",
    "Extension", "HumanName", "Identifier", "Meta", "Money", "Narrative", "Period", "Quantity", "Range", "Ratio",
    "Reference", "SampledData", "Signature", "Timing",
]
# fmt: on
ONLY_IN_R4 = {("Extension", "valueMeta")}
ONLY_IN_R4B = {("Extension", "valueCodeableReference"), ("Extension", "valueRatioRange")}
NOT_ELEMENTS = {"resourceType", "fhir_comments"}


def model_fields(type_name: str, parent: str) -> dict[str, dict[str, object]]:
    """Element -> what R4B says about it, for a type or a backbone element of it."""
    parts = "".join(part[:1].upper() + part[1:] for part in parent.split("."))
    model = get_fhir_model_class(type_name + parts)
    fields = {field.alias: field for field in model.model_fields.values()}
    return {
        name: {**(field.json_schema_extra or {}), "is_required": field.is_required()}
        for name, field in fields.items()
        if not name.startswith("_") and name not in NOT_ELEMENTS
    }


def properties(element: Element) -> list[str]:
    name = element.path.rpartition(".")[2]
    if not name.endswith("[x]"):
        return [name]
    return [name.removesuffix("[x]") + t.code[0].upper() + t.code[1:] for t in element.types]


def levels(type_name: str) -> dict[str, list[Element]]:
    found: dict[str, list[Element]] = {}
    for element in elements(type_name):
        found.setdefault(element.path.rpartition(".")[0], []).append(element)
    return found


@pytest.mark.parametrize("type_name", DECLARED + DATA_TYPES)
def test_element_lists_agree(type_name: str) -> None:
    for parent, below in levels(type_name).items():
        ours = {(type_name, name) for element in below for name in properties(element)}
        theirs = {(type_name, name) for name in model_fields(type_name, parent)}

        assert ours - ONLY_IN_R4 == theirs - ONLY_IN_R4B


@pytest.mark.parametrize("type_name", DECLARED + DATA_TYPES)
def test_required_elements_agree(type_name: str) -> None:
    for parent, below in levels(type_name).items():
        fields = model_fields(type_name, parent)
        for element in (e for e in below if not e.path.endswith("[x]")):
            theirs = fields[properties(element)[0]]

            assert bool(element.min) == bool(theirs.get("element_required") or theirs["is_required"]), element.path


@pytest.mark.parametrize("type_name", DECLARED + DATA_TYPES)
def test_required_codes_agree(type_name: str) -> None:
    for parent, below in levels(type_name).items():
        fields = model_fields(type_name, parent)
        for element in (e for e in below if e.binding and e.types[0].code == "code"):
            listed, theirs = codes(element.binding), fields[properties(element)[0]].get("enum_values")
            if listed is None or not isinstance(theirs, list):
                continue  # media types cannot be listed; R4B leaves out some lists

            # R4B cuts a long list and ends it with "+"
            assert listed >= set(theirs) - {"+"}, element.path
            assert "+" in theirs or listed == set(theirs), element.path
