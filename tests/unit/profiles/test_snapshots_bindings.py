"""Bindings of profiles, judged where the codes of the value set can be listed.

https://hl7.org/fhir/R4/terminologies.html#strength
"""

import pytest

from profiles.issues import Severity
from profiles.resource import Resource
from profiles.snapshots import Profile, compile_profile, needed
from profiles.validate import conforms
from tests.unit.profiles.test_snapshots import definition, observation, patient, profile, row, told

VALUE_SET: Resource = {
    "resourceType": "ValueSet",
    "compose": {
        "include": [{"system": "s", "concept": [{"code": "a"}]}, {"system": "whole"}, {"valueSet": ["other"]}],
        "exclude": [{"system": "whole", "concept": [{"code": "z"}]}],
    },
}
KNOWN: dict[str, Resource] = {
    "v": VALUE_SET,
    "whole": {
        "resourceType": "CodeSystem",
        "content": "complete",
        "concept": [{"code": "b", "concept": [{"code": "c"}]}, {"code": "z"}],
    },
    "other": {
        "resourceType": "ValueSet",
        "expansion": {"total": 2, "contains": [{"code": "d", "system": "t", "contains": [{"code": "e"}]}]},
    },
    "cut": {"resourceType": "ValueSet", "expansion": {"total": 9, "contains": [{"code": "d", "system": "t"}]}},
    "empty": {"resourceType": "ValueSet"},
    "filtered": {"resourceType": "ValueSet", "compose": {"include": [{"system": "s", "filter": [{"op": "="}]}]}},
    "part": {"resourceType": "ValueSet", "compose": {"include": [{"system": "unknown"}]}},
    "itself": {"resourceType": "ValueSet", "compose": {"include": [{"valueSet": ["itself"]}]}},
    "both": {"resourceType": "ValueSet", "compose": {"include": [{"system": "whole", "valueSet": ["v"]}]}},
}


@pytest.mark.parametrize(
    ("system", "code", "fits"),
    [("s", "a", True), ("whole", "b", True), ("whole", "c", True), ("whole", "z", False), ("t", "d", True),
     ("", "e", True), ("t", "e", False), ("s", "b", False)],
)  # fmt: skip
def test_required_code_is_one_of_its_value_set(system: str, code: str, fits: bool) -> None:
    binding = {"strength": "required", "valueSet": "v"}
    made = profile("Observation", row("Observation.code", binding=binding), known=KNOWN)

    found = told(made, observation(code={"coding": [{"system": system, "code": code} if system else {"code": code}]}))

    assert found == ([] if fits else [("code-invalid", "Observation.code")])


def test_extensible_code_is_a_warning() -> None:
    made = profile("Patient", row("Patient.gender", binding={"strength": "extensible", "valueSet": "v"}), known=KNOWN)

    issues = conforms(patient(gender="male"), (made,))

    assert [(i.severity, i.code) for i in issues] == [(Severity.WARNING, "code-invalid")]
    assert conforms(patient(gender="a"), (made,)) == ()
    assert conforms(patient(_gender={"extension": [{"url": "x"}]}), (made,)) == ()


def test_codes_in_two_sets_at_once() -> None:
    made = profile("Patient", row("Patient.gender", binding={"strength": "required", "valueSet": "both"}), known=KNOWN)

    assert told(made, patient(gender="b")) == []
    assert told(made, patient(gender="a")) == [("code-invalid", "Patient.gender")]


@pytest.mark.parametrize("url", ["cut", "empty", "filtered", "part", "itself", "nowhere"])
def test_codes_that_cannot_be_listed_are_noted_and_not_judged(url: str) -> None:
    made = profile("Patient", row("Patient.gender", binding={"strength": "required", "valueSet": url}), known=KNOWN)

    assert told(made, patient(gender="male")) == []
    assert [note.code for note in made.notes] == ["profile-partly"]


def test_weak_binding_is_not_judged() -> None:
    made = profile("Patient", row("Patient.gender", binding={"strength": "preferred", "valueSet": "v"}), known=KNOWN)

    assert (told(made, patient(gender="male")), made.notes) == ([], ())


def test_what_a_value_set_leans_on_is_named_with_its_type() -> None:
    assert needed(VALUE_SET) == {("CodeSystem", "whole"), ("ValueSet", "other")}
    assert needed({"resourceType": "CodeSystem"}) == frozenset()


def test_coding_without_code_is_no_code() -> None:
    made = profile(
        "Observation", row("Observation.code", binding={"strength": "required", "valueSet": "v"}), known=KNOWN
    )

    assert told(made, observation(code={"coding": [{"system": "s"}, {"system": "s", "code": "a"}]})) == []
    assert told(made, observation(code={"coding": [{"system": "s"}]})) == [("code-invalid", "Observation.code")]


def test_nothing_is_known_without_a_lookup() -> None:
    made = compile_profile(
        definition("Patient", row("Patient.gender", binding={"strength": "required", "valueSet": "v"}))
    )

    assert isinstance(made, Profile)
    assert [note.code for note in made.notes] == ["profile-partly"]
