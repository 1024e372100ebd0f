"""$validate.  https://hl7.org/fhir/R4/resource-operation-validate.html"""

import threading
from typing import Any

import pytest

from profiles.resource import Resource
from profiles.validate import check
from tests.rest.conftest import FHIR_JSON, Rest, code
from tests.rest.operating import called, codes, parameter, valid

GOOD: Resource = {"resourceType": "Patient", "gender": "female", "birthDate": "1970-01-01"}
BAD: Resource = {"resourceType": "Patient", "gender": "x", "birthDate": "1970-02-30", "colour": "red"}


def judged(rest: Rest, path: str, resource: Resource | None = None, **more: str) -> list[str]:
    """The codes of what is told, by a Parameters body."""
    given = [] if resource is None else [parameter("resource", resource=resource)]
    kinds = {"mode": "valueCode", "profile": "valueUri"}
    answer = called(rest, path, *given, *(parameter(name, **{kinds[name]: value}) for name, value in more.items()))
    assert valid(answer)["resourceType"] == "OperationOutcome"
    return codes(answer)


@pytest.fixture
def patient(rest: Rest) -> Resource:
    return rest.stored(GOOD)


def test_valid_resource_is_told_so_bare_and_in_parameters(rest: Rest) -> None:
    assert codes(rest("POST", "Patient/$validate", json=GOOD, headers=FHIR_JSON)) == ["done"]
    assert judged(rest, "Patient/$validate", GOOD) == ["done"]


def test_large_resource_is_judged_without_keeping_others_waiting(
    rest: Rest, monkeypatch: pytest.MonkeyPatch
) -> None:  # SR-8
    on_loop: list[bool] = []

    def noted(*asked: Any) -> Any:
        on_loop.append(threading.current_thread() is threading.main_thread())
        return check(*asked)

    monkeypatch.setattr("fhir_service.rest.operations.validate.check", noted)
    large = BAD | {"name": [{"family": f"x{number}"} for number in range(5000)]}
    for sent in (BAD, large):
        assert "code-invalid" in codes(rest("POST", "Patient/$validate", json=sent, headers=FHIR_JSON))
    assert on_loop == [True, False]


def test_everything_that_is_wrong_is_told_at_once_with_200(rest: Rest) -> None:
    bare = rest("POST", "Patient/$validate", json=BAD, headers=FHIR_JSON)
    assert bare.status_code == 200
    assert sorted(codes(bare)) == ["code-invalid", "structure", "value"]
    assert sorted(judged(rest, "Patient/$validate", BAD)) == sorted(codes(bare))
    assert {e for i in bare.json()["issue"] for e in i["expression"]} == {
        "Patient.gender",
        "Patient.birthDate",
        "Patient.colour",
    }


def test_resource_of_another_type_is_told(rest: Rest) -> None:
    answer = rest("POST", "Patient/$validate", json={"resourceType": "Group"}, headers=FHIR_JSON)
    assert (answer.status_code, codes(answer)) == (200, ["structure"])


def test_stored_resource_is_judged_where_none_is_sent(rest: Rest, patient: Resource) -> None:
    at = f"Patient/{patient['id']}/$validate"
    assert codes(rest.get(at)) == ["done"]
    assert judged(rest, at) == ["done"]


def test_nothing_is_written(rest: Rest, patient: Resource) -> None:
    at = f"Patient/{patient['id']}"
    judged(rest, f"{at}/$validate", {**patient, "gender": "male"}, mode="update")
    judged(rest, f"{at}/$validate", mode="delete")
    assert rest.get(at).json() == patient
    before = rest.get("Patient?_summary=count").json()["total"]
    assert judged(rest, "Patient/$validate", GOOD, mode="create") == ["done"]
    assert rest.get("Patient?_summary=count").json()["total"] == before


def test_update_is_judged_with_its_preconditions(rest: Rest, patient: Resource) -> None:
    at = f"Patient/{patient['id']}/$validate"
    assert judged(rest, at, patient, mode="update") == ["done"]
    assert judged(rest, at, GOOD, mode="update") == ["id-mismatch"]
    body = {"resourceType": "Parameters", "parameter": [parameter("resource", resource=patient)]}
    headers = FHIR_JSON | {"if-match": 'W/"9"'}
    assert codes(rest("POST", f"{at}?mode=update", json=body, headers=headers)) == ["stale-version"]
    assert codes(rest("POST", f"{at}?mode=update", json=body, headers=FHIR_JSON | {"if-match": "x"})) == [
        "bad-if-match"
    ]


def test_create_is_judged_by_the_rules(rest: Rest, patient: Resource) -> None:
    """A plan of ours needs what INV-03 and its kin ask for."""
    category = {"system": "https://knutepunkt.no/fhir/CodeSystem/plan-category", "code": "individuell-plan"}
    plan = {
        "resourceType": "CarePlan",
        "status": "active",
        "intent": "plan",
        "category": [{"coding": [category]}],
        "title": "Individuell plan",
        "subject": {"reference": f"Patient/{patient['id']}"},
    }
    told = judged(rest, "CarePlan/$validate", plan, mode="create")
    assert told == codes(rest.post(plan))
    assert "done" not in told


def test_delete_is_judged_by_the_rules(rest: Rest, patient: Resource) -> None:
    assert judged(rest, f"Patient/{patient['id']}/$validate", mode="delete") == ["done"]


@pytest.mark.parametrize(
    ("path", "mode", "expected"),
    [
        ("Patient/$validate", "sing", "bad-parameter-value"),
        ("Patient/$validate", "update", "bad-parameter-value"),
        ("Patient/$validate", "delete", "bad-parameter-value"),
        ("Patient/$validate", "profile", "required"),
        ("Patient/{id}/$validate", "create", "bad-parameter-value"),
    ],
)
def test_question_that_has_no_answer_is_refused(
    rest: Rest, patient: Resource, path: str, mode: str, expected: str
) -> None:
    answer = called(
        rest, path.format(id=patient["id"]), parameter("resource", resource=GOOD), parameter("mode", valueCode=mode)
    )
    assert (answer.status_code, code(answer)) == (400, expected)


def test_resource_is_needed_where_none_is_stored(rest: Rest) -> None:
    assert code(called(rest, "Patient/$validate")) == "required"
    assert called(rest, "Patient/never-there/$validate", parameter("mode", valueCode="delete")).status_code == 404


def test_deleted_resource_is_told_as_by_a_read(rest: Rest, patient: Resource) -> None:
    rest("DELETE", f"Patient/{patient['id']}")
    assert code(rest.get(f"Patient/{patient['id']}/$validate")) == "deleted"


def test_profile_that_is_not_known_is_named(rest: Rest) -> None:
    answer = called(
        rest,
        "Patient/$validate",
        parameter("resource", resource=GOOD),
        parameter("profile", valueUri="http://example.org/StructureDefinition/none"),
    )
    assert code(answer) == "unknown-terminology"
    assert "example.org" in answer.text
    claims = {**GOOD, "meta": {"profile": ["http://example.org/StructureDefinition/none", 7]}}
    assert "done" not in judged(rest, "Patient/$validate", claims)


def test_parameters_that_cannot_be_taken_apart_are_refused(rest: Rest) -> None:
    for listed in ({}, [1], [{"name": 7}]):
        body = {"resourceType": "Parameters", "parameter": listed}
        assert rest("POST", "Patient/$validate", json=body, headers=FHIR_JSON).status_code == 400
