"""If it is listed, it works (architecture.md 1.5): every interaction, search parameter and include is called."""

import msgspec
import pytest

from fhir_service.resources import served_types
from profiles.resource import Resource
from profiles.validate import check
from tests.rest.conftest import BASE, FHIR_JSON, Rest, link

VALUES = {
    "token": "true",
    "reference": "Patient/x",
    "date": "ge2020-01-01",
    "string": "x",
    "uri": "http://example.org/x",
    "number": "1",
    "quantity": "1",
}
WITH_VALUES = {"missing": "true", "identifier": "http://example.org|x"}
"""What a modifier needs instead of a value of the parameter's type."""


@pytest.fixture(scope="module")
def statement(rest: Rest) -> Resource:
    answer = rest.get("metadata")
    assert answer.status_code == 200
    told: Resource = msgspec.json.decode(answer.content)
    return told


def listed(statement: Resource) -> dict[str, Resource]:
    return {resource["type"]: resource for resource in statement["rest"][0]["resource"]}


def test_the_statement_is_valid_and_names_r4_and_this_endpoint(statement: Resource) -> None:
    assert check(statement, "CapabilityStatement") == ()
    assert statement["fhirVersion"] == "4.0.1"
    assert statement["implementation"]["url"] == BASE
    assert set(listed(statement)) == set(served_types())


def test_every_type_is_versioned_and_takes_conditional_creates(statement: Resource) -> None:
    for resource in listed(statement).values():
        assert resource["versioning"] == "versioned"
        assert resource["conditionalCreate"] is True


@pytest.mark.parametrize("rtype", served_types())
def test_every_parameter_that_is_listed_can_be_searched_by(rest: Rest, statement: Resource, rtype: str) -> None:
    resource = listed(statement)[rtype]
    assert resource["searchParam"]
    for parameter in resource["searchParam"]:
        value = VALUES[parameter["type"]]
        answer = rest.get(f"{rtype}?{parameter['name']}={value}")
        assert answer.status_code == 200, (parameter, answer.text)
        for modifier in parameter.get("documentation", "").removeprefix("Modifiers: ").split(", "):
            if modifier:
                given = WITH_VALUES.get(modifier[1:], value)
                answer = rest.get(f"{rtype}?{parameter['name']}{modifier}={given}")
                assert answer.status_code == 200, (parameter, modifier, answer.text)


@pytest.mark.parametrize("rtype", served_types())
def test_every_include_that_is_listed_can_be_asked_for(rest: Rest, statement: Resource, rtype: str) -> None:
    for include in listed(statement)[rtype].get("searchInclude", ()):
        answer = rest.get(f"{rtype}?_include={include}")
        assert answer.status_code == 200, (include, answer.text)
        assert link(answer, "self") == f"{BASE}/{rtype}?_include={include}"


CALLS = {
    "read": ("GET", "{type}/never-there", 404),
    "vread": ("GET", "{type}/never-there/_history/1", 404),
    "search-type": ("GET", "{type}", 200),
    "create": ("POST", "{type}", 400),
    "update": ("PUT", "{type}/never-there", 400),
    "patch": ("PATCH", "{type}/never-there", 400),
    "delete": ("DELETE", "{type}/never-there", 204),
}


@pytest.mark.parametrize("rtype", served_types())
def test_the_interactions_that_are_listed_are_those_that_are_served(
    rest: Rest, statement: Resource, rtype: str
) -> None:
    told = {i["code"] for i in listed(statement)[rtype]["interaction"]}
    for interaction, (method, path, expected) in CALLS.items():
        kind = {"content-type": "application/json-patch+json"} if method == "PATCH" else FHIR_JSON
        content = b"{}" if method in ("POST", "PUT", "PATCH") else b""
        answer = rest(method, path.format(type=rtype), content=content, headers=kind)
        assert answer.status_code == (expected if interaction in told else 405), (interaction, answer.text)
