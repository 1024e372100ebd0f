"""https://hl7.org/fhir/R4/search.html#token"""

from typing import Any

import pytest

from fhir_service.search import extract
from fhir_service.search.query import TokenValue
from fhir_service.search.tokens import read
from profiles.names import FNR


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("active", TokenValue(None, "active")),
        ("http://a|b", TokenValue("http://a", "b")),
        ("|b", TokenValue("", "b")),
        ("http://a|", TokenValue("http://a", None)),
        (r"a\|b", TokenValue(None, "a|b")),
        (r"s|a\|b\,c\$d\\e", TokenValue("s", r"a|b,c$d\e")),
    ],
)
def test_token_has_a_system_and_a_code(text: str, value: TokenValue) -> None:
    assert read(text) == value


@pytest.mark.parametrize("text", ["", "|", "a|b|c"])
def test_other_texts_are_no_tokens(text: str) -> None:
    assert read(text) is None


def tokens(resource: dict[str, Any]) -> set[tuple[str, str, str]]:
    return set(extract(resource).tokens)


def test_concept_is_found_by_each_of_its_codings_once() -> None:
    coding = {"system": "http://a", "code": "x"}
    code = {"coding": [coding, coding, {"code": "y"}, {"system": "http://a", "display": "no code"}], "text": "z"}
    assert extract({"resourceType": "Condition", "code": code}).tokens == (("code", "http://a", "x"), ("code", "", "y"))


def test_code_has_the_system_that_its_value_set_implies() -> None:
    found = tokens({"resourceType": "CarePlan", "status": "active"})
    assert found == {("status", "http://hl7.org/fhir/request-status", "active")}


def test_identifier_is_found_by_system_and_value() -> None:
    identifiers = [{"system": FNR, "value": "15918512397"}, {"value": "7"}, {"system": FNR}]
    found = tokens({"resourceType": "Patient", "identifier": identifiers})
    assert found >= {("identifier", FNR, "15918512397"), ("identifier", "", "7")}
    assert len([row for row in found if row[0] == "identifier"]) == 2


def test_telephone_and_mail_are_told_apart_by_their_parameters() -> None:
    telecom = [{"system": "phone", "value": "55512345"}, {"system": "email", "value": "a@example.org"}]
    found = tokens({"resourceType": "Practitioner", "telecom": telecom})
    assert found == {
        ("phone", "phone", "55512345"),
        ("email", "email", "a@example.org"),
        ("telecom", "phone", "55512345"),
        ("telecom", "email", "a@example.org"),
    }


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        ({}, "false"),
        ({"deceasedBoolean": False}, "false"),
        ({"deceasedBoolean": True}, "true"),
        ({"deceasedDateTime": "2026-01-01"}, "true"),
    ],
)
def test_deceased_is_a_fact_of_every_patient(element: dict[str, Any], expected: str) -> None:
    assert ("deceased", "", expected) in tokens({"resourceType": "Patient", **element})


def test_boolean_coding_and_string_elements_are_tokens() -> None:
    assert ("active", "", "true") in tokens({"resourceType": "Patient", "active": True})
    encounter = {"resourceType": "Encounter", "class": {"system": "http://c", "code": "IMP"}}
    assert ("class", "http://c", "IMP") in tokens(encounter)
    assert ("altid", "", "u1") in tokens({"resourceType": "AuditEvent", "agent": [{"altId": "u1"}]})


@pytest.mark.parametrize("value", [None, 7, "text", [], {}, [None], {"coding": None}, {"coding": [None, "x"]}])
def test_values_of_another_shape_are_passed_over(value: Any) -> None:
    assert tokens({"resourceType": "Condition", "code": value, "identifier": value}) == set()
    assert {row[0] for row in tokens({"resourceType": "Practitioner", "telecom": value, "active": value})} == set()
