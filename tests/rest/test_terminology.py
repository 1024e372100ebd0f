"""Terminology of stored resources: by id, in searches, and where it is not there."""

from typing import Any

import pytest

from fhir_service.workflow.everything import Wished, everything_of_patients
from profiles.resource import Resource
from tests.rest.conftest import BASE, FHIR_JSON, Rest, code, issue, matches
from tests.rest.operating import called, outputs, parameter, valid

SYSTEM = "http://example.org/CodeSystem/colours"


@pytest.fixture(scope="module")
def colours(rest: Rest) -> dict[str, Resource]:
    below = [{"code": "Crimson", "display": "Crimson"}]
    system = rest.stored(
        {
            "resourceType": "CodeSystem",
            "url": SYSTEM,
            "status": "active",
            "content": "complete",
            "caseSensitive": False,
            "concept": [{"code": "Red", "display": "Red", "concept": below}, {"code": "Blue"}],
        }
    )

    def stored(name: str, **included: Any) -> Resource:
        url = f"http://example.org/ValueSet/{name}"
        compose = {"include": [included]}
        return rest.stored({"resourceType": "ValueSet", "url": url, "status": "active", "compose": compose})

    below_red = [{"property": "concept", "op": "is-a", "value": "Red"}]
    return {
        "system": system,
        "warm": stored("warm", system=SYSTEM, filter=below_red),
        "all": stored("all", system=SYSTEM),
        "broken": stored("broken", valueSet=["http://example.org/none"]),
    }


def test_stored_resource_is_asked_by_its_address(rest: Rest, colours: Any) -> None:
    at = f"ValueSet/{colours['warm']['id']}"
    told = valid(rest.get(f"{at}/$expand"))
    assert [c["code"] for c in told["expansion"]["contains"]] == ["Red", "Crimson"]
    assert outputs(rest.get(f"{at}/$validate-code?code=Crimson"))["result"] is True
    system = f"CodeSystem/{colours['system']['id']}"
    assert outputs(rest.get(f"{system}/$validate-code?code=blue"))["result"] is True
    assert outputs(rest.get(f"{system}/$subsumes?codeA=Red&codeB=Crimson"))["outcome"] == "subsumes"


def test_resource_that_is_not_there_is_not_asked(rest: Rest) -> None:
    for path in (
        *("ValueSet/none/$expand", "ValueSet/none/$validate-code?code=x", "CodeSystem/none/$validate-code?code=x"),
        *("CodeSystem/none/$subsumes?codeA=a&codeB=b", "ConceptMap/none/$translate?code=x"),
    ):
        answer = rest.get(path)
        assert (answer.status_code, code(answer)) == (404, "not-found")


def test_resource_is_named_in_one_way(rest: Rest, colours: Any) -> None:
    answer = rest.get(f"ValueSet/{colours['warm']['id']}/$expand?url=http://example.org/ValueSet/warm")
    assert code(answer) == "required"


def test_case_counts_only_where_the_system_says_so(rest: Rest, colours: Any) -> None:
    for name in ("all", "warm"):
        at = f"ValueSet/{colours[name]['id']}/$validate-code?system={SYSTEM}"
        assert outputs(rest.get(f"{at}&code=RED"))["result"] is (name == "all")
        assert outputs(rest.get(f"{at}&code=Green"))["result"] is False


def test_value_set_that_cannot_be_listed_is_told(rest: Rest, colours: Any) -> None:
    at = f"ValueSet/{colours['broken']['id']}"
    for path in (f"{at}/$expand", f"{at}/$validate-code?code=x"):
        answer = rest.get(path)
        assert code(answer) == "unknown-terminology"
        assert "example.org/none" in issue(answer)["diagnostics"]


def test_codes_are_needed(rest: Rest) -> None:
    assert code(rest.get(f"CodeSystem/$validate-code?url={SYSTEM}")) == "required"
    empty = parameter("codeableConcept", valueCodeableConcept={"text": "x"})
    answer = called(rest, "CodeSystem/$validate-code", parameter("url", valueUri=SYSTEM), empty)
    assert outputs(answer)["result"] is False


def test_expansion_of_too_many_codes_is_refused(rest: Rest, colours: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """SR-8"""
    monkeypatch.setattr("fhir_service.rest.operations.value_set_expand.MOST_AT_ONCE", 1)
    at = f"ValueSet/{colours['warm']['id']}/$expand"
    answer = rest.get(at)
    assert (answer.status_code, code(answer)) == (422, "too-costly")
    assert len(valid(rest.get(f"{at}?count=5"))["expansion"]["contains"]) == 1


def test_operation_that_takes_no_resource_is_not_called_with_one(rest: Rest) -> None:
    answer = rest("POST", "CodeSystem/$lookup", json={"resourceType": "Patient"}, headers=FHIR_JSON)
    assert code(answer) == "structure"


def test_search_finds_what_is_in_a_value_set_and_below_a_code(rest: Rest, colours: Any) -> None:
    subject = {"reference": f"Patient/{rest.stored({'resourceType': 'Patient'})['id']}"}
    made = {
        name: rest.stored(
            {
                "resourceType": "Observation",
                "status": "final",
                "subject": subject,
                "code": {"coding": [{"system": SYSTEM, "code": name}]},
            }
        )["id"]
        for name in ("Red", "Crimson", "Blue")
    }

    def found(query: str) -> set[str]:
        ids = {r["id"] for r in matches(rest.get(f"Observation?subject={subject['reference']}&{query}"))}
        return {name for name, rid in made.items() if rid in ids}

    assert found("code:in=http://example.org/ValueSet/warm") == {"Red", "Crimson"}
    assert found(f"code:in=ValueSet/{colours['warm']['id']}") == {"Red", "Crimson"}
    assert found("code:in=http://example.org/ValueSet/all") == {"Red", "Crimson", "Blue"}
    assert found("code:not-in=http://example.org/ValueSet/warm") == {"Blue"}
    assert found(f"code:below={SYSTEM}|Red") == {"Red", "Crimson"}
    assert found(f"code:above={SYSTEM}|Crimson") == {"Red", "Crimson"}
    answer = rest.get("Observation?code:in=http://example.org/none")
    assert (answer.status_code, code(answer)) == (400, "bad-parameter-value")
    assert "example.org/none" in issue(answer)["diagnostics"]


def test_date_of_care_that_no_search_understands_is_told() -> None:
    told = everything_of_patients(Wished(("Observation",), start="never"), "1", BASE)
    assert isinstance(told, tuple)
    assert told[0].code == "bad-parameter-value"
