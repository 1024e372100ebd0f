"""Keys of resources without a usable identifier (hl7v2-mapping.md 6.2)."""

from typing import Any

import pytest

from mappings.natural_keys import natural_key
from profiles import names


def condition(code: str, status: str = "confirmed") -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "code": {"coding": [{"system": names.ICD_10, "code": code}]},
        "verificationStatus": {"coding": [{"system": names.CONDITION_VER_STATUS, "code": status}]},
    }


def related(given: str = "Anne", role: str = "MTH", **more: Any) -> dict[str, Any]:
    name = {"family": "Nordmann", "given": [given]}
    return {"resourceType": "RelatedPerson", "name": [name], "relationship": [{"coding": [{"code": role}]}], **more}


def test_condition_is_the_same_whether_its_code_has_dots() -> None:
    assert natural_key(condition("I63.9")) == natural_key(condition("I639"))
    assert natural_key(condition("I63.9")) != natural_key(condition("I63.9", "provisional"))
    assert natural_key({"resourceType": "Condition"}) is None


def test_related_person_is_the_same_by_number_or_by_name_and_relationship() -> None:
    number = {"identifier": [{"system": names.FNR, "value": "01911560042"}]}
    assert natural_key(related("ANNE ")) == natural_key(related("anne"))
    assert natural_key(related("A\u030ase")) == natural_key(related("Åse"))
    assert natural_key(related(role="SIS")) != natural_key(related())
    assert natural_key(related("Anne", **number)) == natural_key(related("Anita", "SIS", **number))
    assert natural_key({"resourceType": "RelatedPerson"}) is None


@pytest.mark.parametrize(
    ("code", "key"),
    [
        ({"coding": [{"code": "penicillin"}]}, "code:PENICILLIN"),
        ({"text": "  Bjørke  pollen"}, "text:bjørke pollen"),
        ({"coding": [{"display": "Nøtter"}]}, "text:nøtter"),
        ({}, None),
    ],
)
def test_allergy_is_the_same_by_code_else_text(code: dict[str, Any], key: str | None) -> None:
    assert natural_key({"resourceType": "AllergyIntolerance", "code": code}) == key


def test_stay_is_the_same_by_its_beginning() -> None:
    stay = {"resourceType": "Encounter", "period": {"start": "2026-11-20T10:20:00+01:00"}}
    assert natural_key(stay) == "start:2026-11-20T10:20:00+01:00"
    assert natural_key({"resourceType": "Encounter"}) is None


def test_other_types_have_none() -> None:
    assert natural_key({"resourceType": "Patient"}) is None
