"""Batches: each entry by itself.  https://hl7.org/fhir/R4/http.html#brules"""

import base64
import json
from typing import Any

import pytest

from profiles.resource import Resource
from tests.rest.bundles import entry, place, send, statuses
from tests.rest.conftest import Rest

PATIENT = {"resourceType": "Patient", "active": True}


def test_each_entry_has_its_own_outcome_in_its_own_place(rest: Rest) -> None:
    stored = rest.stored(PATIENT)
    path = f"Patient/{stored['id']}"
    answer = send(
        rest,
        "batch",
        entry("GET", path),
        entry("POST", "Patient", PATIENT | {"gender": "robot"}),
        entry("POST", "Patient", PATIENT),
        entry("GET", "Patient/none"),
        entry("GET", "metadata"),
        entry("GET", f"{path}/_history"),
        entry("DELETE", "Patient/none"),
        entry("GET", path, ifNoneMatch='W/"1"'),
    )
    assert statuses(answer) == [200, 400, 201, 404, 200, 200, 204, 304]
    told = answer.json()["entry"]
    assert told[0]["resource"] == stored
    assert (told[0]["response"]["etag"], "lastModified" in told[0]["response"]) == ('W/"1"', True)
    assert "resource" not in told[2]
    assert rest.get(place(answer, 2)).status_code == 200
    for failed in (1, 3):
        assert told[failed]["response"]["outcome"]["resourceType"] == "OperationOutcome"
        assert "resource" not in told[failed]


def test_what_is_preferred_holds_for_each_entry(rest: Rest) -> None:
    one = entry("POST", "Patient", PATIENT)
    whole = send(rest, "batch", one, prefer="return=representation").json()["entry"][0]
    assert whole["resource"]["active"] is True
    told = send(rest, "batch", one, prefer="return=OperationOutcome").json()["entry"][0]
    assert told["response"]["outcome"]["resourceType"] == "OperationOutcome"
    lenient = send(rest, "batch", entry("GET", "Patient?colour=red"), prefer="handling=lenient")
    assert statuses(lenient) == [200]


def test_the_conditions_of_an_entry_are_honoured(rest: Rest) -> None:
    stored = rest.stored(PATIENT | {"identifier": [{"system": "urn:x", "value": "batch"}]})
    path = f"Patient/{stored['id']}"
    answer = send(
        rest,
        "batch",
        entry("PUT", path, stored, ifMatch='W/"7"'),
        entry("POST", "Patient", stored, ifNoneExist="identifier=urn:x|batch"),
        entry("PUT", "Patient?identifier=urn:x|batch", PATIENT | {"id": "another"}),
        entry("DELETE", "Patient?name="),
    )
    assert statuses(answer) == [412, 200, 400, 400]
    assert rest.get(path).headers["etag"] == 'W/"1"'


def test_patches_come_as_binary_or_parameters(rest: Rest) -> None:
    path = f"Patient/{rest.stored(PATIENT)['id']}"
    operations = base64.b64encode(json.dumps([{"op": "replace", "path": "/active", "value": False}]).encode()).decode()
    binary = {"resourceType": "Binary", "contentType": "application/json-patch+json", "data": operations}
    part = [{"name": "type", "valueCode": "delete"}, {"name": "path", "valueString": "Patient.active"}]
    parameters = {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": part}]}
    assert statuses(send(rest, "batch", entry("PATCH", path, binary))) == [200]
    assert rest.get(path).json()["active"] is False
    assert statuses(send(rest, "batch", entry("PATCH", path, parameters))) == [200]
    assert "active" not in rest.get(path).json()
    broken = binary | {"data": "!"}
    assert statuses(send(rest, "batch", entry("PATCH", path, broken))) == [400]


@pytest.mark.parametrize(
    "broken",
    [
        {},
        7,
        {"request": {"method": "PAINT", "url": "Patient"}},
        {"request": {"method": "GET"}},
        {"request": {"method": "POST", "url": ""}, "resource": {"resourceType": "Bundle", "type": "batch"}},
        {"request": {"method": "GET", "url": "http://elsewhere.test/Patient"}},
        {"request": {"method": "POST", "url": "Patient"}},
        {"request": {"method": "GET", "url": "Patient", "ifModifiedSince": 7}},
    ],
)
def test_a_broken_entry_is_refused_and_hinders_no_other(rest: Rest, broken: Any) -> None:
    first, second = statuses(send(rest, "batch", broken, entry("POST", "Patient", PATIENT)))
    assert (first // 100, second) == (4, 201)


def test_a_search_of_everything_is_an_entry(rest: Rest) -> None:
    rest.stored(PATIENT)
    told = send(rest, "batch", entry("GET", "?_type=Patient&_count=1")).json()["entry"][0]
    assert (told["resource"]["type"], told["response"]["status"]) == ("searchset", "200 OK")


def test_an_empty_batch_is_done(rest: Rest) -> None:
    assert send(rest, "batch").json() == {"resourceType": "Bundle", "type": "batch-response"}


def test_many_entries_are_all_done(rest: Rest) -> None:
    entries: list[Resource] = [entry("POST", "Patient", PATIENT) for _ in range(200)]
    assert statuses(send(rest, "batch", *entries)) == [201] * 200
