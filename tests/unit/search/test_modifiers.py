"""Every modifier of R4 on every type that takes it.  https://hl7.org/fhir/R4/search.html#modifiers"""

from typing import Any

import pytest

from fhir_service.resources import SERVED
from fhir_service.search import extract, parameters
from fhir_service.search.query import (
    ConceptSet,
    Criterion,
    ParameterType,
    ReferenceValue,
    StringValue,
    TokenValue,
)
from tests.unit.search.asked import BASE, condition, refusals, told

TOKEN, REFERENCE, STRING = ParameterType.TOKEN, ParameterType.REFERENCE, ParameterType.STRING
LOINC = "http://loinc.org"
MR = "http://terminology.hl7.org/CodeSystem/v2-0203"
VALUES = {"token": "http://a|b", "reference": "Patient/7", "date": "2026", "string": "x", "uri": "http://a/b",
          "number": "1", "quantity": "1||mg", "special": "1|1"}  # fmt: skip


@pytest.mark.parametrize(
    ("rtype", "code", "modifiers"),
    [
        ("Observation", "code", "above below in missing not not-in text"),
        ("Observation", "status", "above below in missing not not-in"),
        ("Encounter", "class", "above below in missing not not-in text"),
        ("Patient", "identifier", "missing not of-type text"),
        ("Patient", "active", "missing not"),
        ("Patient", "telecom", "missing not"),
        ("Patient", "name", "contains exact missing text"),
        ("Patient", "phonetic", "missing"),
        ("Patient", "birthdate", "missing"),
        ("Patient", "organization", "identifier missing"),
        ("CarePlan", "instantiates-canonical", "missing"),
        ("ValueSet", "url", "above below missing"),
        ("CarePlan", "_profile", "above below missing"),
        ("CarePlan", "_tag", "above below in missing not not-in text"),
        ("Observation", "value-quantity", "missing"),
        ("RiskAssessment", "probability", "missing"),
        ("Observation", "code-value-quantity", "missing"),
        ("Location", "near", "missing"),
        ("Patient", "_id", ""),
        ("Patient", "_lastUpdated", ""),
    ],
)
def test_parameter_takes_the_modifiers_of_its_type(rtype: str, code: str, modifiers: str) -> None:
    assert parameters(rtype)[code].modifiers == tuple(modifiers.split())


@pytest.mark.parametrize(
    ("rtype", "name", "value", "found"),
    [
        ("Observation", "code:missing", "true", Criterion("code", TOKEN, (), missing=True)),
        ("Observation", "value-quantity:missing", "false",
         Criterion("value-quantity", ParameterType.QUANTITY, (), missing=False)),
        ("Patient", "gender:not", "male,female",
         Criterion("gender", TOKEN, (TokenValue(None, "male"), TokenValue(None, "female")), "not")),
        ("Observation", "code:text", "Head Ache", Criterion("code:text", STRING, (StringValue("head ache"),))),
        ("Patient", "identifier:text", "medical", Criterion("identifier:text", STRING, (StringValue("medical"),))),
        ("Patient", "name:text", "Kåre", Criterion("name", STRING, (StringValue("kare"),), "contains")),
        ("Patient", "name:exact", "Kåre", Criterion("name", STRING, (StringValue("Kåre"),), "exact")),
        ("Patient", "name:contains", "åre", Criterion("name", STRING, (StringValue("are"),), "contains")),
        ("Observation", "code:in", "http://a/vs",
         Criterion("code", TOKEN, (ConceptSet(value_set="http://a/vs"),), "in")),
        ("Observation", "code:not-in", "ValueSet/7",
         Criterion("code", TOKEN, (ConceptSet(value_set="ValueSet/7"),), "not-in")),
        ("Observation", "code:above", f"{LOINC}|1",
         Criterion("code", TOKEN, (ConceptSet(system=LOINC, code="1"),), "above")),
        ("Observation", "code:below", f"{LOINC}|1,{LOINC}|2",
         Criterion("code", TOKEN, (ConceptSet(system=LOINC, code="1"), ConceptSet(system=LOINC, code="2")), "below")),
        ("Patient", "identifier:of-type", f"{MR}|MR|446053",
         Criterion("identifier:of-type", TOKEN, (TokenValue(MR, "MR|446053"),))),
        ("Observation", "subject:identifier", "http://acme|7",
         Criterion("subject:identifier", TOKEN, (TokenValue("http://acme", "7"),))),
        ("Observation", "subject:Patient", "23", Criterion("subject", REFERENCE, (ReferenceValue("Patient", "23"),))),
        ("ValueSet", "url:below", "http://acme.org/fhir/",
         Criterion("url", REFERENCE, (ReferenceValue(None, "", "http://acme.org/fhir/"),), "below")),
    ],
)  # fmt: skip
def test_modifier_says_what_the_values_are(rtype: str, name: str, value: str, found: Criterion) -> None:
    assert condition(rtype, name, value) == found


def test_above_an_address_is_what_it_lies_below() -> None:
    """search.html: `url:above=http://acme.org/fhir/ValueSet/123/_history/5`"""
    found = condition("ValueSet", "url:above", "http://acme.org/fhir/ValueSet/1,urn:oid:1.2")
    assert isinstance(found, Criterion)
    assert (found.modifier, found.type) == (None, REFERENCE)
    assert [value.url for value in found.values if isinstance(value, ReferenceValue)] == [
        "http://acme.org/fhir/ValueSet/1",
        "http://acme.org/fhir/ValueSet/",
        "http://acme.org/fhir/ValueSet",
        "http://acme.org/fhir/",
        "http://acme.org/fhir",
        "http://acme.org/",
        "http://acme.org",
        "urn:oid:1.2",
    ]


@pytest.mark.parametrize(
    ("rtype", "name", "value"),
    [
        ("Observation", "code:missing", "yes"),
        ("Observation", "code:in", "a b"),
        ("Observation", "code:above", "1"),
        ("Observation", "code:below", "|1"),
        ("Observation", "code:below", f"{LOINC}|"),
        ("Observation", "code:text", "\u0301"),
        ("Patient", "identifier:of-type", "MR|446053"),
        ("Patient", "identifier:of-type", "|MR|446053"),
        ("Patient", "identifier:of-type", f"{MR}|MR|"),
        ("Patient", "identifier:of-type", "a|b|c|d"),
        ("ValueSet", "url:above", "http://a" + "/b" * 40),
        ("ValueSet", "url:above", "a b"),
        ("ValueSet", "url:below", "a b"),
        ("Observation", "subject:identifier", "a|b|c"),
    ],
)
def test_value_has_to_be_what_the_modifier_takes(rtype: str, name: str, value: str) -> None:
    assert refusals(rtype, (name, value)) == [("bad-parameter-value", name)]


@pytest.mark.parametrize(
    ("rtype", "name"),
    [
        ("Observation", "code:exact"),
        ("Observation", "code:of-type"),
        ("Observation", "code:identifier"),
        ("Observation", "code:Text"),
        ("Patient", "identifier:in"),
        ("Patient", "active:text"),
        ("Patient", "birthdate:exact"),
        ("Patient", "name:not"),
        ("Patient", "phonetic:exact"),
        ("Patient", "organization:below"),
        ("Patient", "organization:Patient"),
        ("QuestionnaireResponse", "questionnaire:Questionnaire"),
        ("ValueSet", "url:contains"),
        ("Observation", "value-quantity:not"),
        ("Observation", "code-value-quantity:not"),
        ("Location", "near:exact"),
        ("Patient", "_text:exact"),
        ("Patient", "_list:missing"),
    ],
)
def test_other_modifiers_are_refused(rtype: str, name: str) -> None:
    """Decisions 7 and 26"""
    value = VALUES.get(name, "1")
    assert refusals(rtype, (name, value)) == [("unknown-modifier", name)]


def test_refused_modifier_names_all_that_the_parameter_takes() -> None:
    assert told("Observation", ("code:exact", "x")) == "code takes :above, :below, :in, :missing, :not, :not-in, :text."
    assert told("Patient", ("birthdate:exact", "2026")) == "birthdate takes :missing."
    assert told("Patient", ("_id:not", "7")) == "_id takes no modifier."


@pytest.mark.parametrize("rtype", SERVED)
def test_every_modifier_that_is_told_is_served(rtype: str) -> None:
    """What the CapabilityStatement lists can be asked."""
    said = {":missing": "true", ":in": "http://v", ":not-in": "http://v", ":of-type": "a|b|c", ":identifier": "a|b",
            ":above": "http://a|b", ":below": "http://a|b"}  # fmt: skip
    for code, parameter in parameters(rtype).items():
        for modifier in parameter.modifiers:
            value = said.get(f":{modifier}", VALUES.get(parameter.declared, "x"))
            if modifier == "not" and all(b.type == "boolean" for b in parameter.branches):
                value = "true"
            assert condition(rtype, f"{code}:{modifier}", value), code


# The derived names: what `:text`, `:of-type` and `:identifier` find


def strings_of(resource: dict[str, Any]) -> set[tuple[str, str]]:
    return {(name, text) for name, _, text in extract(resource, BASE).strings if name.endswith(":text")}


def test_texts_beside_a_code_are_found() -> None:
    """search.html: CodeableConcept.text, Coding.display, or Identifier.type.text"""
    observation = {
        "resourceType": "Observation",
        "code": {"text": "Hodepine", "coding": [{"code": "1", "display": "Head ache"}, {"code": "2"}]},
        "identifier": [{"value": "1", "type": {"text": "Prøve", "coding": [{"display": "not this"}]}}],
        "meta": {"tag": [{"code": "x", "display": "Merke"}]},
    }
    assert strings_of(observation) == {
        ("_tag:text", "Merke"),
        ("code:text", "Hodepine"),
        ("code:text", "Head ache"),
        ("combo-code:text", "Hodepine"),
        ("combo-code:text", "Head ache"),
        ("identifier:text", "Prøve"),
    }


@pytest.mark.parametrize(
    "value",
    [
        None,
        7,
        [7],
        "x",
        {"coding": 7, "text": 7},
        {"coding": [7, {"display": 7}]},
        {"type": 7},
        {"type": {"text": 7}},
        {"text": "\u0301", "display": " "},
    ],
)
def test_texts_of_another_shape_are_passed_over(value: Any) -> None:
    odd = {"resourceType": "Observation", "code": value, "identifier": value, "meta": {"tag": value}}
    assert strings_of(odd) == set()


def test_identifier_is_found_by_its_type() -> None:
    typed = {"value": "446053", "type": {"coding": [{"system": MR, "code": "MR"}, {"code": "X"}]}}
    found = extract(
        {"resourceType": "Patient", "identifier": [typed, {"value": "1"}, 7, {"type": typed["type"]}]}
    ).tokens
    assert {row for row in found if row[0] == "identifier:of-type"} == {
        ("identifier:of-type", MR, "MR|446053"),
        ("identifier:of-type", "", "X|446053"),
    }


@pytest.mark.parametrize("value", ["http://a/q|2", "Questionnaire/7", f"{BASE}/Questionnaire/7"])
def test_canonical_is_compared_as_it_is_written(value: str) -> None:
    found = condition("QuestionnaireResponse", "questionnaire", value)
    assert found == Criterion("questionnaire", REFERENCE, (ReferenceValue(None, "", value),))
    response = {"resourceType": "QuestionnaireResponse", "questionnaire": value}
    assert ("questionnaire", "", "", value) in extract(response, BASE).references
