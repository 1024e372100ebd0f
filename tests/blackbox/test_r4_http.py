"""The RESTful API as R4's http.html tells it, asked of the real process.  https://hl7.org/fhir/R4/http.html"""

import json
import re

import pytest

from .r4_requests import JSON, PATCH, PATIENT, REQUESTS
from .r4_world import World, is_outcome, world

__all__ = ["world"]

HTTP_DATE = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT")


@pytest.mark.parametrize("request_", REQUESTS, ids=[r[0] for r in REQUESTS])
def test_request_has_its_status(
    world: World, request_: tuple[str, str, str, dict[str, str], object, int | tuple[int, ...]]
) -> None:
    _, method, path, headers, body, status = request_
    content = None if body is None else json.dumps(body).encode()
    answer = world.client.request(method, path, headers=headers, content=content)
    assert answer.status_code in (status if isinstance(status, tuple) else (status,)), answer.text[:600]
    if answer.status_code >= 400 and method != "HEAD":
        assert answer.headers["content-type"].startswith("application/fhir+json")
        assert is_outcome(answer)


def test_read_has_its_headers(world: World) -> None:
    answer = world.client.get("Observation/http")
    assert answer.headers["content-type"] == "application/fhir+json; charset=utf-8"
    assert answer.headers["etag"] == 'W/"1"'
    assert HTTP_DATE.fullmatch(answer.headers["last-modified"])
    assert answer.json()["meta"]["versionId"] == "1"
    assert answer.json()["id"] == "http"


def test_head_has_the_headers_of_get(world: World) -> None:
    got, head = world.client.get("Observation/http"), world.client.head("Observation/http")
    names = ("content-type", "content-length", "etag", "last-modified")
    assert {n: head.headers[n] for n in names} == {n: got.headers[n] for n in names}
    assert head.content == b""


def test_create_tells_where_and_which_version(world: World) -> None:
    answer = world.post("Patient", PATIENT | {"id": "mine"})
    made = answer.json()
    assert made["id"] != "mine"  # the server gives the id
    assert answer.headers["location"] == f"{world.base}/Patient/{made['id']}/_history/1"
    assert answer.headers["etag"] == 'W/"1"'
    assert HTTP_DATE.fullmatch(answer.headers["last-modified"])


def test_server_sets_version_and_time_whatever_was_sent(world: World) -> None:
    sent = PATIENT | {"meta": {"versionId": "77", "lastUpdated": "2001-01-01T00:00:00Z", "source": "urn:x"}}
    made = world.post("Patient", sent).json()
    assert made["meta"]["versionId"] == "1"
    assert made["meta"]["lastUpdated"] > "2025"
    assert made["meta"]["source"] == "urn:x"


def test_update_as_create_and_update(world: World) -> None:
    body = PATIENT | {"id": "upsert"}
    first, second = world.put("Patient/upsert", body), world.put("Patient/upsert", body | {"active": False})
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.headers["location"].endswith("/Patient/upsert/_history/1")
    assert second.headers["etag"] == 'W/"2"'


def test_update_brings_back_what_was_deleted(world: World) -> None:
    body = PATIENT | {"id": "lazarus"}
    world.put("Patient/lazarus", body)
    world.client.delete("Patient/lazarus")
    back = world.put("Patient/lazarus", body)
    assert back.status_code in (200, 201)
    assert back.json()["meta"]["versionId"] == "3"
    assert world.client.get("Patient/lazarus").status_code == 200


@pytest.mark.parametrize(
    ("prefer", "expected"),
    [("return=minimal", ""), ("return=representation", "Patient"), ("return=OperationOutcome", "OperationOutcome")],
)
def test_preference_is_heard(world: World, prefer: str, expected: str) -> None:
    for answer in (
        world.post("Patient", PATIENT, prefer=prefer),
        world.put("Patient/preferred", PATIENT | {"id": "preferred"}, prefer=prefer),
    ):
        assert (answer.json()["resourceType"] if answer.content else "") == expected
        assert ("content-type" in answer.headers) == bool(expected)  # who tells of JSON sends some
        assert "location" in answer.headers or answer.status_code == 200


def test_delete_is_told_and_kept_in_history(world: World) -> None:
    made = world.post("Patient", PATIENT).json()
    path = f"Patient/{made['id']}"
    answer = world.client.delete(path)
    assert answer.status_code in (200, 204)
    history = world.client.get(f"{path}/_history").json()
    assert history["type"] == "history"
    assert [e["request"]["method"] for e in history["entry"]] == ["DELETE", "POST"]
    assert "resource" not in history["entry"][0]
    assert all(e["response"]["status"] for e in history["entry"])


def test_history_tells_how_a_resource_came_about(world: World) -> None:
    """Clients that choose ids often choose random ones."""
    rid = "7a9c1e6b-0f83-4d0e-9c42-5b1c2a6f0d11"
    world.put(f"Patient/{rid}", PATIENT | {"id": rid})
    entry = world.client.get(f"Patient/{rid}/_history").json()["entry"][0]
    assert (entry["request"]["method"], entry["response"]["status"]) == ("PUT", "201")


def test_history_is_newest_first_and_whole(world: World) -> None:
    body = PATIENT | {"id": "story"}
    for gender in ("male", "female", "other"):
        world.put("Patient/story", body | {"gender": gender})
    history = world.client.get("Patient/story/_history").json()
    assert [e["resource"]["meta"]["versionId"] for e in history["entry"]] == ["3", "2", "1"]
    assert [e["request"]["method"] for e in history["entry"]] == ["PUT"] * 3
    assert {e["fullUrl"] for e in history["entry"]} == {f"{world.base}/Patient/story"}
    assert history["total"] == 3
    assert {"self"} <= {link["relation"] for link in history["link"]}


def test_history_is_paged(world: World) -> None:
    body = PATIENT | {"id": "long"}
    for gender in ("male", "female", "other", "unknown", "male"):
        world.put("Patient/long", body | {"gender": gender})
    seen: list[str] = []
    url: str | None = "Patient/long/_history?_count=2"
    while url:
        page = world.client.get(url).json()
        assert len(page.get("entry", ())) <= 2
        seen += [e["resource"]["meta"]["versionId"] for e in page.get("entry", ())]
        url = next((link["url"] for link in page["link"] if link["relation"] == "next"), None)
    assert seen == ["5", "4", "3", "2", "1"]


def test_history_since_leaves_out_what_was_before(world: World) -> None:
    first = world.put("Patient/since", PATIENT | {"id": "since"}).json()["meta"]["lastUpdated"]
    world.put("Patient/since", PATIENT | {"id": "since", "gender": "male"})
    found = world.client.get("Patient/since/_history", params={"_since": first}).json()
    assert "2" in [e["resource"]["meta"]["versionId"] for e in found["entry"]]
    later = world.client.get("Patient/since/_history", params={"_since": "2099-01-01T00:00:00Z"}).json()
    assert later.get("entry", []) == []


def test_conditional_create_is_one_resource(world: World) -> None:
    body = PATIENT | {"identifier": [{"system": "urn:example:once", "value": "1"}]}
    condition = "identifier=urn:example:once|1"
    answers = [world.post("Patient", body, if_none_exist=condition) for _ in range(3)]
    assert [a.status_code for a in answers] == [201, 200, 200]
    assert len({a.headers["location"] for a in answers}) == 1


def test_conditional_update_creates_where_nothing_matches(world: World) -> None:
    body = {k: v for k, v in PATIENT.items() if k != "id"} | {"identifier": [{"system": "urn:x:cu", "value": "1"}]}
    query = "Patient?identifier=urn:x:cu%7C1"
    first = world.put(query, body)
    assert first.status_code == 201, first.text
    second = world.put(query, body | {"active": False})
    assert (second.status_code, second.json()["id"]) == (200, first.json()["id"])
    named = world.put("Patient?identifier=urn:x:cu%7C2", body | {"id": "named-by-client"})
    assert named.status_code in (201, 400)


def test_conditional_delete_takes_one(world: World) -> None:
    body = PATIENT | {"identifier": [{"system": "urn:x:cd", "value": "1"}]}
    made = world.post("Patient", body).json()
    answer = world.client.delete("Patient?identifier=urn:x:cd%7C1")
    assert answer.status_code in (200, 204)
    assert world.client.get(f"Patient/{made['id']}").status_code == 410


def test_conditional_patch_takes_one(world: World) -> None:
    body = PATIENT | {"identifier": [{"system": "urn:x:cp", "value": "1"}]}
    world.post("Patient", body)
    operations = [{"op": "replace", "path": "/active", "value": False}]
    answer = world.client.patch("Patient?identifier=urn:x:cp%7C1", json=operations, headers=PATCH)
    assert (answer.status_code, answer.json()["active"]) == (200, False)


def test_fhirpath_patch(world: World) -> None:
    world.put("Patient/fp", PATIENT | {"id": "fp"})
    parts = [
        {"name": "type", "valueCode": "replace"},
        {"name": "path", "valueString": "Patient.gender"},
        {"name": "value", "valueCode": "male"},
    ]
    body = {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}]}
    answer = world.client.patch("Patient/fp", json=body, headers=JSON)
    assert (answer.status_code, answer.json().get("gender")) == (200, "male"), answer.text


def test_what_was_sent_comes_back(world: World) -> None:
    sent = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "Vekt 🏋️ \u2028 æøå"},
        "valueQuantity": {"value": 1.10, "unit": "kg"},
        "extension": [{"url": "urn:example:any", "valueDecimal": 0.10}],
        "_status": {"extension": [{"url": "urn:example:why", "valueString": "x"}]},
    }
    body = json.dumps(sent).replace("1.1,", "1.10,").replace("0.1}", "0.100}")
    made = world.client.post("Observation", content=body.encode(), headers=JSON)
    assert made.status_code == 201, made.text
    text = world.client.get(f"Observation/{made.json()['id']}").text
    assert '"value":1.10' in text.replace(" ", "")
    assert '"valueDecimal":0.100' in text.replace(" ", "")
    found = json.loads(text)
    assert {k: found[k] for k in sent} == sent


def test_elements_keeps_what_must_be_there(world: World) -> None:
    found = world.client.get("Observation/http", params={"_elements": "subject"}).json()
    assert {"resourceType", "id", "meta", "status", "code", "subject"} <= set(found)
    assert any(tag["code"] == "SUBSETTED" for tag in found["meta"]["tag"])
    alone = world.client.get("Patient/http", params={"_elements": "gender"}).json()
    assert set(alone) <= {"resourceType", "id", "meta", "active", "gender"}  # active changes what the rest means


def test_summary_says_that_it_is_one(world: World) -> None:
    found = world.client.get("Patient/http", params={"_summary": "true"}).json()
    assert any(tag["code"] == "SUBSETTED" for tag in found["meta"]["tag"])
    assert "contact" not in found  # not in the summary of a Patient
    assert "gender" in found


def test_pretty_is_readable(world: World) -> None:
    assert world.client.get("Patient/http", params={"_pretty": "true"}).text.count("\n") > 5


SEEN = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}


def test_reference_to_nothing_here_is_refused(world: World) -> None:
    nobody = SEEN | {"subject": {"reference": "Patient/nobody-at-all"}}
    assert 400 <= world.post("Observation", nobody).status_code < 500
    absolute = SEEN | {"subject": {"reference": f"{world.base}/Patient/nobody-at-all"}}
    assert 400 <= world.post("Observation", absolute).status_code < 500
    elsewhere = SEEN | {"subject": {"reference": "https://elsewhere.example/fhir/Patient/1"}}
    assert world.post("Observation", elsewhere).status_code == 201
    logical = SEEN | {"subject": {"identifier": {"system": "urn:x", "value": "1"}}}
    assert world.post("Observation", logical).status_code == 201


def test_version_of_a_reference_is_kept(world: World) -> None:
    exact = SEEN | {"subject": {"reference": "Patient/http/_history/1"}}
    made = world.post("Observation", exact).json()
    assert made["subject"]["reference"] == "Patient/http/_history/1"


def test_capability_statement_is_complete(world: World) -> None:
    told = world.client.get("metadata").json()
    assert told["resourceType"] == "CapabilityStatement"
    assert told["fhirVersion"] == "4.0.1"
    assert told["kind"] == "instance"
    assert "application/fhir+json" in told["format"] or "json" in told["format"]
    rest = told["rest"][0]
    assert rest["mode"] == "server"
    patient = next(r for r in rest["resource"] if r["type"] == "Patient")
    assert {"read", "vread", "update", "patch", "delete", "create", "search-type"} <= {
        i["code"] for i in patient["interaction"]
    }
    assert (patient["versioning"], patient["updateCreate"]) == ("versioned", True)


def test_binary_in_its_own_form(world: World) -> None:
    made = world.client.post("Binary", content=b"%PDF-1.4", headers={"content-type": "application/pdf"})
    assert made.status_code == 201, made.text
    path = made.headers["location"].split("/fhir/")[1].split("/_history")[0]
    native = world.client.get(path, headers={"accept": "application/pdf"})
    assert (native.content, native.headers["content-type"]) == (b"%PDF-1.4", "application/pdf")
    as_fhir = world.client.get(path, headers={"accept": "application/fhir+json"}).json()
    assert as_fhir["contentType"] == "application/pdf"
