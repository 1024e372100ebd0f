"""Slices: which items belong to which, and what holds of each.  https://hl7.org/fhir/R4/profiling.html#slicing"""

from typing import Any

import pytest

from profiles.resource import Resource
from profiles.snapshots import Profile, compile_profile
from tests.unit.profiles.test_snapshots import BASE, CORE, definition, observation, patient, profile, row, told

SYSTEM = {"type": "value", "path": "system"}


def slicing(*discriminators: dict[str, str], rules: str = "open", **more: Any) -> dict[str, Any]:
    return {"discriminator": list(discriminators), "rules": rules, **more}


def identifiers(**how: Any) -> Profile:
    return profile(
        "Patient",
        row("Patient.identifier", slicing=slicing(SYSTEM, **how)),
        row("Patient.identifier:a", min=1, max="1"),
        row("Patient.identifier:a.system", min=1, fixedUri="urn:a"),
        row("Patient.identifier:a.value", min=1),
        row("Patient.identifier:b"),
        row("Patient.identifier:b.system", patternUri="urn:b"),
    )


def of(*systems: str) -> Resource:
    return patient(identifier=[{"system": system, "value": "1"} for system in systems])


def test_slice_has_its_own_number_and_content() -> None:
    made = identifiers()

    assert told(made, of("urn:a", "urn:other", "urn:b")) == []
    assert told(made, of("urn:b")) == [("required", "Patient.identifier")]
    assert told(made, of("urn:a", "urn:a")) == [("structure", "Patient.identifier[1]")]
    assert told(made, patient(identifier=[{"system": "urn:a"}])) == [("required", "Patient.identifier[0].value")]
    assert told(made, patient()) == [("required", "Patient.identifier")]


def test_closed_slicing_has_no_other_items() -> None:
    assert told(identifiers(rules="closed"), of("urn:a", "urn:other")) == [("structure", "Patient.identifier[1]")]


def test_slicing_open_at_the_end_has_others_there_only() -> None:
    made = identifiers(rules="openAtEnd")

    assert told(made, of("urn:a", "urn:b", "urn:other")) == []
    assert told(made, of("urn:a", "urn:other", "urn:b")) == [("structure", "Patient.identifier[1]")]


def test_ordered_slices_come_in_their_order() -> None:
    made = identifiers(ordered=True)

    assert told(made, of("urn:a", "urn:b", "urn:b", "urn:other")) == []
    assert told(made, of("urn:b", "urn:a")) == [("structure", "Patient.identifier[1]")]


def test_slices_are_told_apart_by_a_pattern_of_the_whole() -> None:
    made = profile(
        "Observation",
        row("Observation.category", slicing=slicing({"type": "pattern", "path": "$this"}, rules="closed")),
        row("Observation.category:lab", min=1, patternCodeableConcept={"coding": [{"code": "laboratory"}]}),
    )

    assert told(made, observation(category=[{"coding": [{"code": "laboratory", "system": "x"}]}])) == []
    assert told(made, observation(category=[{"text": "x"}])) == [
        ("required", "Observation.category"),
        ("structure", "Observation.category[0]"),
    ]


def test_discriminator_looks_into_a_pattern_above_it() -> None:
    made = profile(
        "Observation",
        row("Observation.component", slicing=slicing({"type": "value", "path": "code.coding.code"}, rules="closed")),
        row("Observation.component:a"),
        row("Observation.component:a.code", patternCodeableConcept={"coding": [{"code": "a"}]}),
    )

    assert told(made, observation(component=[{"code": {"coding": [{"code": "a"}]}}])) == []
    assert told(made, observation(component=[{"code": {"coding": [{"code": "b"}]}}])) != []


def test_discriminator_looks_at_what_is_below_its_end() -> None:
    made = profile(
        "Observation",
        row("Observation.component", slicing=slicing({"type": "value", "path": "code"}, rules="closed")),
        row("Observation.component:a"),
        row("Observation.component:a.code"),
        row("Observation.component:a.code.coding", slicing=slicing({"type": "value", "path": "code"})),
        row("Observation.component:a.code.coding:one", min=1),
        row("Observation.component:a.code.coding:one.code", fixedCode="a"),
    )

    assert told(made, observation(component=[{"code": {"coding": [{"code": "x"}, {"code": "a"}]}}])) == []
    assert told(made, observation(component=[{"code": {"coding": [{"code": "b"}]}}])) == [
        ("structure", "Observation.component[0]")
    ]


def test_slices_are_told_apart_by_required_codes() -> None:
    known: dict[str, Resource] = {
        "v": {"resourceType": "ValueSet", "compose": {"include": [{"system": "s", "concept": [{"code": "a"}]}]}}
    }
    made = profile(
        "Observation",
        row("Observation.category", slicing=slicing({"type": "value", "path": "$this"}, rules="closed")),
        row("Observation.category:known", binding={"strength": "required", "valueSet": "v"}),
        known=known,
    )

    assert told(made, observation(category=[{"coding": [{"system": "s", "code": "a"}]}])) == []
    assert told(made, observation(category=[{"coding": [{"system": "s", "code": "b"}]}])) != []


def extension(url: str) -> dict[str, Any]:
    return {"type": [{"code": "Extension", "profile": [url]}]}


def extended() -> Profile:
    kinds = [{"code": "string"}]
    fixed = definition("Extension", row("Extension.url", fixedUri=BASE + "e"), row("Extension.value[x]", type=kinds))
    return profile(
        "Patient",
        row("Patient.extension", slicing=slicing({"type": "value", "path": "url"})),
        row("Patient.extension:e", min=1, max="1", **extension(BASE + "e")),
        known={BASE + "e": fixed},
    )


def test_extension_is_known_by_its_address_and_judged_by_its_definition() -> None:
    made = extended()

    assert told(made, patient(extension=[{"url": BASE + "e", "valueString": "x"}, {"url": "urn:x"}])) == []
    assert told(made, patient(extension=[{"url": "urn:x"}])) == [("required", "Patient.extension")]
    assert told(made, patient(extension=[{"url": BASE + "e", "valueInteger": 1}])) == [
        ("structure", "Patient.extension[0].valueInteger")
    ]


def test_extension_of_a_primitive_is_sliced_too() -> None:
    made = profile(
        "Patient",
        row("Patient.birthDate"),
        row("Patient.birthDate.extension", slicing=slicing({"type": "value", "path": "url"})),
        row("Patient.birthDate.extension:time", min=1, **extension(BASE + "time")),
    )

    assert told(made, patient(birthDate="2026", _birthDate={"extension": [{"url": BASE + "time"}]})) == []
    assert told(made, patient(birthDate="2026")) == [("required", "Patient.birthDate.extension")]


def test_slices_are_told_apart_by_what_is_there() -> None:
    made = profile(
        "Patient",
        row("Patient.name", slicing=slicing({"type": "exists", "path": "period"}, rules="closed")),
        row("Patient.name:past", max="1"),
        row("Patient.name:past.period", min=1),
        row("Patient.name:now", min=1, max="1"),
        row("Patient.name:now.period", max="0"),
    )

    assert told(made, patient(name=[{"family": "a"}, {"period": {"end": "2026"}}])) == []
    assert told(made, patient(name=[{"period": {"end": "2026"}}] * 2)) == [
        ("required", "Patient.name"),
        ("structure", "Patient.name[1]"),
    ]


def test_choices_are_told_apart_by_type_without_saying_so() -> None:
    made = profile(
        "Observation",
        row("Observation.value[x]"),
        row("Observation.value[x]:valueQuantity", max="1", type=[{"code": "Quantity"}]),
        row("Observation.value[x]:valueQuantity.unit", min=1),
    )

    assert told(made, observation(valueString="a")) == []
    assert told(made, observation(valueQuantity={"value": 1})) == [("required", "Observation.valueQuantity.unit")]


def test_references_are_told_apart_by_the_type_that_they_name() -> None:
    known = {BASE + "Team": definition("CareTeam", name="Team")}
    made = profile(
        "Observation",
        row("Observation.performer", slicing=slicing({"type": "type", "path": "resolve()"}, rules="closed")),
        row("Observation.performer:one", max="1"),
        row("Observation.performer:team", max="0"),
        known=known,
    )
    assert [note.code for note in made.notes] == ["profile-partly"] * 2

    def to(*profiles: str) -> dict[str, Any]:
        return {"type": [{"code": "Reference", "targetProfile": list(profiles)}]}

    made = profile(
        "Observation",
        row("Observation.performer", slicing=slicing({"type": "type", "path": "resolve()"}, rules="closed")),
        row("Observation.performer:one", max="1", **to(CORE + "Practitioner", CORE + "Patient")),
        row("Observation.performer:team", **to(BASE + "Team")),
        known=known,
    )
    assert told(made, observation(performer=[{"reference": "Patient/1"}, {"reference": "CareTeam/1"}])) == []
    assert told(made, observation(performer=[{"reference": "Organization/1"}])) == [
        ("structure", "Observation.performer[0]")
    ]


def test_contained_resources_are_told_apart_by_their_type() -> None:
    made = profile(
        "List",
        row("List.contained", slicing=slicing({"type": "type", "path": "$this"})),
        row("List.contained:person", min=1, type=[{"code": "Patient"}]),
        row("List.contained:person.name", min=1),
    )
    held = [{"resourceType": "Patient", "name": [{}]}, {"resourceType": "Group"}]

    assert told(made, {"resourceType": "List", "contained": held}) == []
    assert told(made, {"resourceType": "List", "contained": [{"resourceType": "Patient"}]}) == [
        ("required", "List.contained[0].name")
    ]


def test_slices_are_told_apart_by_the_profile_that_they_conform_to() -> None:
    known = {BASE + "Town": definition("Address", row("Address.city", min=1), name="Town")}
    by_profile = slicing({"type": "profile", "path": "$this"})
    town = {"type": [{"code": "Address", "profile": [BASE + "Town"]}]}
    rows = (row("Patient.address", slicing=by_profile), row("Patient.address:town", min=1, **town))
    made = profile("Patient", *rows, known=known)

    assert told(made, patient(address=[{"city": "x"}, {"text": "x"}])) == []
    assert told(made, patient(address=[{"text": "x"}])) == [("required", "Patient.address")]
    assert [n.code for n in profile("Patient", *rows).notes] == ["profile-partly"] * 2
    elsewhere = row("Patient.address", slicing=slicing({"type": "profile", "path": "period"}))
    assert profile("Patient", elsewhere, rows[1], known=known).notes


def test_discriminator_goes_through_an_extension_and_a_type() -> None:
    path = "extension('urn:e').value.ofType(Coding).code"
    made = profile(
        "Patient",
        row("Patient.name", slicing=slicing({"type": "value", "path": path}, rules="closed")),
        row("Patient.name:a"),
        row("Patient.name:a.extension", slicing=slicing({"type": "value", "path": "url"})),
        row("Patient.name:a.extension:e", **extension("urn:e")),
        row("Patient.name:a.extension:e.value[x]"),
        row("Patient.name:a.extension:e.value[x].code", fixedCode="a"),
    )
    held = [{"url": "urn:e", "valueCoding": {"code": "a"}}]

    assert told(made, patient(name=[{"extension": held}])) == []
    assert told(made, patient(name=[{"family": "a"}])) == [("structure", "Patient.name[0]")]


@pytest.mark.parametrize(
    "discriminator",
    [
        {"type": "value", "path": "system"},
        {"type": "value", "path": "extension('urn:e').value"},
        {"type": "exists", "path": "system"},
        {"type": "exists", "path": "system.nothing"},
        {"type": "type", "path": "system.nothing"},
        {"type": "type", "path": "system"},
        {"type": "colour", "path": "system"},
        {"type": "value"},
        {"type": "value", "path": "system."},
    ],
)
def test_slice_that_nothing_tells_is_noted_and_not_judged(discriminator: dict[str, str]) -> None:
    rows = (row("Patient.identifier:a", min=1), row("Patient.identifier:a.system"))
    made = profile("Patient", row("Patient.identifier", slicing=slicing(discriminator)), *rows)

    assert told(made, patient(identifier=[{"value": "1"}])) == []
    assert len(made.notes) == 1


def test_slice_without_discriminator_is_noted() -> None:
    made = profile("Patient", row("Patient.identifier", slicing={"rules": "open"}), row("Patient.identifier:a", min=1))

    assert len(made.notes) == 1


def test_closed_slicing_is_not_judged_where_one_slice_cannot_be() -> None:
    made = profile(
        "Patient",
        row("Patient.identifier", slicing=slicing(SYSTEM, rules="closed")),
        row("Patient.identifier:a"),
        row("Patient.identifier:a.system", fixedUri="urn:a"),
        row("Patient.identifier:b"),
    )

    assert told(made, of("urn:b")) == []


def test_item_that_a_discriminator_takes_too_long_for_belongs_to_no_slice() -> None:
    made = profile(
        "Patient",
        row("Patient.name", slicing=slicing({"type": "value", "path": "given"}, rules="closed")),
        row("Patient.name:a"),
        row("Patient.name:a.given", fixedString="a"),
    )

    assert told(made, patient(name=[{"given": ["a"]}])) == []
    assert told(made, patient(name=[{"given": ["a"] * 200_001}])) == [("structure", "Patient.name[0]")]


def test_slice_of_a_slice_is_noted() -> None:
    made = compile_profile(
        definition(
            "Patient",
            row("Patient.identifier", slicing=slicing(SYSTEM)),
            row("Patient.identifier:a"),
            row("Patient.identifier:a.system", fixedUri="urn:a"),
            row("Patient.identifier:a/b", min=1),
            row("Patient.identifier:a/b.system"),
        )
    )

    assert isinstance(made, Profile)
    assert len(made.notes) == 2


def test_name_without_slices_is_a_label() -> None:
    made = profile("Patient", row("Patient.birthDate:Born", min=1))

    assert told(made, patient()) == [("required", "Patient.birthDate")]
