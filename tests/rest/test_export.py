"""Bulk export over REST.  https://hl7.org/fhir/uv/bulkdata/export.html"""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from fhir_service.workflow import export_files
from profiles.resource import Resource
from profiles.validate import check
from tests.rest.conftest import BASE, FHIR_JSON, Rest, code, unless_under_way
from tests.rest.operating import called, parameter
from tests.waiting import until

ASYNC = {"prefer": "respond-async"}
STATUS = f"{BASE}/$export-status?job="


@pytest.fixture(scope="module", autouse=True)
def quick() -> Iterator[None]:
    """Nobody else writes: there are no transactions to wait for."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fhir_service.app.EXPORT_SETTLES", 0.01)
        yield


def observation(rest: Rest, patient: Resource, **more: Any) -> Resource:
    subject = {"reference": f"Patient/{patient['id']}"}
    return rest.stored(
        {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "subject": subject, **more}
    )


@pytest.fixture(scope="module")
def world(rest: Rest) -> dict[str, Resource]:
    a, b = (rest.stored({"resourceType": "Patient", "active": True}) for _ in "ab")
    member = [{"entity": {"reference": f"Patient/{a['id']}"}}]
    inner = rest.stored({"resourceType": "Group", "type": "person", "actual": True, "member": member})
    left = {"entity": {"reference": f"Patient/{b['id']}"}, "inactive": True}
    members = [{"entity": {"reference": f"Group/{inner['id']}"}}, left]
    group = rest.stored({"resourceType": "Group", "type": "person", "actual": True, "member": members})
    place = rest.stored({"resourceType": "Organization", "name": "Et sted"})
    of_place = {"reference": f"Organization/{place['id']}"}
    location = rest.stored({"resourceType": "Location", "managingOrganization": of_place})
    return {
        "a": a,
        "b": b,
        "group": group,
        "of_a": observation(rest, a),
        "of_b": observation(rest, b),
        "location": location,
    }


def begun(rest: Rest, path: str, **headers: str) -> str:
    answer = rest.get(path, **(ASYNC | headers))
    assert answer.status_code == 202, answer.text
    assert answer.json()["resourceType"] == "OperationOutcome"
    where = answer.headers["content-location"]
    assert where.startswith(STATUS)
    return str(where)


def finished(rest: Rest, where: str) -> httpx.Response:
    def ended() -> httpx.Response | None:
        answer = rest.get(where)
        if answer.status_code != 202:
            return answer
        assert 0 < len(answer.headers["x-progress"]) <= 100
        assert int(answer.headers["retry-after"]) > 0
        assert answer.content == b""
        return None

    return until(ended)


def exported(rest: Rest, path: str, **headers: str) -> dict[str, list[Resource]]:
    """Type -> resources of all files."""
    answer = finished(rest, begun(rest, path, **headers))
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["expires"].endswith("GMT")
    told = answer.json()
    assert told["error"] == []
    found: dict[str, list[Resource]] = {}
    for file in told["output"]:
        content = rest("GET", file["url"], headers={"accept": "application/fhir+ndjson"})
        assert content.headers["content-type"] == "application/fhir+ndjson"
        lines = [json.loads(line) for line in content.content.splitlines()]
        assert len(lines) == file["count"]
        assert {line["resourceType"] for line in lines} == {file["type"]}
        assert all(check(line) == () for line in lines)
        found.setdefault(file["type"], []).extend(lines)
    return found


def ids(found: dict[str, list[Resource]], rtype: str) -> set[str]:
    return {resource["id"] for resource in found.get(rtype, ())}


def test_export_of_everything_has_every_current_resource_as_it_is_read(rest: Rest, world: Any) -> None:
    found = exported(rest, "$export")
    assert {"Patient", "Observation", "Group", "Organization", "Location", "OperationDefinition"} <= set(found)
    for resources in found.values():
        for resource in resources:
            assert rest.get(f"{resource['resourceType']}/{resource['id']}").json() == resource
    for rtype, resources in found.items():
        assert len(resources) == rest.get(f"{rtype}?_summary=count").json()["total"]


def test_manifest_tells_what_was_asked_for(rest: Rest, world: Any) -> None:
    told = finished(rest, begun(rest, "$export?_type=Patient,Group&_since=2020-01-01T00:00:00Z")).json()
    assert told["request"] == f"{BASE}/$export?_type=Patient,Group&_since=2020-01-01T00:00:00Z"
    assert told["requiresAccessToken"] is False
    assert told["transactionTime"].endswith("Z")
    assert {file["type"] for file in told["output"]} == {"Patient", "Group"}


def test_patient_export_has_only_what_is_in_a_compartment(rest: Rest, world: Any) -> None:
    found = exported(rest, "Patient/$export")
    assert ids(found, "Patient") >= {world["a"]["id"], world["b"]["id"]}
    assert ids(found, "Observation") >= {world["of_a"]["id"], world["of_b"]["id"]}
    assert not {"Location", "Organization", "OperationDefinition"} & set(found)


def test_group_export_has_what_is_about_its_members_now(rest: Rest, world: Any) -> None:
    found = exported(rest, f"Group/{world['group']['id']}/$export?_type=Patient,Observation")
    assert ids(found, "Patient") == {world["a"]["id"]}
    assert ids(found, "Observation") == {world["of_a"]["id"]}


def test_patients_can_be_named_and_have_to_be_of_the_group(rest: Rest, world: Any) -> None:
    def of(path: str, *patients: Resource) -> dict[str, list[Resource]]:
        named = [parameter("patient", valueReference={"reference": f"Patient/{p['id']}"}) for p in patients]
        answer = called(rest, path, parameter("_type", valueString="Patient"), *named, **ASYNC)
        assert answer.status_code == 202, answer.text
        told = finished(rest, answer.headers["content-location"]).json()
        assert told["request"] == f"{BASE}/{path}"
        lines = [rest.get(file["url"]).content.splitlines() for file in told["output"]]
        return {"Patient": [json.loads(line) for several in lines for line in several]}

    assert ids(of("Patient/$export", world["b"]), "Patient") == {world["b"]["id"]}
    at = f"Group/{world['group']['id']}/$export"
    assert ids(of(at, world["a"], world["b"]), "Patient") == {world["a"]["id"]}
    assert ids(of(at, world["b"]), "Patient") == set()


def test_since_leaves_out_what_has_not_changed(rest: Rest, world: Any) -> None:
    old = rest.stored({"resourceType": "Patient"})
    first = finished(rest, begun(rest, "$export?_type=Patient")).json()
    new = rest.stored({"resourceType": "Patient"})
    found = exported(rest, f"$export?_type=Patient&_since={first['transactionTime']}")
    assert new["id"] in ids(found, "Patient")
    assert old["id"] not in ids(found, "Patient")


def test_deleted_resources_are_left_out(rest: Rest, world: Any) -> None:
    gone = rest.stored({"resourceType": "Patient"})
    rest("DELETE", f"Patient/{gone['id']}")
    assert gone["id"] not in ids(exported(rest, "$export?_type=Patient"), "Patient")


def test_each_resource_is_one_line_however_it_was_sent(rest: Rest, world: Any) -> None:
    pretty = b'{\n  "resourceType": "Patient",\n  "birthDate": "1970-01-01"\n}'
    made = rest("POST", "Patient", content=pretty, headers=FHIR_JSON).json()
    assert made["id"] in ids(exported(rest, "$export?_type=Patient"), "Patient")


def test_large_export_is_split_into_files(rest: Rest, world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_files.Making, "__init__", _small(export_files.Making.__init__))
    before = rest.get("Patient?_summary=count").json()["total"]
    told = finished(rest, begun(rest, "$export?_type=Patient")).json()
    assert len(told["output"]) > 1
    assert sum(file["count"] for file in told["output"]) == before


def _small(init: Any) -> Any:
    def made(self: Any, *args: Any) -> None:
        init(self, *args, largest=300)

    return made


def test_state_at_the_kick_off_is_told_whatever_is_written_meanwhile(rest: Rest, world: Any) -> None:
    patient = rest.stored({"resourceType": "Patient", "active": True})
    where = begun(rest, "$export?_type=Patient")
    rest.put({**patient, "active": False})
    late = rest.stored({"resourceType": "Patient"})
    told = finished(rest, where).json()
    lines = [json.loads(line) for file in told["output"] for line in rest.get(file["url"]).content.splitlines()]
    assert next(p for p in lines if p["id"] == patient["id"])["active"] is True
    assert late["id"] not in {p["id"] for p in lines}


def test_cancelled_export_is_gone(rest: Rest, world: Any) -> None:
    where = begun(rest, "$export?_type=Patient")
    file = finished(rest, where).json()["output"][0]["url"]
    answer = rest("DELETE", where)
    assert answer.status_code == 202
    assert (rest.get(where).status_code, rest.get(file).status_code, rest("DELETE", where).status_code) == (404,) * 3
    early = begun(rest, "$export")
    assert rest("DELETE", early).status_code == 202
    assert code(rest.get(early)) == "not-found"


def test_export_is_its_callers_alone(rest: Rest, world: Any) -> None:
    """SR-28: the address of a job is no key to it."""
    where = begun(rest, "$export?_type=Patient", x_knutepunkt_role="administrator")
    assert rest.get(where).status_code == 404
    answer = until(lambda: unless_under_way(rest.get(where, x_knutepunkt_role="administrator")))
    file = answer.json()["output"][0]["url"]
    assert rest.get(file).status_code == 404
    assert rest("DELETE", where).status_code == 404
    assert rest.get(file, x_knutepunkt_role="administrator").status_code == 200


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$export?_type=Nothing", "bad-parameter-value"),
        ("$export?_outputFormat=text/csv", "bad-parameter-value"),
        ("$export?_since=yesterday", "bad-parameter-value"),
        ("$export?_since=2020-01-01", "bad-parameter-value"),
        ("$export?_typeFilter=Patient%3Factive=true", "unknown-parameter"),
        ("$export?_elements=id", "bad-parameter-value"),
        ("$export?patient=Patient/1", "unknown-parameter"),
        ("Patient/$export?_type=Location", "bad-parameter-value"),
        ("Patient/$export?patient=Patient/1", "bad-parameter-value"),
        ("Group/none/$export", "not-found"),
    ],
)
def test_bad_kick_off_is_refused(rest: Rest, world: Any, path: str, expected: str) -> None:
    answer = rest.get(path, **ASYNC)
    assert answer.status_code in (400, 404), answer.text
    assert code(answer) == expected


def test_patient_that_is_no_reference_to_one_is_refused(rest: Rest, world: Any) -> None:
    named = parameter("patient", valueReference={"reference": "Group/1"})
    assert code(called(rest, "Patient/$export", named, **ASYNC)) == "bad-parameter-value"


def test_deleted_group_is_told_as_by_a_read(rest: Rest) -> None:
    gone = rest.stored({"resourceType": "Group", "type": "person", "actual": True})
    rest("DELETE", f"Group/{gone['id']}")
    assert code(rest.get(f"Group/{gone['id']}/$export", **ASYNC)) == "deleted"


def test_export_runs_in_the_background_or_not_at_all(rest: Rest) -> None:
    for prefer in ({}, {"prefer": "return=minimal"}):
        answer = rest.get("$export", **prefer)
        assert (answer.status_code, code(answer)) == (400, "bad-request")


def test_unknown_type_is_passed_over_when_asked(rest: Rest, world: Any) -> None:
    found = exported(rest, "$export?_type=Patient,Nothing", prefer="respond-async, handling=lenient")
    assert set(found) == {"Patient"}


@pytest.mark.parametrize(
    "form", ["application/fhir%2Bndjson", "application/ndjson", "ndjson", "application/fhir+ndjson"]
)
def test_every_name_of_the_format_is_understood(rest: Rest, form: str) -> None:
    assert rest.get(f"$export?_type=Group&_outputFormat={form}", **ASYNC).status_code == 202


@pytest.mark.parametrize("query", ["", "job=", "job=x", "job=../../etc", "job=1&job=2", "x=1"])
def test_status_of_what_is_no_job_is_refused(rest: Rest, query: str) -> None:
    for name in ("$export-status", "$export-file"):
        answer = rest.get(f"{name}?{query}")
        assert answer.status_code in (400, 404)
        assert code(answer)


@pytest.mark.parametrize("name", ["../k.db", "Patient.1.ndjson/..", "Nothing.1.ndjson", "x", "Patient.9.ndjson", "%00"])
def test_file_that_is_none_of_the_export_is_not_served(rest: Rest, world: Any, name: str) -> None:
    """SR-24"""
    where = begun(rest, "$export?_type=Patient")
    finished(rest, where)
    job = where.removeprefix(STATUS)
    assert rest.get(f"$export-file?job={job}&name={name}").status_code in (400, 404)


def test_other_addresses_do_not_answer_in_lines(rest: Rest) -> None:
    lines = {"accept": "application/fhir+ndjson"}
    for path in ("Patient", "Patient/1", "metadata", "Patient/$export"):
        assert rest("GET", path, headers=lines).status_code == 406
