"""Profiles from snapshots.  https://hl7.org/fhir/R4/profiling.html"""

from typing import Any

import pytest

from profiles.issues import Severity
from profiles.resource import Resource
from profiles.snapshots import Profile, compile_profile, needed
from profiles.validate import MOST, check, conforms

BASE = "http://example.org/StructureDefinition/"
CORE = "http://hl7.org/fhir/StructureDefinition/"


def row(rid: str, **says: Any) -> dict[str, Any]:
    path = ".".join(part.partition(":")[0] for part in rid.split("."))
    return {"id": rid, "path": path, "min": 0, "max": "*", **says}


def definition(rtype: str, *rows: dict[str, Any], name: str = "Own", **more: Any) -> Resource:
    return {
        "resourceType": "StructureDefinition",
        "url": BASE + name,
        "name": name,
        "version": "1",
        "type": rtype,
        "snapshot": {"element": [row(rtype), *rows]},
        **more,
    }


def profile(rtype: str, *rows: dict[str, Any], known: dict[str, Resource] | None = None) -> Profile:
    made = compile_profile(definition(rtype, *rows), (known or {}).get)
    assert isinstance(made, Profile)
    return made


def told(made: Profile, resource: Resource) -> list[tuple[str, str]]:
    return sorted((issue.code, issue.at) for issue in conforms(resource, (made,)))


def patient(**says: Any) -> Resource:
    return {"resourceType": "Patient", **says}


def observation(**says: Any) -> Resource:
    return {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, **says}


def test_cardinality_is_judged_at_every_depth() -> None:
    made = profile("Patient", row("Patient.name", min=1, max="2"), row("Patient.name.family", min=1, max="1"))

    assert told(made, patient()) == [("required", "Patient.name")]
    assert told(made, patient(name=[{"given": ["a"]}])) == [("required", "Patient.name[0].family")]
    assert told(made, patient(name=[{"family": "a"}] * 3)) == [("structure", "Patient.name[2]")]
    assert told(made, patient(name=[{"family": "a"}])) == []
    assert told(made, patient(name=[{"_family": {"extension": [{"url": "x"}]}}])) == []


def test_element_that_is_not_used_is_refused() -> None:
    made = profile("Patient", row("Patient.photo", max="0"))

    assert told(made, patient(photo=[{"url": "http://x"}])) == [("structure", "Patient.photo[0]")]


@pytest.mark.parametrize(
    ("says", "value", "fits"),
    [
        ({"fixedCode": "male"}, "male", True),
        ({"fixedCode": "male"}, "female", False),
        ({"patternCode": "male"}, "male", True),
        ({"maxLength": 4}, "male", True),
        ({"maxLength": 3}, "male", False),
    ],
)
def test_value_of_a_primitive_is_judged(says: dict[str, Any], value: str, fits: bool) -> None:
    assert (told(profile("Patient", row("Patient.gender", **says)), patient(gender=value)) == []) is fits


def test_fixed_value_is_the_whole_and_pattern_a_part() -> None:
    whole = {"coding": [{"system": "s", "code": "c"}]}
    more = {"coding": [{"system": "t", "code": "d"}, {"system": "s", "code": "c", "display": "x"}], "text": "x"}
    fixed = profile("Observation", row("Observation.code", fixedCodeableConcept=whole))
    pattern = profile("Observation", row("Observation.code", patternCodeableConcept=whole))

    assert told(fixed, observation(code=whole)) == told(pattern, observation(code=whole)) == []
    assert told(fixed, observation(code=more)) == [("value", "Observation.code")]
    assert told(pattern, observation(code=more)) == []
    assert told(pattern, observation(code={"coding": [{"system": "s"}]})) == [("value", "Observation.code")]
    assert told(pattern, observation()) == [("value", "Observation.code")]


def test_fixed_true_is_not_one() -> None:
    made = profile("Patient", row("Patient.active", fixedBoolean=True))

    assert told(made, patient(active=True)) == []
    assert told(made, patient(active=1)) == [("value", "Patient.active")]


def test_bounds_are_judged_by_number_date_and_quantity() -> None:
    number = profile("Patient", row("Patient.multipleBirth[x]", minValueInteger=1, maxValueInteger=3))
    date = profile("Patient", row("Patient.birthDate", minValueDate="1900-01-01"))
    unit = {"system": "http://unitsofmeasure.org", "code": "kg"}
    quantity = profile("Observation", row("Observation.value[x]", maxValueQuantity={"value": 300, **unit}))

    assert told(number, patient(multipleBirthInteger=0)) == [("value", "Patient.multipleBirthInteger")]
    assert told(number, patient(multipleBirthInteger=4)) == [("value", "Patient.multipleBirthInteger")]
    assert told(number, patient(multipleBirthInteger=3)) == []
    assert told(date, patient(birthDate="1899")) == [("value", "Patient.birthDate")]
    assert told(date, patient(birthDate="1900")) == []
    assert told(quantity, observation(valueQuantity={"value": 301, **unit})) == [("value", "Observation.valueQuantity")]
    assert told(quantity, observation(valueQuantity={"value": 301, "code": "g"})) == []


def test_types_that_a_profile_leaves_are_judged() -> None:
    made = profile("Observation", row("Observation.value[x]", type=[{"code": "Quantity"}, {"code": "string"}]))

    assert told(made, observation(valueString="a")) == []
    assert told(made, observation(valueBoolean=True)) == [("structure", "Observation.valueBoolean")]


def test_targets_that_a_profile_leaves_are_judged_contained_ones_too() -> None:
    known = {BASE + "Team": definition("CareTeam", name="Team")}
    kinds = [{"code": "Reference", "targetProfile": [CORE + "Patient", BASE + "Team"]}]
    made = profile("Observation", row("Observation.subject", type=kinds), known=known)
    contained = [{"resourceType": "Group", "id": "g"}]

    assert told(made, observation(subject={"reference": "Patient/1"})) == []
    assert told(made, observation(subject={"reference": "CareTeam/1"})) == []
    assert told(made, observation(subject={"display": "x"})) == []
    assert told(made, observation(subject={"reference": "urn:uuid:1"})) == []
    wrong = [("reference-target", "Observation.subject.reference")]
    assert told(made, observation(subject={"reference": "Group/1"})) == wrong
    assert told(made, observation(subject={"type": "Group"})) == wrong
    assert told(made, observation(subject={"reference": "#g"}, contained=contained)) == wrong
    assert told(made, observation(subject={"reference": "#h"}, contained=contained)) == []
    assert told(made, observation(subject={"reference": "#h"})) == []


def test_target_whose_profile_is_not_at_hand_is_not_judged() -> None:
    kinds = [{"code": "Reference", "targetProfile": [BASE + "Team"]}]
    made = profile("Observation", row("Observation.subject", type=kinds))

    assert told(made, observation(subject={"reference": "Group/1"})) == []


def rule(key: str, expression: Any, **more: Any) -> dict[str, Any]:
    return {"key": key, "severity": "error", "human": "So it is", "expression": expression, **more}


def test_rule_of_a_profile_is_judged_where_it_stands() -> None:
    made = profile(
        "Patient",
        row("Patient.name", constraint=[rule("own-1", "family.exists() or use = 'nickname'")]),
        row("Patient.contact", constraint=[rule("own-2", "name.exists()", severity="warning")]),
    )

    issues = conforms(patient(name=[{"use": "nickname"}, {"use": "usual"}], contact=[{"gender": "male"}]), (made,))

    assert [(i.severity, i.at, i.text) for i in issues] == [
        (Severity.ERROR, "Patient.name[1]", "own-1: So it is"),
        (Severity.WARNING, "Patient.contact[0]", "own-2: So it is"),
    ]


def test_rule_of_r4_is_not_judged_twice() -> None:
    expression = "name.exists() or telecom.exists() or address.exists() or organization.exists()"
    rows = [rule("pat-1", expression), rule("pat-1", "false", source=CORE + "Patient")]
    made = profile("Patient", row("Patient.contact", constraint=rows))

    assert told(made, patient(contact=[{"gender": "male"}])) == []


def test_rule_that_cannot_be_judged_is_noted_when_it_is_read() -> None:
    rows = [rule("own-1", "conformsTo('x')"), rule("own-2", None), rule("own-3", "-" * 3000 + "1")]
    made = profile("Patient", row("Patient.name", constraint=rows))

    assert told(made, patient(name=[{}])) == []
    assert len(made.notes) == 3


def test_rule_that_cannot_be_judged_on_a_value_refuses_it() -> None:
    made = profile("Patient", row("Patient.name", constraint=[rule("own-1", "given = 'a' and given")]))

    assert told(made, patient(name=[{"given": ["a", "b"]}])) == [("invariant", "Patient.name[0]")]


def test_evaluations_are_bounded() -> None:
    made = profile("Patient", row("Patient.name"), row("Patient.name.given", constraint=[rule("own-1", "true")]))

    assert told(made, patient(name=[{"given": ["a"] * 100}])) == []
    found = conforms(patient(name=[{"given": ["a"] * 21_000}]), (made,))
    assert len(found) == MOST + 1


def test_content_that_is_repeated_is_judged_at_every_depth() -> None:
    made = profile(
        "Questionnaire",
        row("Questionnaire.item"),
        row("Questionnaire.item.text", min=1),
        row("Questionnaire.item.item", contentReference="#Questionnaire.item"),
    )
    item = {"linkId": "1", "text": "a", "item": [{"linkId": "2", "item": [{"linkId": "3"}]}]}

    assert told(made, {"resourceType": "Questionnaire", "status": "draft", "item": [item]}) == [
        ("required", "Questionnaire.item[0].item[0].item[0].text"),
        ("required", "Questionnaire.item[0].item[0].text"),
    ]


def test_content_that_repeats_nothing_known_is_passed_over() -> None:
    made = profile("Questionnaire", row("Questionnaire.item", contentReference="#Nowhere"))

    assert told(made, {"resourceType": "Questionnaire", "item": [{}]}) == []


def test_profile_of_a_data_type_is_judged() -> None:
    address = definition("Address", row("Address.city", min=1), name="Town")
    kinds = [{"code": "Address", "profile": [BASE + "Town"]}]
    made = profile("Patient", row("Patient.address", type=kinds), known={BASE + "Town": address})

    assert told(made, patient(address=[{"text": "x"}])) == [("required", "Patient.address[0].city")]
    assert made.notes == ()


def test_one_of_several_profiles_is_enough() -> None:
    known = {
        BASE + "Town": definition("Address", row("Address.city", min=1), name="Town"),
        BASE + "Text": definition("Address", row("Address.text", min=1), name="Text"),
    }
    kinds = [{"code": "Address", "profile": [BASE + "Town", BASE + "Text"]}]
    made = profile("Patient", row("Patient.address", type=kinds), known=known)

    assert told(made, patient(address=[{"text": "x"}, {"city": "x"}])) == []
    assert told(made, patient(address=[{"country": "x"}])) == [("required", "Patient.address[0].city")]


def test_profile_of_another_type_of_a_choice_is_not_its_business() -> None:
    known = {BASE + "Kilos": definition("Quantity", row("Quantity.unit", min=1), name="Kilos")}
    kinds = [{"code": "Quantity", "profile": [BASE + "Kilos"]}, {"code": "string"}]
    made = profile("Observation", row("Observation.value[x]", type=kinds), known=known)

    assert told(made, observation(valueString="a")) == []
    assert told(made, observation(valueQuantity={"value": 1})) == [("required", "Observation.valueQuantity.unit")]


def test_profile_that_is_not_at_hand_is_noted() -> None:
    made = profile("Patient", row("Patient.address", type=[{"code": "Address", "profile": [BASE + "Town"]}]))

    assert told(made, patient(address=[{"text": "x"}])) == []
    assert [note.severity for note in made.notes] == [Severity.INFORMATION]


def test_profile_that_speaks_of_itself_is_judged() -> None:
    kinds = [{"code": "Extension", "profile": [BASE + "Tree"]}]
    tree = definition("Extension", row("Extension.url", min=1), row("Extension.extension", type=kinds), name="Tree")
    made = profile("Patient", row("Patient.extension", type=kinds), known={BASE + "Tree": tree})

    found = told(made, patient(extension=[{"url": "a", "extension": [{"valueString": "b"}]}]))

    assert found == [("required", "Patient.extension[0].extension[0].url")]


def test_simple_quantity_has_no_comparator() -> None:
    kinds = [{"code": "Quantity", "profile": [CORE + "SimpleQuantity"]}]
    made = profile("Observation", row("Observation.value[x]", type=kinds))

    assert told(made, observation(valueQuantity={"value": 1, "comparator": "<"})) == [
        ("invariant", "Observation.valueQuantity")
    ]
    assert told(made, observation(valueQuantity={"value": 1})) == []


def test_profile_is_of_one_type() -> None:
    assert told(profile("Patient"), observation()) == [("structure", "Observation")]
    assert told(profile("DomainResource"), observation()) == []


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"snapshot": None}, "no snapshot"),
        ({"resourceType": "Patient"}, "no snapshot"),
        ({"type": "Plan"}, "not of a type"),
        ({"snapshot": {"element": []}}, "between 1 and"),
        ({"snapshot": {"element": [{"path": "Patient"}]}}, "has no id"),
        ({"snapshot": {"element": [row("Patient"), row("Patient.name.family")]}}, "has no place"),
        ({"snapshot": {"element": [row("Patient")] * 5001}}, "between 1 and"),
    ],
)
def test_definition_that_cannot_be_used_says_why(wrong: dict[str, Any], says: str) -> None:
    made = compile_profile({**definition("Patient"), **wrong})

    assert isinstance(made, tuple)
    assert [(i.code, says in i.text) for i in made] == [("profile-unusable", True)]


def test_depth_without_end_is_told() -> None:
    rid, rows = "Patient", []
    for _ in range(600):
        rid += ".extension"
        rows.append(row(rid, min=1))

    made = compile_profile(definition("Patient", *rows))

    assert isinstance(made, tuple) or conforms(patient(), (made,))


def test_check_tells_r4_first_and_what_is_not_judged_last() -> None:
    made = profile(
        "Observation", row("Observation.status", min=1), row("Observation.value[x]", min=1, maxLength=1),
        row("Observation.note", binding={"strength": "required", "valueSet": "nowhere"}),
    )  # fmt: skip
    issues = check({"resourceType": "Observation", "code": {"text": "x"}}, "Observation", (made,))

    assert [(i.code, i.at) for i in issues] == [
        ("required", "Observation.status"),
        ("required", "Observation.value"),
        ("profile-partly", BASE + "Own"),
    ]


def test_what_a_definition_leans_on_is_named_with_its_type() -> None:
    rows = [
        row("Patient.address", type=[{"code": "Address", "profile": [BASE + "Town", CORE + "Address"]}]),
        row("Patient.link", type=[{"code": "Reference", "targetProfile": [BASE + "Other", CORE + "Patient"]}]),
        row("Patient.gender", binding={"strength": "required", "valueSet": "v|1"}),
        row("Patient.language", binding={"strength": "example", "valueSet": "w"}),
    ]

    assert needed(definition("Patient", *rows)) == {
        ("StructureDefinition", BASE + "Town"),
        ("StructureDefinition", BASE + "Other"),
        ("ValueSet", "v|1"),
    }
