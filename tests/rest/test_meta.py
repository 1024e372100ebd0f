"""$meta, $meta-add, $meta-delete.  https://hl7.org/fhir/R4/resource-operations.html"""

from typing import Any

import pytest

from profiles import names
from profiles.resource import Resource
from tests.rest.conftest import Rest, code
from tests.rest.operating import called, outputs, parameter

TAG = {"system": "http://example.org/tags", "code": "one", "display": "One"}
OTHER = {"system": "http://example.org/tags", "code": "two"}
LABEL = {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}
PROFILE = "http://example.org/StructureDefinition/p"


@pytest.fixture
def patient(rest: Rest) -> Resource:
    return rest.stored({"resourceType": "Patient", "meta": {"tag": [TAG], "profile": [PROFILE]}, "active": True})


def meta_of(rest: Rest, path: str) -> Any:
    return outputs(rest.get(f"{path}/$meta" if path else "$meta")).get("return")


def add(rest: Rest, resource: Resource, **meta: Any) -> Any:
    return called(rest, f"Patient/{resource['id']}/$meta-add", parameter("meta", valueMeta=meta))


def delete(rest: Rest, resource: Resource, **meta: Any) -> Any:
    return called(rest, f"Patient/{resource['id']}/$meta-delete", parameter("meta", valueMeta=meta))


def test_meta_of_a_resource_is_its_own(rest: Rest, patient: Resource) -> None:
    assert meta_of(rest, f"Patient/{patient['id']}") == patient["meta"]
    assert called(rest, f"Patient/{patient['id']}/$meta").json() == rest.get(f"Patient/{patient['id']}/$meta").json()


def test_meta_of_a_version_is_that_of_then(rest: Rest, patient: Resource) -> None:
    add(rest, patient, tag=[OTHER])
    at = f"Patient/{patient['id']}"
    assert meta_of(rest, f"{at}/_history/1")["tag"] == [TAG]
    assert meta_of(rest, f"{at}/_history/2")["tag"] == [TAG, OTHER]
    for version in ("9", "x", "1" * 30):
        assert rest.get(f"{at}/_history/{version}/$meta").status_code == 404


def test_meta_of_what_is_not_there_is_told_as_by_a_read(rest: Rest, patient: Resource) -> None:
    assert code(rest.get("Patient/never-there/$meta")) == "not-found"
    rest("DELETE", f"Patient/{patient['id']}")
    assert code(rest.get(f"Patient/{patient['id']}/$meta")) == "deleted"
    assert code(add(rest, patient, tag=[OTHER])) == "deleted"


def test_labels_of_a_type_and_of_everything_are_those_in_use(rest: Rest) -> None:
    rest.stored({"resourceType": "Flag", "meta": {"tag": [TAG], "security": [LABEL]}, **flag(rest)})
    gone = rest.stored(
        {"resourceType": "Flag", "meta": {"tag": [OTHER], "profile": ["http://example.org/x"]}, **flag(rest)}
    )
    rest("DELETE", f"Flag/{gone['id']}")
    assert meta_of(rest, "Flag") == {
        "security": [LABEL],
        "tag": [{"system": TAG["system"], "code": "one"}],
    }
    assert LABEL in meta_of(rest, "")["security"]
    assert meta_of(rest, "Slot") is None


def flag(rest: Rest) -> dict[str, Any]:
    subject = rest.stored({"resourceType": "Patient"})
    return {"status": "active", "code": {"text": "x"}, "subject": {"reference": f"Patient/{subject['id']}"}}


def test_labels_are_added_once_and_make_a_new_version(rest: Rest, patient: Resource) -> None:
    told = outputs(add(rest, patient, tag=[TAG, OTHER], security=[LABEL], profile=[PROFILE]))["return"]
    assert (told["tag"], told["security"], told["profile"]) == ([TAG, OTHER], [LABEL], [PROFILE])
    assert told["versionId"] == "2"
    assert rest.get(f"Patient/{patient['id']}").json()["meta"] == told
    again = outputs(add(rest, patient, tag=[OTHER]))["return"]
    assert again == told


def test_labels_are_taken_away_by_system_and_code(rest: Rest, patient: Resource) -> None:
    told = outputs(delete(rest, patient, tag=[{"system": TAG["system"], "code": "one"}], profile=[PROFILE]))["return"]
    assert told.keys() == {"versionId", "lastUpdated"}
    assert outputs(delete(rest, patient, tag=[TAG]))["return"] == told
    found = rest.get(f"Patient?_id={patient['id']}&_tag={TAG['system']}|one").json()
    assert "entry" not in found


def test_meta_is_needed_and_has_to_be_one(rest: Rest, patient: Resource) -> None:
    at = f"Patient/{patient['id']}/$meta-add"
    assert code(called(rest, at)) == "required"
    assert code(called(rest, at, parameter("meta", valueString="x"))) == "bad-parameter-value"
    assert called(rest, at, parameter("meta", valueMeta={"tag": "x"})).status_code == 400
    assert code(rest("POST", f"{at}?meta=x")) == "bad-parameter-value"


def test_records_that_nobody_changes_keep_their_labels(rest: Rest) -> None:
    """Decision 25: no such operation is there, nor listed."""
    assert code(called(rest, "AuditEvent/1/$meta-add", parameter("meta", valueMeta={"tag": [TAG]}))) == "not-found"
    told = next(r for r in rest.get("metadata").json()["rest"][0]["resource"] if r["type"] == "AuditEvent")
    assert not {"meta-add", "meta-delete"} & {operation["name"] for operation in told["operation"]}


def test_labels_that_many_add_at_once_are_all_there(rest: Rest, patient: Resource) -> None:
    """SR-15: nobody overwrites what another one has added."""
    at = f"Patient/{patient['id']}/$meta-add"
    tags = [{"system": "http://example.org/tags", "code": f"t{n}"} for n in range(3)]
    bodies = [{"resourceType": "Parameters", "parameter": [parameter("meta", valueMeta={"tag": [t]})]} for t in tags]
    answers = rest.together([("POST", at, {"json": body}) for body in bodies])
    assert {a.status_code for a in answers} == {200}
    there = rest.get(f"Patient/{patient['id']}").json()["meta"]["tag"]
    assert all(tag in there for tag in tags)


def test_conditions_hold_for_labels_as_for_every_change(rest: Rest, patient: Resource) -> None:
    at = f"Patient/{patient['id']}/$meta-add"
    body = {"resourceType": "Parameters", "parameter": [parameter("meta", valueMeta={"tag": [OTHER]})]}

    def answer(**headers: str) -> tuple[int, str]:
        told = rest("POST", at, json=body, headers={name.replace("_", "-"): value for name, value in headers.items()})
        return told.status_code, "" if told.status_code == 200 else code(told)

    assert answer(if_match='W/"7"') == (412, "stale-version")
    assert answer(if_match="7") == (400, "bad-if-match")
    assert answer(if_none_match='W/"1"') == (412, "stale-version")
    assert answer(if_match='W/"1"') == (200, "")
    assert answer(if_match='W/"1"') == (412, "stale-version")  # also where there is nothing left to add
    assert answer(if_match='W/"2"') == (200, "")
    assert rest.get(f"Patient/{patient['id']}").headers["etag"] == 'W/"2"'


def test_a_guarded_resource_is_labelled_with_its_version_only(rest: Rest, patient: Resource) -> None:  # decision 9
    category = [{"coding": [{"system": names.PLAN_CATEGORY, "code": "individuell-plan"}]}]
    plan = {"resourceType": "CarePlan", "status": "draft", "intent": "plan", "category": category}
    plan |= {"meta": {"tag": [{"system": names.TAG, "code": "imported"}]}}
    plan |= {"subject": {"reference": f"Patient/{patient['id']}"}}
    made = rest.post(plan, x_knutepunkt_purpose="import")
    assert made.status_code == 201, made.text
    at = f"CarePlan/{made.json()['id']}/$meta-add"
    body = {"resourceType": "Parameters", "parameter": [parameter("meta", valueMeta={"tag": [OTHER]})]}
    answer = rest("POST", at, json=body)
    assert (answer.status_code, code(answer)) == (428, "version-required")
    assert rest("POST", at, json=body, headers={"if-match": made.headers["etag"]}).status_code == 200
